import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { filledTextOf, objectOf } from "../../core/json/values.ts";

/** What an item of `tool_calls`, or a piece of one, says. */
export interface CallItem {
  readonly id: string | undefined;
  readonly name: string;
  readonly input: string;
  readonly kind: "function" | "custom";
  /** Google's signature of the call, in its own member or in the one that LiteLLM puts it into. */
  readonly signature: string | undefined;
}

export function readCallItem(item: JsonObject): CallItem {
  const custom = objectOf(item["custom"]);
  const called = custom ?? objectOf(item["function"]) ?? {};
  const input = called[custom ? "input" : "arguments"];
  return {
    id: filledTextOf(item["id"]),
    name: filledTextOf(called["name"]) ?? "",
    input: typeof input === "string" ? input : isJsonObject(input) ? JSON.stringify(input) : "",
    kind: custom ? "custom" : "function",
    signature:
      filledTextOf(objectOf(objectOf(item["extra_content"])?.["google"])?.["thought_signature"]) ??
      filledTextOf(objectOf(item["provider_specific_fields"])?.["thought_signature"]),
  };
}

/** Where Google's API has, and wants back, the signature of a call. https://ai.google.dev/gemini-api/docs/thought-signatures */
export const signatureMember = (signature: string): JsonObject => ({
  extra_content: { google: { thought_signature: signature } },
});

/** The text for a custom tool out of the arguments of the function that it was sent as; they are kept if they are others. */
export function unwrapCustomInput(text: string): string {
  const value = parseJson(text);
  return isJsonObject(value) && typeof value["input"] === "string" ? value["input"] : text;
}
