import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { accumulateOfficially, addUp, readAll, writeAll } from "./accumulate.ts";
import { ask, target } from "./samples.ts";

const RECORDED = resolve(import.meta.dir, "../../../../shared/recorded");
const present = existsSync(RECORDED);
if (!present) console.warn(`Recorded provider exchanges are not in ${RECORDED}: they are not translated.`);

interface Exchange {
  readonly name: string;
  readonly provider: string;
  readonly request: JsonObject;
  readonly body: unknown;
}

const names = present ? [...new Bun.Glob("*/responses-*-200-*.json").scanSync(RECORDED)].toSorted() : [];
const exchanges: Exchange[] = await Promise.all(
  names.map(async (name) => ({ name, ...(await Bun.file(join(RECORDED, name)).json()) })),
);
const whole = exchanges.flatMap((exchange) =>
  typeof exchange.body === "string" ? [] : [{ ...exchange, body: exchange.body as JsonObject }],
);
const streams = exchanges.flatMap((exchange) => {
  if (typeof exchange.body !== "string") return [];
  const datas = [...exchange.body.matchAll(/^data: (.+)$/gm)].map(([, data = ""]) => data);
  const last: JsonObject = JSON.parse(datas.at(-1) ?? "{}");
  return [{ ...exchange, datas, response: last["response"] as JsonObject }];
});

/** What of an answer's text, calls and numbers both sides of a translation must agree on. */
function summarize(output: readonly JsonObject[]): unknown {
  const parts = output.flatMap((item) => (item["type"] === "message" ? (item["content"] as JsonObject[]) : []));
  return {
    texts: parts.map((part) => part["text"] ?? part["refusal"]).filter((text) => text !== ""),
    calls: output
      .filter(({ type }) => type === "function_call" || type === "custom_tool_call")
      .map((item) => [item["call_id"], item["name"], item["arguments"] ?? item["input"]]),
    encrypted: output.flatMap((item) => (item["type"] === "reasoning" ? (item["encrypted_content"] ?? []) : [])),
  };
}

/** OpenAI encrypts the same thoughts anew for each event that carries them. */
const maskEncrypted = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, member: unknown) =>
    (key === "value" && typeof member === "string") || key === "encrypted_content" || key === "encrypted"
      ? "…"
      : member,
  );

/** Items that are recovered at the end come after the others. */
const blocksInAnyOrder = ({ blocks }: ModelAnswer): string[] =>
  blocks.map((block) => JSON.stringify(maskEncrypted(Object.fromEntries(Object.entries(block).toSorted())))).toSorted();

describe.skipIf(!present)("recorded traffic", () => {
  test("is there", () => {
    expect(whole.length).toBeGreaterThan(20);
    expect(streams.length).toBeGreaterThan(10);
  });

  test.each(exchanges.map(({ name, request }) => [name, request] as const))(
    "%s: the request keeps its meaning",
    (_, request) => {
      const conversation = RESPONSES_DIALECT.readRequest(request);
      // A choice among tools of the provider's own is refused before.
      const toolChoice = conversation.tools.length === 0 ? undefined : conversation.toolChoice;
      const { body } = RESPONSES_DIALECT.writeRequest({ ...conversation, toolChoice }, target(conversation.model));
      const again = RESPONSES_DIALECT.readRequest(body);
      // Cache marks are written for newer models only.
      const withoutMarks = ({ turns }: Conversation): string => JSON.stringify(turns).replaceAll(',"cache":{}', "");
      expect(withoutMarks(again)).toBe(withoutMarks(conversation));
      expect(again.toolChoice).toEqual(toolChoice);
      expect(again.tools).toEqual(conversation.tools);
    },
  );

  test.each(whole.map((each) => [each.name, each] as const))(
    "%s: the answer keeps its meaning",
    (_, { provider, body }) => {
      const answer = RESPONSES_DIALECT.readAnswer(body, target(String(body["model"]), provider));
      if ("error" in answer) throw new Error(answer.error.message);
      const written = RESPONSES_DIALECT.writeAnswer(answer, ask());
      expect(summarize(written["output"] as JsonObject[])).toEqual(summarize(body["output"] as JsonObject[]));
      expect(written["status"]).toBe(body["status"] as string);
      const { input_tokens, output_tokens, total_tokens } = body["usage"] as JsonObject;
      expect(written["usage"]).toMatchObject({ input_tokens, output_tokens, total_tokens } as JsonObject);
      expect(answer.blocks.map(({ type }) => type)).not.toContain("result");
    },
  );

  test.each(streams.map((each) => [each.name, each] as const))(
    "%s: the stream is the whole answer",
    (_, { provider, datas, response }) => {
      const from = target(String(response["model"]), provider);
      const events = readAll(RESPONSES_DIALECT.readStream(from), datas);
      const answer = RESPONSES_DIALECT.readAnswer(response, from);
      if ("error" in answer) throw new Error(answer.error.message);
      expect(maskEncrypted(addUp(events))).toEqual(maskEncrypted(answer));

      const written = writeAll(events, ask());
      const official = accumulateOfficially(written);
      expect(official).toEqual(written.at(-1)?.data["response"] as JsonObject);
      expect(maskEncrypted(summarize(official["output"] as JsonObject[]))).toEqual(
        maskEncrypted(summarize(response["output"] as JsonObject[])),
      );
    },
  );

  test.each(streams.map((each) => [each.name, each] as const))(
    "%s: fails wherever it is cut",
    (_, { provider, datas }) => {
      const reader = RESPONSES_DIALECT.readStream(target("m", provider));
      const read: AnswerEvent[] = [];
      for (const data of datas.slice(0, -1)) read.push(...reader.read({ name: undefined, data }));
      expect(read.some(({ type }) => type === "stop" || type === "fail")).toBe(false);
      expect(reader.end()).toEqual([
        { type: "fail", error: { message: "the provider's stream broke off", type: undefined, code: undefined } },
      ]);
      // The last event carries what all the others say.
      const last = readAll(RESPONSES_DIALECT.readStream(target("m", provider)), datas.slice(-1));
      expect(last.at(-1)?.type).toBe("stop");
    },
  );

  test.each(streams.map((each) => [each.name, each] as const))(
    "%s: needs neither pieces nor the ends of items",
    (_, { provider, datas, response }) => {
      const from = target(String(response["model"]), provider);
      const answer = RESPONSES_DIALECT.readAnswer(response, from);
      if ("error" in answer) throw new Error(answer.error.message);
      for (const left of [
        /"type":"response\.[a-z_]+\.delta"/,
        /output_item\.done"/,
        /output_item\.added"/,
        /content_part|\.done"/,
      ]) {
        const events = readAll(
          RESPONSES_DIALECT.readStream(from),
          datas.filter((data) => !left.test(data.slice(0, 60))),
        );
        expect(blocksInAnyOrder(addUp(events))).toEqual(blocksInAnyOrder(answer));
      }
    },
  );
});
