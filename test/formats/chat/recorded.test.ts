import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import { CHAT_DIALECT } from "../../../src/formats/chat/dialect.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import { addUp, chunksOf, splitEvents } from "./events.ts";
import { askOf, targetOf } from "./samples.ts";

interface Recorded {
  readonly provider: string;
  readonly path: string;
  readonly status: number;
  readonly request: JsonObject;
  readonly body: unknown;
}

/** Lies beside the project and is no part of it, so a clone has none. */
const FOLDER = resolve(import.meta.dir, "../../../../shared/recorded");

function readRecorded(kind: "json" | "stream"): readonly (readonly [name: string, recorded: Recorded])[] {
  if (!existsSync(FOLDER)) {
    console.warn(`Recorded provider traffic is not in ${FOLDER}: it is not read.`);
    return [];
  }
  return (
    readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
      .filter((name) => name.includes(`/chat-${kind}-`))
      .toSorted()
      .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Recorded] as const)
      // Cohere's own API is another one.
      .filter(([, { path }]) => path.endsWith("/chat/completions"))
  );
}

const wholes = readRecorded("json").filter(([, { status }]) => status === 200);
const streams = readRecorded("stream");

/** What an answer says, taken out of the provider's own members. */
interface Summary {
  text: string;
  thoughts: string;
  calls: [name: string, input: string][];
  finish: unknown;
}

const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : Array.isArray(value)
      ? value.map((part) => textOf((part as JsonObject)["text"])).join("")
      : "";

function summarise(messages: readonly JsonObject[], finishes: readonly unknown[]): Summary {
  const summary: Summary = { text: "", thoughts: "", calls: [], finish: finishes.findLast(Boolean) };
  for (const { content, reasoning, reasoning_content, reasoning_details, tool_calls } of messages) {
    if (typeof content === "string") summary.text += content;
    for (const part of Array.isArray(content) ? (content as JsonObject[]) : []) {
      if (part["type"] === "thinking") summary.thoughts += textOf(part["thinking"]);
      else summary.text += textOf(part["text"]);
    }
    const details = ((reasoning_details ?? []) as JsonObject[]).map(({ text, summary: said }) =>
      String(text ?? said ?? ""),
    );
    summary.thoughts += details.join("") || textOf(reasoning ?? reasoning_content);
    for (const call of (tool_calls ?? []) as { id?: string; function: JsonObject }[]) {
      const input = String(call.function["arguments"] ?? "");
      if (call.function["name"]) summary.calls.push([String(call.function["name"]), input]);
      else (summary.calls.at(-1) as [string, string])[1] += input;
    }
  }
  // No arguments are an empty object.
  return { ...summary, calls: summary.calls.map(([name, input]) => [name, input || "{}"]) };
}

function summariseForm({ blocks }: ModelAnswer, finish: unknown): Summary {
  return {
    text: blocks.map((block) => (block.type === "text" ? block.text : "")).join(""),
    thoughts: blocks.map((block) => (block.type === "thinking" ? block.text : "")).join(""),
    calls: blocks.flatMap((block): [string, string][] =>
      block.type === "call" ? [[block.name, block.input || "{}"]] : [],
    ),
    finish,
  };
}

describe.if(wholes.length > 0)("recorded answers", () => {
  test.each(wholes)("%s", (_, { provider, body }) => {
    const answer = CHAT_DIALECT.readAnswer(body as JsonObject, targetOf(provider));
    if ("error" in answer) throw new Error(answer.error.message);
    const [choice] = (body as { choices: { message: JsonObject; finish_reason: unknown }[] }).choices;
    const { message, finish_reason } = choice as NonNullable<typeof choice>;
    const written = CHAT_DIALECT.writeAnswer(answer, askOf());
    const [said] = written["choices"] as [{ message: JsonObject; finish_reason: unknown }];
    const wanted = summarise([message], [finish_reason]);
    expect(summariseForm(answer, said.finish_reason)).toEqual(wanted);
    expect(summarise([said.message], [said.finish_reason])).toEqual(wanted);
    const { usage } = body as { usage: JsonObject };
    expect((written["usage"] as JsonObject)["total_tokens"]).toBe(usage["total_tokens"] as number);
  });

  test.each(wholes)("the answer of %s goes back to its provider as it came", (_, { provider, body }) => {
    const answer = CHAT_DIALECT.readAnswer(body as JsonObject, targetOf(provider)) as ModelAnswer;
    const [{ message }] = (body as { choices: [{ message: JsonObject }] }).choices;
    const conversation = CHAT_DIALECT.readRequest({ model: "m", messages: [] });
    const user = { role: "user", blocks: [{ type: "text", text: "Go on" }] } as const;
    const turns = [{ role: "assistant", blocks: answer.blocks } as const, user];
    const [replayed] = CHAT_DIALECT.writeRequest({ ...conversation, turns }, targetOf(provider)).body["messages"] as [
      JsonObject,
    ];
    expect(summarise([replayed], [])).toEqual(summarise([message], []));
    expect(replayed["reasoning_details"]).toEqual(message["reasoning_details"] as never);
  });
});

describe.if(wholes.length > 0)("recorded requests", () => {
  test.each([...wholes, ...streams])("%s", (_, { provider, request }) => {
    const { turns, foreign } = CHAT_DIALECT.readRequest(request);
    const messages = request["messages"] as JsonObject[];
    const results = messages.filter(({ role }) => role === "tool").length;
    expect(turns.flatMap(({ blocks }) => [...blocks]).filter(({ type }) => type === "result")).toHaveLength(results);
    // OpenRouter runs tools of its own.
    const own = ((request["tools"] ?? []) as JsonObject[]).filter(({ type = "function" }) => type !== "function");
    expect(foreign.filter(({ isEssential }) => isEssential)).toHaveLength(own.length);
    const isBegun = messages.at(-1)?.["role"] === "assistant";
    const hasFile = JSON.stringify(request).includes('"file_id"');
    if (hasFile || isBegun) return;
    const { body } = CHAT_DIALECT.writeRequest(CHAT_DIALECT.readRequest(request), targetOf(provider));
    expect((body["messages"] as unknown[]).length).toBeLessThanOrEqual(messages.length);
    expect((body["tools"] as unknown[] | undefined)?.length ?? 0).toBe(
      ((request["tools"] as unknown[] | undefined)?.length ?? 0) - own.length,
    );
  });
});

describe.if(streams.length > 0)("recorded streams", () => {
  const readEvents = (provider: string, events: ReturnType<typeof splitEvents>): AnswerEvent[] => {
    const reader = CHAT_DIALECT.readStream(targetOf(provider));
    const told = events.flatMap((event) => reader.read(event));
    return [...told, ...reader.end()];
  };

  test.each(streams)("%s", (_, { provider, body }) => {
    const events = splitEvents(body as string);
    const chunks = chunksOf(body as string);
    const told = readEvents(provider, events);
    if (chunks.some((chunk) => chunk["error"])) {
      expect(told.at(-1)?.type).toBe("fail");
      expect(told.filter(({ type }) => type === "stop")).toEqual([]);
      return;
    }
    const answer = addUp(told);
    const choices = chunks.flatMap(({ choices: all }) => all as { delta: JsonObject; finish_reason: unknown }[]);
    const wanted = summarise(
      choices.map(({ delta }) => delta),
      choices.map(({ finish_reason }) => finish_reason),
    );
    const writer = CHAT_DIALECT.writeStream(askOf());
    const written = told.map((event) => writer.write(event)).join("") + writer.end();
    const out = chunksOf(written).flatMap(({ choices: all }) => all as { delta: JsonObject; finish_reason: unknown }[]);
    const finish = out.at(-1)?.finish_reason;
    expect(summariseForm(answer, finish)).toEqual(wanted);
    const deltas = out.map(({ delta: { reasoning_details: __, ...delta } }) => delta);
    expect(
      summarise(
        deltas,
        out.map(({ finish_reason }) => finish_reason),
      ),
    ).toEqual(wanted);
    // What the stream adds up to is what the whole answer says.
    const whole = CHAT_DIALECT.writeAnswer(answer, askOf())["choices"] as [
      { message: JsonObject; finish_reason: unknown },
    ];
    expect(summarise([whole[0].message], [whole[0].finish_reason])).toEqual(wanted);
  });

  test.each(streams)("%s, cut behind any event before its finish, fails", (_, { provider, body }) => {
    const events = splitEvents(body as string);
    const isEnd = ({ data }: { data: string }): boolean =>
      data === "[DONE]" || /"finish_reason":\s*"/.test(data) || data.includes('"error"');
    const end = events.findIndex(isEnd);
    for (let length = 0; length < end; length += 1) {
      const told = readEvents(provider, events.slice(0, length));
      expect(told.at(-1)?.type).toBe("fail");
      expect(told.filter(({ type }) => type === "stop")).toEqual([]);
    }
  });
});
