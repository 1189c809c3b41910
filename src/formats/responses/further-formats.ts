import { checkModel } from "../required-members.ts";
import type { Format, FormatDocumentation } from "../format.ts";
import { RESPONSES } from "./format.ts";

const documented = (name: string) => async (): Promise<FormatDocumentation> => {
  const { FURTHER_DOCUMENTATION } = await import("./further-documentation.ts");
  const found = FURTHER_DOCUMENTATION[name];
  if (!found) throw new Error(`nothing is said of ${name}`);
  return found;
};

/** https://platform.openai.com/docs/api-reference/responses/compact */
export const COMPACT_RESPONSE: Format = {
  ...RESPONSES,
  subpath: "/compact",
  checkRequired: checkModel,
  loadCheck: async () => (await import("./check-request.ts")).checkCompactRequest,
  documentation: documented("compact"),
};

/** https://platform.openai.com/docs/api-reference/responses/input-tokens */
export const COUNT_INPUT_TOKENS: Format = {
  ...RESPONSES,
  subpath: "/input_tokens",
  counts: { api: "responses", write: (tokens) => ({ object: "response.input_tokens", input_tokens: tokens }) },
  checkRequired: checkModel,
  loadCheck: async () => (await import("./check-request.ts")).checkInputTokensRequest,
  documentation: documented("inputTokens"),
};

/** @param below what follows the id in the path */
const storedFormat = (below: string, name: string): Format => ({
  ...RESPONSES,
  stored: new RegExp(`^(?:/v1)?/responses(/[^/]+${below})/?$`),
  documentation: documented(name),
});

/** https://platform.openai.com/docs/api-reference/responses/get */
export const STORED_RESPONSE = storedFormat("", "get");

/** https://platform.openai.com/docs/api-reference/responses/delete */
export const DELETE_RESPONSE = storedFormat("", "delete");

/** https://platform.openai.com/docs/api-reference/responses/input-items */
export const LIST_INPUT_ITEMS = storedFormat("/input_items", "inputItems");

/** https://platform.openai.com/docs/api-reference/responses/cancel */
export const CANCEL_RESPONSE = storedFormat("/cancel", "cancel");
