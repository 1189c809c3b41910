import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { listOf, textOf } from "../../core/json/values.ts";
import type { Redact } from "../../core/redact/redact.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";
import { createMessageWriter, type MessageWriter } from "./content-messages.ts";

/** What one call asks and is answered, as far as it is kept. */
export interface CapturedContent {
  /** Bytes of the answer have come. */
  answered(bytes: Uint8Array): void;
  /** Says both in attributes, as the GenAI conventions have them. */
  write(attributes: OpenAttributes): void;
}

/** Of a longer body nothing is kept, because all of it would have to be parsed. */
const MAX_BODY_BYTES = 256 * 1024;

/** Keeps what a body asks. What is not understood is left out. */
export function createContent(body: Uint8Array, redact: Redact): CapturedContent {
  // Before anything is cut off, or a half of a secret would stay.
  const asked = body.length > MAX_BODY_BYTES ? "" : writeAsked(parse(redact(Buffer.from(body).toString())));
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    answered(bytes) {
      length += bytes.length;
      // A copy, because the buffer that it lies in may be used again.
      if (length <= MAX_BODY_BYTES) chunks.push(Uint8Array.from(bytes));
    },
    write(attributes) {
      if (asked !== "") attributes["gen_ai.input.messages"] = asked;
      const answer = redact(Buffer.concat(chunks).toString());
      const isWhole = answer.trimStart().startsWith("{");
      const answered = isWhole ? writeAnswered(parse(answer)) : writeStreamed(answer, redact);
      if (answered !== "") attributes["gen_ai.output.messages"] = answered;
    },
  };
}

function parse(text: string): JsonObject {
  const value = parseJson(text);
  return isJsonObject(value) ? value : {};
}

/** What any of the APIs asks: Chat Completions, Messages, Responses, Gemini's, Converse, Completions and embeddings. */
function writeAsked(body: JsonObject): string {
  const writer = createMessageWriter();
  const { system, instructions, systemInstruction, messages, input, contents, prompt } = body;
  for (const said of [system, instructions, systemInstruction]) if (said !== undefined) writer.add("system", said);
  for (const turns of [messages, input, contents, prompt]) addTurns(writer, turns, "user");
  return writer.text();
}

/** What any of them answers in one piece. */
function writeAnswered(body: JsonObject): string {
  const writer = createMessageWriter();
  for (const choice of [...listOf(body["choices"]), ...listOf(body["candidates"])]) {
    if (isJsonObject(choice)) addTurns(writer, [choice["message"] ?? choice["content"] ?? choice["text"]], "assistant");
  }
  for (const turns of [body["output"], body["content"]]) addTurns(writer, turns, "assistant");
  return writer.text();
}

function addTurns(writer: MessageWriter, turns: unknown, role: string): void {
  if (typeof turns === "string") return writer.add(role, turns);
  let parts: JsonObject[] = [];
  for (const turn of listOf(turns)) {
    if (typeof turn === "string") writer.add(role, turn);
    else if (isJsonObject(turn) && isPart(turn)) parts.push(turn);
    else if (isJsonObject(turn)) {
      if (parts.length > 0) writer.add(role, parts);
      parts = [];
      writer.add(textOf(turn["role"]) ?? role, turn["content"] ?? turn["parts"], turn["tool_calls"]);
    }
  }
  if (parts.length > 0) writer.add(role, parts);
}

/** Messages has the parts of an answer where others have messages, Responses a call of a tool among them. */
const isPart = ({ type, role, content }: JsonObject): boolean =>
  type !== undefined && role === undefined && content === undefined;

/** The text of a stream of events, of any of the APIs. */
function writeStreamed(stream: string, redact: Redact): string {
  let text = "";
  for (const [, data = ""] of stream.matchAll(/^data: ?(\{.*)$/gm)) text += deltaOf(parse(data));
  const writer = createMessageWriter();
  // Its pieces may hold a secret that none of the events does.
  if (text !== "") writer.add("assistant", redact(text));
  return writer.text();
}

function deltaOf({ choices, candidates, delta }: JsonObject): string {
  if (typeof delta === "string") return delta;
  if (isJsonObject(delta)) return textOf(delta["text"]) ?? "";
  const [choice] = [...listOf(choices), ...listOf(candidates)];
  if (!isJsonObject(choice)) return "";
  const { delta: change, content, text } = choice;
  if (isJsonObject(change)) return textOf(change["content"]) ?? "";
  if (isJsonObject(content))
    return listOf(content["parts"])
      .map((part) => (isJsonObject(part) ? (textOf(part["text"]) ?? "") : ""))
      .join("");
  return textOf(text) ?? "";
}
