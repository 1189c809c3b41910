import type { StandardSchemaV1, Tool } from "@modelcontextprotocol/client";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { McpError, tookTooLong } from "./errors.ts";
import { readSessionError } from "./read-session-error.ts";
import { readToolList } from "./list-tools.ts";
import { connectClient, LATER_MS, type TransportKind } from "./session-client.ts";
import { bindSignal, type BoundSignal, type CallHeaders, orAborted } from "./session-requests.ts";
import type { McpSession, OpenSession, SessionOptions } from "./session.ts";

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

/** Calls end by the signal they are given; this only has to come later. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

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

async function openOver(kind: TransportKind, options: SessionOptions): Promise<McpSession> {
  const { timers, timeoutMs, events, jsonLimits, reducesSchemas } = options;
  const { client, duringCall, hasSession, close } = await connectClient(kind, options);

  /** Does one request, in which `send` may take as long as the signal allows. */
  const ask = async (bound: BoundSignal, send: (headers: CallHeaders) => Promise<unknown>): Promise<unknown> => {
    try {
      return await orAborted(duringCall(bound, send), bound.signal);
    } catch (error) {
      throw bound.signal.aborted ? bound.signal.reason : readSessionError(error, hasSession());
    }
  };

  const askForPage = async (cursor: string | undefined, signal: AbortSignal): Promise<JsonObject> => {
    const bound = bindSignal(timers, signal, timeoutMs, () => tookTooLong(timeoutMs, "MCP_CLIENT_TIMEOUT"));
    const request = { method: "tools/list", params: cursor === undefined ? {} : { cursor } } as const;
    const limits = { timeout: timeoutMs + LATER_MS, signal: bound.signal };
    try {
      const page = await ask(bound, (headers) => client.request(request, AS_SENT, { ...limits, headers }));
      if (isJsonObject(page)) return page;
      throw new McpError("protocol", "sent a malformed list of tools");
    } finally {
      bound.release();
    }
  };

  return {
    async listTools(signal) {
      if (!client.getServerCapabilities()?.tools) return [];
      const { tools, faults } = await readToolList({
        askForPage: (cursor) => askForPage(cursor, signal),
        jsonLimits,
        reducesSchemas,
      });
      events.onToolFaults(faults);
      return tools;
    },
    async callTool(tool, args, bound, further) {
      const toolDefinition = { name: tool.name, inputSchema: tool.inputSchema } as Tool;
      const result = await ask(bound, (headers) =>
        client.callTool(
          { name: tool.name, arguments: args },
          {
            toolDefinition,
            headers: { ...further, ...headers },
            signal: bound.signal,
            timeout: LONGEST_TIMEOUT_MS,
          },
        ),
      );
      return isJsonObject(result) ? result : { content: result };
    },
    close,
  };
}
