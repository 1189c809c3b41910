import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import { GEMINI_WIRE } from "../../../src/formats/gemini/wire-dialect.ts";
import { collect, readAll } from "../messages/collect.ts";
import { splitEvents } from "../chat/events.ts";
import { target } from "./conversations.ts";

const FOLDER = resolve(import.meta.dir, "../../../../shared/recorded/google");
const isPresent = existsSync(FOLDER);
if (!isPresent) console.warn(`Recorded exchanges are not in ${FOLDER}: they are not read.`);

interface Exchange {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}

async function exchanges(): Promise<readonly Exchange[]> {
  const names = await Array.fromAsync(new Bun.Glob("generate-content-*.json").scan(FOLDER));
  return Promise.all(names.sort().map(async (name) => ({ ...(await Bun.file(join(FOLDER, name)).json()), name })));
}

const recorded = isPresent ? await exchanges() : [];
const { readAnswer, readStream } = GEMINI_WIRE;

const targetOf = ({ path }: Exchange) => target(/models\/([^:]+)/.exec(path)?.[1]);

const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

const objectOf = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** What a body says, counted in the API's own words. */
function summaryOf(bodies: readonly JsonObject[]) {
  const parts = bodies.flatMap(({ candidates }) =>
    listOf(candidates).flatMap(({ content }) => listOf(objectOf(content)["parts"])),
  );
  const textOf = (isThought: boolean): string =>
    parts.map((part) => ((part["thought"] === true) === isThought ? String(part["text"] ?? "") : "")).join("");
  const usage = Object.assign({}, ...bodies.map(({ usageMetadata }) => usageMetadata)) as Record<string, number>;
  return {
    text: textOf(false),
    thoughts: textOf(true),
    calls: parts.flatMap(({ functionCall }) => (functionCall ? [objectOf(functionCall)["name"]] : [])),
    signatures: parts.flatMap(({ thoughtSignature, executableCode, toolCall, toolResponse }) =>
      // Those of traces are within them.
      thoughtSignature && !(executableCode ?? toolCall ?? toolResponse) ? [thoughtSignature] : [],
    ),
    input: (usage["promptTokenCount"] ?? 0) + (usage["toolUsePromptTokenCount"] ?? 0),
    output: (usage["candidatesTokenCount"] ?? 0) + (usage["thoughtsTokenCount"] ?? 0),
  };
}

function summaryOfAnswer({ blocks, usage }: ModelAnswer): ReturnType<typeof summaryOf> {
  return {
    text: blocks.map((block) => (block.type === "text" ? block.text : "")).join(""),
    thoughts: blocks.map((block) => (block.type === "thinking" ? block.text : "")).join(""),
    calls: blocks.flatMap((block) => (block.type === "call" ? [block.name] : [])),
    signatures: blocks.flatMap((block) => ("seal" in block && block.seal ? [block.seal.value] : [])),
    input: usage?.input ?? 0,
    output: usage?.output ?? 0,
  };
}

describe.skipIf(!isPresent)("recorded whole answers", () => {
  const whole = recorded.filter(({ body }) => typeof body !== "string");
  test.each(whole.map((exchange) => [exchange.name, exchange] as const))("%s", (_, exchange) => {
    const body = objectOf(exchange.body);
    const read = readAnswer(body, targetOf(exchange));
    if (exchange.status !== 200) return expect(read).toHaveProperty("error.type", "not_found_error");
    if ("error" in read) throw new Error(read.error.message);
    expect(summaryOfAnswer(read)).toEqual(summaryOf([body]));
    expect(read.stop.reason).toBe(read.blocks.some(({ type }) => type === "call") ? "tool" : "end");
    // A stream of this one event says the same.
    const reader = readStream(targetOf(exchange));
    const event = { name: undefined, data: JSON.stringify(body) };
    expect(collect([...reader.read(event), ...reader.end()])).toEqual(read);
  });
});

describe.skipIf(!isPresent)("recorded streams", () => {
  const streams = recorded.filter(({ body }) => typeof body === "string");
  test.each(streams.map((exchange) => [exchange.name, exchange] as const))("%s", (_, exchange) => {
    const events = splitEvents(String(exchange.body));
    const to = targetOf(exchange);
    const answer = collect(readAll(readStream(to), events));
    expect(summaryOfAnswer(answer)).toEqual(summaryOf(events.map(({ data }) => JSON.parse(data))));
    for (let length = 0; length < events.length; length++) {
      expect(readAll(readStream(to), events.slice(0, length)).at(-1)?.type).toBe("fail");
    }
  });

  test("places of sources are those of what they quote", () => {
    const grounded = streams.find(({ name }) => name.includes("bdc93c0cc1"));
    const events = splitEvents(String(grounded?.body));
    const { blocks } = collect(readAll(readStream(target()), events));
    const metadata = objectOf(listOf(JSON.parse(events.at(-1)?.data ?? "{}").candidates)[0]?.["groundingMetadata"]);
    const quotes = listOf(metadata["groundingSupports"]).flatMap(({ segment, groundingChunkIndices }) =>
      (groundingChunkIndices as number[]).map(() => objectOf(segment)["text"]),
    );
    const [block] = blocks;
    if (block?.type !== "text") throw new Error("no text");
    expect(block.annotations?.map(({ start, end }) => block.text.slice(start, end))).toEqual(quotes as string[]);
    expect(quotes.length).toBeGreaterThan(5);
  });
});
