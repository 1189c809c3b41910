import { json, sse, dataEvent, type SseOptions } from "../../fixtures/answers.ts";
import type { ReceivedRequest } from "../../fixtures/http-request-parser.ts";
import type { Step } from "../../fixtures/script.ts";
import type { LogLine } from "../../fixtures/start-gateway.ts";
import type { ManualClock } from "../../fixtures/manual-clock.ts";
import { startAt, type Substitutes } from "../../fixtures/start-in-process.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { type McpTestServer, startMcpServer, type TestTool, text } from "../mcp/mcp-server.ts";

/** A gateway with the tools of one MCP server, between a client and a mock provider. */
export interface AgentRig extends AsyncDisposable {
  readonly rig: Rig;
  readonly mcp: McpTestServer;
  /** Calls that reached the MCP server's tools, in the order in which they began. */
  readonly ran: { readonly name: string; readonly args: unknown; readonly signal: AbortSignal }[];
  /** Queues answers of the provider. */
  answer(...answers: readonly (Step[] | ((request: ReceivedRequest) => Step[]))[]): void;
  /** Sends a chat completion and reads its answer whole. */
  chat(body: object | string, headers?: Readonly<Record<string, string>>): Promise<ChatAnswer>;
  /** Sends a request of any API and reads its answer whole. */
  post(path: string, body: object | string, headers?: Readonly<Record<string, string>>): Promise<ChatAnswer>;
  /** Forgets what the provider was asked, and what ran; for clients that send their requests themselves. */
  begin(): void;
  /** The requests that the provider got since the last `chat` or `begin`. */
  asked(): readonly ReceivedRequest[];
  /** Ends the gateway as an operator does, and proves that it was at rest. */
  finish(): Promise<void>;
}

export interface ChatAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly line: LogLine;
}

const SUM = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
};

/**
 * Tools of the rig: `add`, `fail`, `echo`, and what a test adds.
 * @param clock the gateway's time, where it is not to pass by itself
 */
export async function startAgentRig(
  settings: Readonly<Record<string, string>> = {},
  tools: readonly TestTool[] = [],
  clock?: ManualClock,
  substitutes: Pick<Substitutes, "change"> = {},
): Promise<AgentRig> {
  const ran: { name: string; args: unknown; signal: AbortSignal }[] = [];
  const all: TestTool[] = [
    { name: "add", description: "Adds", inputSchema: SUM, run: ({ a, b }) => text(String(Number(a) + Number(b))) },
    { name: "fail", run: () => ({ ...text("it broke"), isError: true }) },
    { name: "echo", run: (args) => text(JSON.stringify(args)) },
    ...tools,
  ];
  const mcp = await startMcpServer({
    tools: all.map((tool) => ({
      ...tool,
      run(args, signal) {
        ran.push({ name: tool.name, args, signal });
        return tool.run?.(args, signal) ?? text("");
      },
    })),
  });
  const rig = await startRig(
    {
      MCP_ENABLED: "true",
      MCP_SERVERS: `test=${mcp.url}`,
      MCP_TOOL_MODE: "direct",
      MCP_POLLING_INTERVAL: "0s",
      // A stream begins with its first whole event: one that comes in many pieces, on a busy machine, would get a sign of life before.
      STREAM_KEEPALIVE: "0s",
      ...settings,
    },
    startAt(clock, substitutes),
  );
  await rig.gateway.logged((line) => line["msg"] === "MCP server is connected");
  let before = rig.provider.requests.length;
  const begin = (): void => {
    before = rig.provider.requests.length;
    ran.length = 0;
  };
  const post: AgentRig["post"] = async (path, body, headers = {}) => {
    begin();
    const response = await fetch(rig.gateway.url + path, {
      method: "POST",
      headers,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const line = await rig.settled(response.headers.get("x-request-id") ?? "");
    return { status: response.status, headers: response.headers, text, line };
  };

  return {
    rig,
    mcp,
    ran,
    answer(...answers) {
      for (const answer of answers) rig.provider.answer(answer);
    },
    chat: (body, headers = {}) => post("/v1/chat/completions", body, headers),
    post,
    begin,
    asked: () => rig.provider.requests.slice(before),
    finish: () => rig.finish(),
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await mcp.stop();
    },
  };
}

export const MESSAGES = [{ role: "user", content: "What is 2 + 3?" }];
export const CHAT = { model: "openai/m", messages: MESSAGES };
export const STREAM = { ...CHAT, stream: true };

/** A call of a tool as OpenAI writes it. */
export const call = (id: string, name: string, args: unknown = {}) => ({
  id,
  type: "function",
  function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
});

/** A provider's answer in one piece. */
export const completion = (message: object, finish: string = "stop", more: object = {}): Step[] =>
  json(200, {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: null, ...message }, finish_reason: finish }],
    ...more,
  });

/** An answer in one piece that calls tools. */
export const calling = (...calls: readonly object[]): Step[] => completion({ tool_calls: calls }, "tool_calls");

/** A request's body, parsed. */
export const bodyOf = (request: ReceivedRequest | undefined): Record<string, unknown> =>
  JSON.parse(textOf(request)) as Record<string, unknown>;

export const textOf = (request: ReceivedRequest | undefined): string => Buffer.from(request?.body ?? []).toString();

/** The messages of a request's body. */
export const messagesOf = (request: ReceivedRequest | undefined): Record<string, unknown>[] =>
  bodyOf(request)["messages"] as Record<string, unknown>[];

/** One chunk of a stream as an event. */
export const delta = (delta: object, finish: string | null = null, more: object = {}): string =>
  dataEvent({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });

/** A provider's stream, with `[DONE]`. */
export const stream = (events: readonly string[], options: SseOptions = {}): Step[] =>
  sse(events, { done: true, ...options });

/** The parsed data of every event of a stream, `[DONE]` as it is. */
export function eventsOf(text: string): (Record<string, unknown> | "[DONE]")[] {
  return text
    .split(/\r?\n\r?\n/)
    .flatMap((event) => /^data: ?(.*)$/m.exec(event)?.[1] ?? [])
    .map((data) => (data === "[DONE]" ? data : (JSON.parse(data) as Record<string, unknown>)));
}
