import {
  Client,
  type JsonSchemaValidator,
  SSEClientTransport,
  SseError,
  StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";
import { tookTooLong } from "./errors.ts";
import { readSessionError } from "./read-session-error.ts";
import type { PendingResults } from "./shorten-message.ts";
import { createSessionFetch } from "./session-fetch.ts";
import { bindRequests, bindSignal, type DuringCall, orAborted } from "./session-requests.ts";
import type { SessionOptions } from "./session.ts";

/** The transport of the protocol, and the older one. */
export type TransportKind = "http" | "sse";

/** The library has its own deadlines. They come after the gateway's, which know their names. */
export const LATER_MS = 5000;

/** How long a server may take to handle the end of a session, in milliseconds. */
const FAREWELL_MS = 2000;

/** The protocol's library, connected to one server. */
export interface SessionClient {
  readonly client: Client;
  readonly duringCall: DuringCall;
  /** Whether requests belong to a session, which the server may forget. */
  hasSession(): boolean;
  /** Tells the server that the session ends, for a short time at most, and frees everything. Never throws. */
  close(): Promise<void>;
}

/**
 * Connects over one transport.
 * @throws McpError, or the reason of the signal
 */
export async function connectClient(kind: TransportKind, options: SessionOptions): Promise<SessionClient> {
  const { timers, timeoutMs, events } = options;
  const pending: PendingResults = new Map();
  const transport = createTransport(kind, options, pending);
  const client = createClient(kind, options);
  const duringCall = bindRequests(transport, timers, timeoutMs, pending);

  let closed = false;
  const end = async (): Promise<void> => {
    closed = true;
    await client.close().catch(() => {});
    await transport.close().catch(() => {});
  };

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

  return {
    client,
    duringCall,
    hasSession: () => !(transport instanceof StreamableHTTPClientTransport) || transport.sessionId !== undefined,
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

function createClient(kind: TransportKind, { client, events }: SessionOptions): Client {
  return new Client(client, {
    // Results go to a model, and are not checked against what the tool promised.
    jsonSchemaValidator: { getValidator: <Value>() => acceptAll<Value>() },
    inputRequired: { autoFulfill: false },
    // Servers for SSE are all of the older protocol, and some never answer a question from the newer one.
    versionNegotiation: { mode: kind === "http" ? "auto" : "legacy" },
    listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: () => events.onToolsChanged() } },
  });
}

function acceptAll<Value>(): JsonSchemaValidator<Value> {
  return (data) => ({ valid: true, data: data as Value, errorMessage: undefined });
}

function createTransport(kind: TransportKind, options: SessionOptions, pending: PendingResults) {
  const { server, client, timers } = options;
  const headers = { "user-agent": `${client.name}/${client.version}` };
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
