import type { JsonObject } from "./json-object.ts";

/** What the demo model does next. */
export type Turn =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "tool_call"; readonly name: string; readonly arguments: JsonObject };

/** A tool call of the running turn together with what came back. */
export interface ToolStep {
  readonly name: string;
  /** JSON text of the arguments. */
  readonly arguments: string;
  readonly result: string;
}
