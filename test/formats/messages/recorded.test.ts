import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import { MESSAGES_DIALECT } from "../../../src/formats/messages/dialect.ts";
import { accumulate } from "./accumulate.ts";
import { collect, readAll, serverEvents } from "./collect.ts";
import { ask, target } from "./conversations.ts";

const FOLDER = resolve(import.meta.dir, "../../../../shared/recorded/anthropic");
const isPresent = existsSync(FOLDER);
if (!isPresent) console.warn(`Recorded exchanges are not in ${FOLDER}: they are not read.`);

interface Exchange {
  readonly name: string;
  readonly request: JsonObject;
  readonly status: number;
  readonly body: unknown;
}

async function exchanges(): Promise<readonly Exchange[]> {
  const names = await Array.fromAsync(new Bun.Glob("messages-*.json").scan(FOLDER));
  return Promise.all(names.sort().map(async (name) => ({ ...(await Bun.file(join(FOLDER, name)).json()), name })));
}

const recorded = isPresent ? await exchanges() : [];
const isStream = ({ body }: Exchange): boolean => typeof body === "string";
const { readRequest, writeRequest, readAnswer, writeAnswer, readStream, writeStream } = MESSAGES_DIALECT;

const targetOf = ({ request }: Exchange) => target(String(request["model"]));

/** What an exchange of the wire says of usage that has no place in the form, or that the client does not add up. */
const withoutUnknown = (message: JsonObject): JsonObject => {
  const { usage, id: _, ...rest } = message;
  const { cache_creation: __, ...counted } = isJsonObject(usage) ? usage : {};
  return { ...rest, usage: counted };
};

/** A conversation without what may be said in more than one way: neighbours of one role, a choice between no tools. */
function comparable({ foreign: _, turns, toolChoice, ...conversation }: Conversation): object {
  const joined: { role: string; blocks: unknown[] }[] = [];
  for (const { role, blocks } of turns) {
    const last = joined.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else joined.push({ role, blocks: [...blocks] });
  }
  return { ...conversation, turns: joined, toolChoice: conversation.tools.length > 0 ? toolChoice : undefined };
}

/** An answer whose calls have their arguments without white space, which only the stream tells. */
const withoutSpace = (answer: ModelAnswer): ModelAnswer => ({
  ...answer,
  blocks: answer.blocks.map((block) =>
    block.type === "call" ? { ...block, input: JSON.stringify(JSON.parse(block.input)) } : block,
  ),
});

describe.skipIf(!isPresent)("recorded requests", () => {
  test.each(recorded.map((exchange) => [exchange.name, exchange] as const))("%s", (_, exchange) => {
    const read = readRequest(exchange.request);
    const { body, notes } = writeRequest(read, targetOf(exchange));
    const again = readRequest(body);
    expect(comparable(again)).toEqual(comparable(read));
    expect(notes).toEqual([]);
  });
});

describe.skipIf(!isPresent)("recorded whole answers", () => {
  const whole = recorded.filter((exchange) => !isStream(exchange));
  test.each(whole.map((exchange) => [exchange.name, exchange] as const))("%s", (_, exchange) => {
    if (!isJsonObject(exchange.body)) throw new Error("no object");
    const read = readAnswer(exchange.body, targetOf(exchange));
    if (exchange.status !== 200) return expect(read).toHaveProperty("error.type", "not_found_error");
    if ("error" in read) throw new Error(read.error.message);
    const { id: _id, model: _model, content, ...rest } = writeAnswer(read, ask());
    const { usage, ...members } = exchange.body;
    expect(content).toMatchObject(withoutCitations(members["content"]));
    expect(rest).toMatchObject({ stop_reason: members["stop_reason"] });
    const {
      service_tier: _tier,
      inference_geo: _geo,
      server_tool_use: _tools,
      ...counted
    } = isJsonObject(usage) ? usage : {};
    expect(rest["usage"]).toMatchObject(counted);
  });
});

/** They cannot be written again: see the writer of answers. */
const withoutCitations = (content: unknown): object[] =>
  (Array.isArray(content) ? content.filter(isJsonObject) : []).map(({ citations: _, ...block }) => block);

describe.skipIf(!isPresent)("recorded streams", () => {
  const streams = recorded.filter(isStream);

  test.each(streams.map((exchange) => [exchange.name, exchange] as const))("%s", async (_, exchange) => {
    const events = serverEvents(String(exchange.body));
    const to = targetOf(exchange);
    const read = readAll(readStream(to), events);
    // What the official client makes of it is the whole answer.
    const whole = await accumulate(String(exchange.body));
    if (!isJsonObject(whole)) throw new Error("no message");
    const answer = readAnswer(whole, to);
    if ("error" in answer) throw new Error(answer.error.message);
    expect(withoutSpace(collect(read))).toEqual(answer);

    const writer = writeStream(ask());
    const written = read.map((event) => writer.write(event)).join("") + writer.end();
    const added = await accumulate(written);
    if (!isJsonObject(added)) throw new Error("no message");
    expect(withoutUnknown(added)).toMatchObject(withoutUnknown(JSON.parse(JSON.stringify(writeAnswer(answer, ask())))));

    for (let length = 0; length < events.length - 1; length++) {
      expect(readAll(readStream(to), events.slice(0, length)).at(-1)?.type).toBe("fail");
    }
  });
});
