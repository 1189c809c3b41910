import { type AbuseCase, type Exchange, postGzip, postJson, repeated } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { JSON_SHAPES, type JsonShape, SOME_SHAPES, WIDE_SHAPES } from "./json-shapes.ts";
import { CHAT_PATH } from "./measured-gateway.ts";

const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';
/** What every route for JSON needs to have in its body. */
const ROUTES: Readonly<Record<string, string>> = {
  [CHAT_PATH]: `${MESSAGES},"model":"openai/m"`,
  "/v1/messages": `"max_tokens":1,${MESSAGES},"model":"anthropic/m"`,
  "/v1/messages/count_tokens": `${MESSAGES},"model":"anthropic/m"`,
  "/v1/responses": '"input":"hi","model":"openai/m"',
  "/v1/embeddings": '"input":"hi","model":"openai/m"',
};

const MIB = 1024 * 1024;

function bodyOf(members: Uint8Array, needed: string): Buffer {
  return Buffer.concat([Buffer.from("{"), members, Buffer.from(`,${needed}}`)]);
}

function exchangeOf(body: Uint8Array, target: string, isGzip: boolean): Exchange {
  return { requests: [isGzip ? postGzip(target, body) : postJson(target, body)], bytes: body.length };
}

/** Every shape on one route, its two sizes below the limit of bodies. */
function shapesOn(target: string, shapes: readonly JsonShape[], size: number, isGzip: boolean): AbuseCase[] {
  return shapes.map(({ name, members, isAcceptable }) => ({
    name: `${target}: ${name}${isGzip ? ", gzipped" : ""}`,
    size,
    build: (bytes) => exchangeOf(bodyOf(members(bytes), ROUTES[target] ?? ""), target, isGzip),
    statuses: isAcceptable ? [200, 400] : [400],
  }));
}

const others = Object.keys(ROUTES).filter((target) => target !== CHAT_PATH);

describeCases("a body of a chat costs what it weighs", [
  ...shapesOn(CHAT_PATH, JSON_SHAPES, MIB, false),
  // More values than any body may hold.
  ...shapesOn(CHAT_PATH, WIDE_SHAPES, 2 * MIB, false),
  ...shapesOn(CHAT_PATH, SOME_SHAPES, MIB, true),
]);

describeCases(
  "a body on any other route costs what it weighs",
  others.flatMap((target) => shapesOn(target, SOME_SHAPES, MIB / 4, true)),
);

const CHAT = ROUTES[CHAT_PATH] ?? "";
const MODEL = '"model":"openai/m"';
const CALL = '{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}';

/** What the gateway looks into more closely than into JSON of any kind, repeated; and what a chat needs beside it. */
const MEMBERS = [
  ["many messages", '"messages":[', '{"role":"user","content":"hello you"}', "]", MODEL],
  ["many parts of a message", '"messages":[{"role":"user","content":[', '{"type":"text","text":"hi"}', "]}]", MODEL],
  ["many calls of tools in a message", '"messages":[{"role":"assistant","tool_calls":[', CALL, "]}]", MODEL],
  ["many tools", '"tools":[', '{"type":"function","function":{"name":"f"}}', "]", CHAT],
  ["many data URLs", '"x":[', '"data:"', "]", CHAT],
  ["many members called data", '"x":[', '{"data":""}', "]", CHAT],
  ["many models", '"models":[', '"openai/gpt-4o-mini"', "]", CHAT],
  ["a model said many times", '"x":0,', MODEL, "", CHAT],
  ["stream options said many times", '"user":"u",', '"stream_options":{"include_usage":true}', "", CHAT],
] as const;

describeCases("what a chat is made of costs what it weighs", [
  ...MEMBERS.map(([name, before, item, after, needed]): AbuseCase => ({
    name,
    size: MIB,
    build(bytes) {
      const members = Buffer.concat([Buffer.from(before), repeated(`${item},`, bytes), Buffer.from(item + after)]);
      return exchangeOf(bodyOf(members, needed), CHAT_PATH, true);
    },
    statuses: [200, 400],
  })),
  {
    name: "a long name of a model",
    size: MIB,
    build: (bytes) => exchangeOf(Buffer.from(`{"model":"openai/${"m".repeat(bytes)}",${MESSAGES}}`), CHAT_PATH, true),
    statuses: [200, 400],
  },
  {
    name: "a long name of a model of no known provider",
    size: MIB,
    build: (bytes) => exchangeOf(Buffer.from(`{"model":"${"m/".repeat(bytes / 2)}",${MESSAGES}}`), CHAT_PATH, true),
    statuses: [400, 404],
  },
  {
    name: "more than a body may be, gzipped",
    size: 16 * MIB,
    build: (bytes) => ({ requests: [postGzip(CHAT_PATH, Buffer.alloc(bytes, " "))], bytes: 10 * MIB }),
    statuses: [413],
  },
  {
    name: "bytes that are no JSON",
    size: MIB,
    build: (bytes) => exchangeOf(Buffer.alloc(bytes, 0xff), CHAT_PATH, true),
    statuses: [400],
  },
]);
