import type { Static, TObject } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import type { Problem } from "./building-blocks.ts";
import { createExplainer, type Rules } from "./explain.ts";

export type { Problem } from "./building-blocks.ts";

/** What `JSON.parse` made of a request body, and what is wrong with it: undefined if nothing is. */
export type CheckRequest = (value: unknown) => Problem | undefined;

/** What a schema cannot say of a request. */
export interface FurtherRules<Schema extends TObject> {
  /** Whether a request that the schema accepts keeps the rules. Every request is checked here. */
  readonly areKept: (request: Static<Schema>) => boolean;
  /** The same rules by the schema whose values they hold for, to find which one is broken. */
  readonly rules: Rules;
}

const NO_RULES: Rules = new Map();

/**
 * Makes the check of a format's requests. The schema is compiled with the first request: checking one takes a few
 * microseconds then, but compiling takes milliseconds, and megabytes that a gateway would hold for routes that nobody calls.
 */
export function checkAgainst<Schema extends TObject>(schema: Schema, further?: FurtherRules<Schema>): CheckRequest {
  const explain = createExplainer(schema, further?.rules ?? NO_RULES);
  let compiled: TypeCheck<Schema> | undefined;
  return (value) => {
    compiled ??= TypeCompiler.Compile(schema);
    if (compiled.Check(value) && (further === undefined || further.areKept(value))) return undefined;
    // The last resort is for a schema that the explainer does not understand, so that none gets by.
    return explain(value) ?? { path: "", message: "request body is not accepted" };
  };
}
