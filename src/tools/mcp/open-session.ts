import {
  Client,
  type JsonSchemaValidator,
  SSEClientTransport,
  SseError,
  StreamableHTTPClientTransport,
  type StandardSchemaV1,
  type Tool,
} from "@modelcontextprotocol/client";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { bindRequests, bindSignal, type BoundSignal, orAborted } from "./session-requests.ts";
import { McpError, tookTooLong, readSessionError } from "./errors.ts";
import { readTool, toolsOfPage } from "./tool-limits.ts";
import { openTurns } from "../../core/next-turn.ts";
import type { PendingResults } from "./message-limits.ts";
import { createSessionFetch } from "./session-fetch.ts";
import type { McpSession, OpenSession, RemoteTool, SessionOptions } from "./session.ts";

/** No list of tools is read further: one that long does not end. */
const MAX_PAGES = 64;

/** All pages together. What a model can choose from is far less; each tool is looked at in every look-up. */
const MAX_TOOLS = 4096;

/**
 * Names, descriptions and schemas of all pages together, in bytes of JSON. Every tool's schema is held all the time.
 */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** So many tools that are left out or cut are reported to the operator. */
const MAX_FAULTS = 10;

/** How long a server may take to handle the end of a session, in milliseconds. */
const FAREWELL_MS = 2000;

/** The library has its own deadlines. They come after the gateway's, which know their names. */
const LATER_MS = 5000;

/**
 * The library's own schemas would put the members of tools' schemas in another order, and refuse a list for one entry.
 */
const AS_SENT: StandardSchemaV1<unknown, JsonObject> = {
  "~standard": {
    version: 1,
    vendor: "inference-gateway",
    validate: (value) => (isJsonObject(value) ? { value } : { issues: [{ message: "not an object" }] }),
  },
};

/**
 * Connects with Streamable HTTP, or, if the server does not speak that, with SSE.
 * This file brings the protocol's library into memory, so it is loaded only if MCP is on.
 */
export const openSession: OpenSession = async (options) => {
  try {
    return await openOver("http", options);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    const problem = readSessionError(error, false);
    if (problem.kind === "unreachable" || problem.kind === "unauthorized") throw problem;
    // If a server speaks neither, its first error describes it better.
    return openOver("sse", options).catch(() => {
      throw options.signal.aborted ? options.signal.reason : problem;
    });
  }
};

async function openOver(kind: "http" | "sse", options: SessionOptions): Promise<McpSession> {
  const { timers, timeoutMs, events } = options;
  const pending: PendingResults = new Map();
  const transport = createTransport(kind, options, pending);
  const client = new Client(options.client, {
    // Results go to a model, and are not checked against what the tool promised.
    jsonSchemaValidator: { getValidator: <Value>() => acceptAll<Value>() },
    inputRequired: { autoFulfill: false },
    // Servers for SSE are all of the older protocol, and some never answer a question from the newer one.
    versionNegotiation: { mode: kind === "http" ? "auto" : "legacy" },
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => events.onToolsChanged() } },
  });
  const duringCall = bindRequests(transport, timers, timeoutMs, pending);

  let closed = false;
  const end = async (): Promise<void> => {
    closed = true;
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
  };
  const hasSession = (): boolean =>
    transport instanceof StreamableHTTPClientTransport && transport.sessionId !== undefined;

  const connecting = bindSignal(timers, options.signal, timeoutMs, () => tookTooLong(timeoutMs, "MCP_CLIENT_TIMEOUT"));
  try {
    await orAborted(client.connect(transport, { timeout: timeoutMs + LATER_MS }), connecting.signal);
  } catch (error) {
    await end();
    throw connecting.signal.aborted ? connecting.signal.reason : readSessionError(error, false);
  } finally {
    connecting.release();
  }

  client.onerror = (error) => {
    if (closed) return;
    // The stream would be opened again, but in a session that was never initialised.
    if (error instanceof SseError) events.onLost();
    else events.onDoubt();
  };

  /** Does one request, in which `send` may take as long as the signal allows. */
  const ask = async (
    bound: BoundSignal,
    send: (headers: Readonly<Record<string, string>>) => Promise<JsonObject>,
  ): Promise<JsonObject> => {
    try {
      return await orAborted(duringCall(bound, send), bound.signal);
    } catch (error) {
      throw bound.signal.aborted ? bound.signal.reason : readSessionError(error, hasSession());
    }
  };

  const listPage = async (cursor: string | undefined, signal: AbortSignal): Promise<JsonObject> => {
    const bound = bindSignal(timers, signal, timeoutMs, () => tookTooLong(timeoutMs, "MCP_CLIENT_TIMEOUT"));
    const request = { method: "tools/list", params: cursor === undefined ? {} : { cursor } } as const;
    const limits = { timeout: timeoutMs + LATER_MS, signal: bound.signal };
    try {
      return await ask(bound, (headers) => client.request(request, AS_SENT, { ...limits, headers }));
    } finally {
      bound.release();
    }
  };

  return {
    async listTools(signal) {
      const tools = new Map<string, RemoteTool>();
      if (!client.getServerCapabilities()?.tools) return [];
      let cursor: string | undefined;
      let bytes = 0;
      const faults: string[] = [];
      const turns = openTurns();
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const result = await listPage(cursor, signal);
        for (const listed of toolsOfPage(result)) {
          if (turns.isOver()) await turns.next();
          const { tool, size, fault } = readTool(listed, options.jsonLimits);
          if (fault !== undefined && faults.length < MAX_FAULTS) faults.push(fault);
          if (!tool || tools.has(tool.name)) continue;
          bytes += size;
          if (tools.size >= MAX_TOOLS) throw new McpError("too_long", `lists more than ${MAX_TOOLS} tools`);
          if (bytes > MAX_LIST_BYTES)
            throw new McpError("too_long", `lists more than ${MAX_LIST_BYTES} bytes of tools`);
          tools.set(tool.name, tool);
        }
        const next = result["nextCursor"];
        if (typeof next !== "string" || next === cursor) break;
        cursor = next;
      }
      events.onToolFaults(faults);
      return [...tools.values()];
    },
    callTool(tool, args, bound) {
      const toolDefinition = { name: tool.name, inputSchema: tool.inputSchema } as Tool;
      return ask(bound, (headers) =>
        client.callTool(
          { name: tool.name, arguments: args },
          { toolDefinition, headers, signal: bound.signal, timeout: LONGEST_TIMEOUT_MS },
        ),
      );
    },
    async close() {
      if (closed) return;
      closed = true;
      if (transport instanceof StreamableHTTPClientTransport && transport.sessionId !== undefined) {
        const never = new AbortController().signal;
        const farewellMs = Math.min(FAREWELL_MS, timeoutMs);
        const farewell = bindSignal(timers, never, farewellMs, () => tookTooLong(farewellMs, "MCP_CLIENT_TIMEOUT"));
        await orAborted(transport.terminateSession(), farewell.signal).catch(() => {});
        farewell.release();
      }
      await end();
    },
  };
}

function acceptAll<Value>(): JsonSchemaValidator<Value> {
  return (data) => ({ valid: true, data: data as Value, errorMessage: undefined });
}

/** Calls end by the signal they are given; this only has to come later. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

function createTransport(kind: "http" | "sse", options: SessionOptions, pending: PendingResults) {
  const { server, client, timers } = options;
  const headers: Record<string, string> = { "user-agent": `${client.name}/${client.version}` };
  if (server.token !== undefined) headers["authorization"] = `Bearer ${server.token}`;
  const shared = { fetch: createSessionFetch({ ...options, pending }), requestInit: { headers } };
  if (kind === "sse") return new SSEClientTransport(new URL(server.url), shared);
  return new StreamableHTTPClientTransport(new URL(server.url), {
    ...shared,
    reconnectionScheduler: (reconnect, delayMs) => {
      const timer = timers.setTimer(reconnect, delayMs);
      return () => timers.clearTimer(timer);
    },
  });
}
