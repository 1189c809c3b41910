import { afterAll } from "bun:test";
import { call, calling } from "../tools/loop/loop-rig.ts";
import { json } from "../fixtures/answers.ts";
import { type AbuseCase, numbered, repeated } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { calls, CHAT, ECHO, inJson, nested, once } from "./tool-chat.ts";
import { ONE_TOOL, startRawToolServer, toolSettings } from "./tool-server.ts";

const server = await startRawToolServer();
afterAll(() => server[Symbol.asyncDispose]());
const options = { settings: () => toolSettings(server) };

const MIB = 1024 * 1024;
const KIB = 1024;

const DEFAULT_ROUNDS = 10;
const MOST_CONVERSATION = 16 * MIB;

const texts = (item: string) => (bytes: number) => `{"content":[${repeated(`${item},`, bytes)}${item}]}`;

/** Results of a tool that are odd in one way. */
const RESULTS: readonly (readonly [name: string, size: number, json: (bytes: number) => string])[] = [
  ["a long text", 2 * MIB, (bytes) => `{"content":[{"type":"text","text":"${"lorem ipsum ".repeat(bytes / 12)}"}]}`],
  ["a text of escapes", 2 * MIB, (bytes) => `{"content":[{"type":"text","text":"${'\\n\\"'.repeat(bytes / 4)}"}]}`],
  [
    "a text of tokens",
    MIB,
    (bytes) => `{"content":[{"type":"text","text":"${"mcp-token-0123456789 ".repeat(bytes / 21)}"}]}`,
  ],
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

/** One of each kind, since all else of an event is what it is of an answer. */
const AS_EVENTS = ["a long text", "a text of tokens", "many texts", "a deep result", "a wide result"];

describeCases(
  "a result of a tool costs what it weighs",
  [
    ...RESULTS.map((shape) => resultCase(shape, false)),
    ...RESULTS.filter(([name]) => AS_EVENTS.includes(name)).map((shape) => resultCase(shape, true)),
  ],
  options,
);

function resultCase([name, size, result]: (typeof RESULTS)[number], isStream: boolean): AbuseCase {
  return {
    name: isStream ? `${name}, as an event` : name,
    size,
    build(bytes) {
      server.isStream = isStream;
      server.list = () => ONE_TOOL;
      server.result = result(bytes);
      const parsed = Buffer.from(server.result);
      return { requests: [CHAT], answer: once(calling(call("1", ECHO))), bytes: parsed.length, parsed };
    },
    statuses: [200],
  };
}

/** Results of so many bytes to each of so many calls, in every round until the gateway has had enough. */
function rounds(name: string, callsOfRound: number, size: number): AbuseCase {
  return {
    name,
    size,
    build(bytes) {
      server.isStream = false;
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
  options,
);
