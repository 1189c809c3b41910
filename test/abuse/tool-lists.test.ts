import { afterAll } from "bun:test";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { Script } from "../fixtures/script.ts";
import { type AbuseCase, numbered, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { SIDE_KEY } from "./measured-gateway.ts";
import { CHAT, LAST_WORDS, nested } from "./tool-chat.ts";
import { startRawToolServer, toolSettings } from "./tool-server.ts";

const server = await startRawToolServer();
afterAll(() => server[Symbol.asyncDispose]());
const options = { settings: () => toolSettings(server) };

const MIB = 1024 * 1024;
const KIB = 1024;

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
  options,
);
