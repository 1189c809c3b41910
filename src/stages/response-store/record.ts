import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";

/** What is kept of one response. */
export interface ResponseRecord {
  /** Ids of the responses that it goes on from, oldest first. */
  readonly chain: readonly string[];
  /** About how many bytes its own items and those of all that it goes on from have as JSON. */
  readonly contextBytes: number;
  /** What was new in its request, each item with an id. */
  readonly input: readonly JsonObject[];
  /** As the client got it. */
  readonly response: JsonObject;
}

/** All that was said in a response, in its order: what came in, and what came out. */
export const itemsOf = ({ input, response }: ResponseRecord): readonly JsonObject[] => [
  ...input,
  ...outputOf(response),
];

export const outputOf = (response: JsonObject): readonly JsonObject[] =>
  listOf(response["output"]).filter(isJsonObject);

/** @param input the new items of the request, as JSON */
export function writeRecord(
  context: Pick<ResponseRecord, "chain" | "contextBytes">,
  input: string,
  response: string,
): string {
  const { chain, contextBytes } = context;
  return `{"chain":${JSON.stringify(chain)},"contextBytes":${contextBytes},"input":${input},"response":${response}}`;
}

/** Reads what {@link writeRecord} wrote. Throws a `SyntaxError` if the text is no JSON; what is not as it must be is left out. */
export function readRecord(text: string): ResponseRecord {
  const record = objectOf(JSON.parse(text)) ?? {};
  return {
    chain: listOf(record["chain"]).flatMap((id) => textOf(id) ?? []),
    contextBytes: numberOf(record["contextBytes"]) ?? 0,
    input: listOf(record["input"]).filter(isJsonObject),
    response: objectOf(record["response"]) ?? {},
  };
}
