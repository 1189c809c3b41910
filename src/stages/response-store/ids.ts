import type { JsonObject } from "../../core/json/parse.ts";
import { filledTextOf } from "../../core/json/values.ts";

/** Ids of responses that the gateway has made; providers begin theirs otherwise. */
const OWN_ID = /^resp_gw[0-9a-f]{32}$/;

const randomPart = (): string => crypto.randomUUID().replaceAll("-", "");

/** An id by which every gateway knows that the response is no provider's. */
export const newResponseId = (): string => `resp_gw${randomPart()}`;

export const isOwnId = (id: string): boolean => OWN_ID.test(id);

/** With what ids of items begin, by their type, as at OpenAI. */
const PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    message: "msg",
    reasoning: "rs",
    function_call: "fc",
    custom_tool_call: "ctc",
    local_shell_call: "lsh",
  }),
);

/** The same item with an id, its own if it has one. */
export function withId(item: JsonObject): JsonObject {
  if (filledTextOf(item["id"]) !== undefined) return item;
  const type = filledTextOf(item["type"]) ?? "message";
  return { ...item, id: `${PREFIXES.get(type) ?? "item"}_${randomPart()}` };
}
