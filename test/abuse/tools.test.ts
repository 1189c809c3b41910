import { afterAll } from "bun:test";
import { call, calling, completion, delta, stream } from "../agent/agent-rig.ts";
import { json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { Script } from "../fixtures/script.ts";
import { type AbuseCase, numbered, postJson, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { CHAT_PATH, COMPLETION, SIDE_KEY } from "./measured-gateway.ts";
import { answerOf } from "./provider-answer.ts";
import { ONE_TOOL, startRawToolServer } from "./tool-server.ts";

const server = await startRawToolServer();
afterAll(() => server[Symbol.asyncDispose]());

const settings = () => ({
  MCP_ENABLED: "true",
  MCP_EXPOSE: "true",
  MCP_SERVERS: `test=${server.url}`,
  MCP_TOOL_MODE: "direct",
  MCP_POLLING_INTERVAL: "100ms",
  MCP_RECONNECT_INTERVAL: "100ms",
});

const MIB = 1024 * 1024;
const KIB = 1024;
const DEFAULT_ROUNDS = 10;
const MOST_CONVERSATION = 16 * MIB;

const CHAT = postJson(CHAT_PATH, '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}');
const STREAM = postJson(CHAT_PATH, '{"model":"openai/m","stream":true,"messages":[{"role":"user","content":"hi"}]}');
const LAST_WORDS = completion({ content: "done" });
const ECHO = "mcp_echo";

/** Calls tools once, and is content with whatever they say. */
const once = (script: Script, last: Script = LAST_WORDS) => {
  let isFirst = true;
  return (): Script => {
    const answer = isFirst ? script : last;
    isFirst = false;
    return answer;
  };
};
const nested = (bytes: number): string => `${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`;
const texts = (item: string) => (bytes: number) => `{"content":[${repeated(`${item},`, bytes)}${item}]}`;

/** Results of a tool that are odd in one way. */
const RESULTS: readonly (readonly [name: string, size: number, json: (bytes: number) => string])[] = [
  ["a long text", 2 * MIB, (bytes) => `{"content":[{"type":"text","text":"${"lorem ipsum ".repeat(bytes / 12)}"}]}`],
  ["a text of escapes", 2 * MIB, (bytes) => `{"content":[{"type":"text","text":"${'\\n\\"'.repeat(bytes / 4)}"}]}`],
  ["a text beyond ASCII", MIB, (bytes) => `{"content":[{"type":"text","text":"${"é€😀".repeat(bytes / 9)}"}]}`],
  ["many texts", MIB, texts('{"type":"text","text":"hello you"}')],
  ["many empty parts", MIB, texts("{}")],
  ["many zeros", MIB, texts("0")],
  ["many links", MIB, texts('{"type":"resource_link","uri":"a:b","name":"c"}')],
  ["a deep result", 200 * KIB, (bytes) => `{"content":[],"structuredContent":{"a":${nested(bytes)}}}`],
  ["a deep part", 200 * KIB, (bytes) => `{"content":[{"type":"text","text":"a","x":${nested(bytes)}}]}`],
  ["a deep result within another", 200 * KIB, (bytes) => `{"x":${nested(bytes)}}`],
  ["many keys", MIB, (bytes) => `{"content":[],"structuredContent":{${numbered(bytes / 16, (n) => `"key ${n}":0`)}}}`],
  ["a wide result", MIB, (bytes) => `{"content":[],"structuredContent":{"a":[${repeated("[],", bytes)}0]}}`],
  ["a long error", MIB, (bytes) => `{"isError":true,"content":[{"type":"text","text":"${"no ".repeat(bytes / 3)}"}]}`],
];

describeCases(
  "a result of a tool costs what it weighs",
  RESULTS.map(([name, size, result]): AbuseCase => ({
    name,
    size,
    build(bytes) {
      server.list = () => ONE_TOOL;
      server.result = result(bytes);
      const parsed = Buffer.from(server.result);
      return { requests: [CHAT], answer: once(calling(call("1", ECHO))), bytes: parsed.length, parsed };
    },
    statuses: [200],
  })),
  { settings },
);

const inJson = (message: object): Buffer =>
  Buffer.from(JSON.stringify({ ...COMPLETION, choices: [{ index: 0, message, finish_reason: "tool_calls" }] }));
const calls = (count: number, args: string): object => ({
  role: "assistant",
  content: null,
  tool_calls: Array.from({ length: count }, (_, index) => call(`c${index}`, ECHO, args)),
});

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
  { settings },
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
  { settings },
);

/** Results of so many bytes to each of so many calls, in every round until the gateway has had enough. */
function rounds(name: string, callsOfRound: number, size: number): AbuseCase {
  return {
    name,
    size,
    build(bytes) {
      server.list = () => ONE_TOOL;
      server.result = `{"content":[{"type":"text","text":"${"a".repeat(bytes)}"}]}`;
      const script = json(200, inJson(calls(callsOfRound, "{}")));
      const sum = bytes * callsOfRound * DEFAULT_ROUNDS;
      // Each round sends the conversation so far.
      return { requests: [CHAT], answer: () => script, bytes: Math.min(sum, MOST_CONVERSATION) };
    },
    statuses: [200, 400, 413, 502],
  };
}

describeCases(
  "a conversation with tools costs what it weighs",
  [rounds("ten rounds of one call", 1, 200 * KIB), rounds("ten rounds of many calls", 100, 40 * KIB)],
  { settings },
);

const tools = (tool: (index: number) => string, toolBytes: number) => (bytes: number) => () =>
  `{"tools":[${numbered(bytes / toolBytes, tool)}]}`;
const schema = (json: string): string => `{"tools":[{"name":"echo","inputSchema":{"type":"object","x":${json}}}]}`;

/** Lists of tools that are odd in one way. */
const LISTS: readonly (readonly [name: string, size: number, list: (bytes: number) => (cursor?: string) => string])[] =
  [
    ["many tools", 256 * KIB, tools((n) => `{"name":"tool-${n}","inputSchema":{"type":"object"}}`, 52)],
    ["many equal tools", 256 * KIB, tools(() => '{"name":"a"}', 13)],
    ["a long name", MIB, (bytes) => () => `{"tools":[{"name":"${"n".repeat(bytes)}"}]}`],
    ["many long names", MIB, tools((n) => `{"name":"${n}${"n".repeat(4000)}"}`, 4012)],
    [
      "a long description",
      MIB,
      (bytes) => () => `{"tools":[{"name":"a","description":"${"lorem ".repeat(bytes / 6)}"}]}`,
    ],
    ["a deep schema", 100 * KIB, (bytes) => () => schema(nested(bytes))],
    ["a wide schema", MIB / 2, (bytes) => () => schema(`[${repeated("[],", bytes)}0]`)],
    ["a schema of many keys", MIB / 2, (bytes) => () => schema(`{${numbered(bytes / 16, (n) => `"key ${n}":0`)}}`)],
    [
      "many pages",
      16 * KIB,
      (bytes) =>
        (cursor = "0") =>
          `{"tools":[${numbered(bytes / 32, (n) => `{"name":"tool-${cursor}-${n}"}`)}],"nextCursor":"${Number(cursor) + 1}"}`,
    ],
    [
      "a long cursor",
      256 * KIB,
      (bytes) =>
        (cursor = "") =>
          `{"tools":[],"nextCursor":"${cursor.length % 7}${"c".repeat(bytes)}"}`,
    ],
  ];
const MOST_PAGES = 64;
const EXPOSED = requestBytes("GET", "/v1/mcp/tools", undefined, [`authorization: Bearer ${SIDE_KEY}`]);

describeCases(
  "a list of tools costs what it weighs",
  LISTS.map(([name, size, list]): AbuseCase => ({
    name,
    size,
    build(bytes) {
      server.list = list(bytes);
      const isPaged = server.list("0").includes("nextCursor");
      const answer = (_: ReceivedRequest): Script => LAST_WORDS;
      const weight = server.list("0").length * (isPaged ? MOST_PAGES : 1);
      const parsed = Buffer.from(server.list("0"));
      return { requests: [EXPOSED, CHAT], answer, bytes: weight, parsed, until: () => server.relisted() };
    },
    statuses: [200],
  })),
  { settings },
);
