import type { JsonLimits } from "../../core/json/limits.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import type { BoundSignal, CallHeaders } from "./session-requests.ts";

/** One MCP server: where it is and how it is called. */
export interface McpServer {
  /** Letters, digits, - and _. No two servers share one, in any case. */
  readonly name: string;
  /** Absolute http(s) URL without credentials and fragment; its query may hold a key. */
  readonly url: string;
  /** The URL as it may be shown: without its query. */
  readonly shownUrl: string;
  /** Sent as a bearer token. */
  readonly token: string | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client as which the gateway gets tokens for the server. */
  readonly oauth?: OAuthClient | undefined;
}

/** An OAuth client with credentials of its own. https://www.rfc-editor.org/rfc/rfc6749#section-4.4 */
export interface OAuthClient {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where tokens are got; undefined if the server is asked. */
  readonly tokenUrl: string | undefined;
  /** Separated by spaces; undefined if none is asked for. */
  readonly scope: string | undefined;
}

/** A tool as its server describes it. */
export interface RemoteTool {
  readonly name: string;
  /** Empty if the server gives none. */
  readonly description: string;
  /** JSON Schema of the arguments, as the server sent it. */
  readonly inputSchema: JsonObject;
  /** The schema reduced by `reduceSchema`, if the session does that. */
  readonly reducedSchema?: JsonObject;
}

/** What a server sends unasked. */
export interface SessionEvents {
  onToolsChanged(): void;
  /** Which tools of the list that was read last are left out or cut, and why; some of them if there are many. */
  onToolFaults(faults: readonly string[]): void;
  /** Something is wrong with the connection, perhaps: it is worth a check. */
  onDoubt(): void;
  /** The session cannot be used any more. */
  onLost(): void;
}

/** One initialised session with one MCP server. */
export interface McpSession {
  /** All pages of the server's tools. Throws `McpError`, or the reason of the signal. */
  listTools(signal: AbortSignal): Promise<readonly RemoteTool[]>;
  /**
   * Calls a tool, with further headers if they are given, and resolves with the result as the protocol has it: `content`, `structuredContent`, `isError`.
   * Throws `McpError`, or the reason of the signal.
   */
  callTool(tool: RemoteTool, args: JsonObject, bound: BoundSignal, headers?: CallHeaders): Promise<JsonObject>;
  /** Notifies the server that the session ends, for a short time at most, and frees everything. Never throws. */
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly server: McpServer;
  /** Name and version sent to the server. */
  readonly client: { readonly name: string; readonly version: string };
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  readonly timers: TimerSource;
  /** Counts what of a server's answers is held. */
  readonly memory: MemoryBudget;
  readonly jsonLimits: JsonLimits;
  /** Whether tools get a {@link RemoteTool.reducedSchema}. */
  readonly reducesSchemas: boolean;
  /** How long connecting, one page of the list, or a notification may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly events: SessionEvents;
  /** Gives up connecting. */
  readonly signal: AbortSignal;
}

/** Connects to a server. Throws `McpError`, or the reason of the signal. */
export type OpenSession = (options: SessionOptions) => Promise<McpSession>;
