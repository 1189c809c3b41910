import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { Block } from "../../../src/formats/form/blocks.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import type { ClientAsk } from "../../../src/formats/form/dialect.ts";
import { readRequest } from "../../../src/formats/gemini/read-request.ts";
import { writeStream } from "../../../src/formats/gemini/write-stream.ts";

export type Chunk = Record<string, unknown>;

/** A client; its ids count up. */
export function ask(config: Record<string, unknown> = {}, isArray = false): ClientAsk {
  let id = 0;
  return {
    model: "openai/m",
    request: readRequest({ model: "openai/m", stream: true, contents: "Hi", generationConfig: config }),
    newId: () => String(++id).padStart(24, "0"),
    createdAt: 1,
    isArray,
  };
}

export const SHOWN = { thinkingConfig: { includeThoughts: true } };

export function written(events: readonly AnswerEvent[], asked: ClientAsk = ask()): string {
  const writer = writeStream(asked);
  return events.map((event) => writer.write(event)).join("") + writer.end();
}

/** The chunks of a stream of events. */
export const chunksOf = (stream: string): Chunk[] =>
  stream
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => JSON.parse(event.replace(/^data: /, "")) as Chunk);

/** The content of an answer, as clients send it back. */
export function contentOf(answer: Chunk): unknown {
  const [candidate] = answer["candidates"] as { readonly content: unknown }[];
  return candidate?.content;
}

/** The blocks of the assistant in a request with these contents. */
export function replay(contents: readonly unknown[]): readonly Block[] {
  const { turns }: Conversation = readRequest({ model: "m", stream: false, contents });
  return turns.flatMap(({ role, blocks }) => (role === "assistant" ? blocks : []));
}

/** A stream that tells blocks, each in pieces, one after the other. */
export function tell(blocks: readonly Block[], pieceLength: number): AnswerEvent[] {
  const events: AnswerEvent[] = [{ type: "start", id: "x", model: "m" }];
  blocks.forEach((said, block) => {
    if (said.type !== "text" && said.type !== "thinking" && said.type !== "call") return;
    const { seal } = said;
    if (said.type === "call") {
      const { id, name, kind } = said;
      events.push({ type: "open", block, opened: { type: "call", id, name, kind } });
    } else {
      events.push({
        type: "open",
        block,
        opened: said.type === "text" ? { type: "text", isRefusal: false } : { type: "thinking" },
      });
    }
    const text = said.type === "call" ? said.input : said.text;
    for (let at = 0; at < text.length; at += pieceLength) {
      events.push({ type: "piece", block, text: text.slice(at, at + pieceLength) });
    }
    if (seal) events.push({ type: "seal", block, seal });
    events.push({ type: "close", block });
  });
  return [...events, { type: "stop", stop: { reason: "end" } }];
}
