import { afterAll } from "bun:test";
import { call, delta, stream } from "../tools/loop/loop-rig.ts";
import { type AbuseCase, numbered, repeated } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { answerOf } from "./provider-answer.ts";
import { calls, CHAT, ECHO, inJson, nested, once, STREAM } from "./tool-chat.ts";
import { ONE_TOOL, startRawToolServer, toolSettings } from "./tool-server.ts";

const server = await startRawToolServer();
afterAll(() => server[Symbol.asyncDispose]());
const options = { settings: () => toolSettings(server) };

const MIB = 1024 * 1024;
const KIB = 1024;

/** Answers that call tools in a way that is odd. */
const CALLS: readonly (readonly [name: string, size: number, message: (size: number) => object])[] = [
  ["many calls", 2000, (count) => calls(count, "{}")],
  ["long arguments", MIB, (bytes) => calls(1, JSON.stringify({ a: "a".repeat(bytes) }))],
  ["deep arguments", 100 * KIB, (bytes) => calls(1, `{"a":${nested(bytes)}}`)],
  ["wide arguments", MIB / 2, (bytes) => calls(1, `{"a":[${repeated("[],", bytes)}0]}`)],
  ["arguments of many keys", MIB / 2, (bytes) => calls(1, `{${numbered(bytes / 16, (n) => `"key ${n}":0`)}}`)],
  ["arguments that are none", MIB, (bytes) => calls(1, "[".repeat(bytes))],
  ["many calls of tools that are not", 2000, (count) => calls(count, "no")],
  ["a long name of a tool", MIB, (bytes) => ({ ...calls(0, ""), tool_calls: [call("1", `mcp_${"n".repeat(bytes)}`)] })],
  ["a long id of a call", MIB, (bytes) => ({ ...calls(0, ""), tool_calls: [call("i".repeat(bytes), ECHO)] })],
  ["a long thought", MIB, (bytes) => ({ ...calls(1, "{}"), reasoning_content: "hm ".repeat(bytes / 3) })],
];

describeCases(
  "an answer that calls tools costs what it weighs",
  CALLS.map(([name, size, message]): AbuseCase => ({
    name,
    size,
    build(count) {
      server.list = () => ONE_TOOL;
      server.result = '{"content":[{"type":"text","text":"ok"}]}';
      const body = inJson(message(count));
      return { requests: [CHAT], answer: once(answerOf(body)), bytes: body.length, parsed: body };
    },
    statuses: [200, 502],
  })),
  options,
);

const argument = (index: number, text: string): string =>
  delta({ tool_calls: [{ index, function: { arguments: text } }] });
const opening = delta({ role: "assistant", tool_calls: [{ index: 0, ...call("1", ECHO, "") }] });
const closing = `${delta({}, "tool_calls")}data: [DONE]\n\n`;
const many = (item: string, count: number): string => item.repeat(count);
const word = delta({ content: "lorem ipsum " });
const longDelta = (bytes: number): string => delta({ content: "lorem ipsum ".repeat(bytes / 12) });

/** Streams that call tools, by the number of their deltas, or their bytes. */
const STREAMS: readonly (readonly [name: string, size: number, chunkBytes: number, text: (size: number) => string])[] =
  [
    [
      "many pieces of arguments",
      2000,
      64 * KIB,
      (count) => `${opening}${argument(0, '{"a":"')}${many(argument(0, "a"), count)}${argument(0, '"}')}${closing}`,
    ],
    [
      "many calls in one stream",
      1000,
      64 * KIB,
      (count) =>
        `${Array.from({ length: count }, (_, index) => delta({ tool_calls: [{ index, ...call(`c${index}`, ECHO) }] })).join("")}${closing}`,
    ],
    [
      "many words before a call",
      2000,
      64 * KIB,
      (count) => `${many(word, count)}${opening}${argument(0, "{}")}${closing}`,
    ],
    ["a long delta", 512 * KIB, 64 * KIB, (bytes) => `${longDelta(bytes)}${opening}${argument(0, "{}")}${closing}`],
    [
      "a long delta in pieces of two hundred bytes",
      256 * KIB,
      200,
      (bytes) => `${longDelta(bytes)}${opening}${argument(0, "{}")}${closing}`,
    ],
    ["a long delta byte by byte", 8 * KIB, 1, (bytes) => `${longDelta(bytes)}${opening}${argument(0, "{}")}${closing}`],
    [
      "long arguments in one delta",
      256 * KIB,
      64 * KIB,
      (bytes) => `${opening}${argument(0, JSON.stringify({ a: "a".repeat(bytes) }))}${closing}`,
    ],
    [
      "an event that nothing ends",
      256 * KIB,
      200,
      (bytes) => `${opening}data: {"choices":[{"delta":{"content":"${"a".repeat(bytes)}`,
    ],
    ["many comments", 10_000, 200, (count) => `${many(":\n\n", count)}${opening}${argument(0, "{}")}${closing}`],
    [
      "an event of many lines",
      10_000,
      200,
      (count) => `data: [${many("\ndata: 0,", count)}\ndata: 0]\n\n${opening}${argument(0, "{}")}${closing}`,
    ],
    [
      "a deep delta",
      100 * KIB,
      64 * KIB,
      (bytes) =>
        `data: {"choices":[{"index":0,"delta":{"a":${nested(bytes)}}}]}\n\n${opening}${argument(0, "{}")}${closing}`,
    ],
  ];
const LAST_STREAM = stream([delta({ content: "done" }, "stop")]);

describeCases(
  "a stream that calls tools costs what it weighs",
  STREAMS.map(([name, size, chunkBytes, text]): AbuseCase => ({
    name,
    size,
    build(count) {
      server.list = () => ONE_TOOL;
      server.result = '{"content":[{"type":"text","text":"ok"}]}';
      const body = Buffer.from(text(count));
      const script = answerOf(body, { type: "text/event-stream", chunkBytes });
      return { requests: [STREAM], answer: once(script, LAST_STREAM), bytes: body.length };
    },
    statuses: [200, 502],
  })),
  options,
);
