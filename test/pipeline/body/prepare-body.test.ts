import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RequestContext } from "../../../src/core/request-context.ts";
import { applyEdits } from "../../../src/core/json/edit.ts";
import { DEFAULT_JSON_LIMITS } from "../../../src/core/json/limits.ts";
import { CHAT } from "../../../src/formats/chat/format.ts";
import { acceptBody } from "../../../src/pipeline/body/accept-body.ts";
import { prepareBody } from "../../../src/pipeline/body/prepare-body.ts";
import type { Target } from "../../../src/routing/target.ts";
import { createTestBudget } from "../../fixtures/memory-budget.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const PARTS = { memory: createTestBudget(), jsonLimits: DEFAULT_JSON_LIMITS, strictChecks: undefined };
const provider = { id: "openai" } as Target["provider"];

/** What is sent for the bytes of a request, if its provider calls the model so. */
function sent(bytes: string, model: string): string {
  const request = new Request("http://localhost/", { method: "POST" });
  const body = acceptBody(
    { context: {} as RequestContext, request, format: CHAT, bytes: Buffer.from(bytes), inPath: undefined },
    PARTS,
  );
  if (body instanceof Promise) throw new Error("short bodies are accepted at once");
  return Buffer.from(applyEdits(prepareBody(body, { provider, model }, CHAT, false))).toString();
}

describe("the model in a request", () => {
  const around = (name: string): string => `{ "a" : 1,\t"model" : ${name} , "messages": [{"content":"é \\u0041"}]}`;

  test.each([
    ['"openai/gpt-4o"', "gpt-4o", '"gpt-4o"'],
    ['"gpt-4o"', "gpt-4o", '"gpt-4o"'],
    ['"openai\\/gpt-4o"', "gpt-4o", '"gpt-4o"'],
    ['"openai/\\u0067pt-4o"', "gpt-4o", '"gpt-4o"'],
    ['"openai/gpté"', "gpté", '"gpté"'],
    ['"é/gpt"', "gpt", '"gpt"'],
    ['"openai/a\\"b"', 'a"b', '"a\\"b"'],
    ['"fast"', "gpt-4o", '"gpt-4o"'],
    ['"o"', "gpt-4o", '"gpt-4o"'],
  ])("%s is sent as %s, and all around it as it was", (asked, model, written) => {
    expect(sent(around(asked), model)).toBe(around(written));
  });

  test("is the provider's, whatever it is called and however that is spelt", () => {
    const escaped = (text: string): string =>
      JSON.stringify(text).replace(/[a-f]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.string({ minLength: 1, unit: "grapheme" }),
        fc.boolean(),
        (prefix, name, escapes) => {
          const asked = escapes ? escaped(prefix + name) : JSON.stringify(prefix + name);
          expect(JSON.parse(sent(around(asked), name))).toEqual(JSON.parse(around(JSON.stringify(name))));
        },
      ),
      propertyRuns(300),
    );
  });
});
