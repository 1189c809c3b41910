import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError, SseError } from "@modelcontextprotocol/client";
import { McpError } from "./errors.ts";

/**
 * What an error of the protocol's library means. Its own messages quote bodies and addresses, so none is kept, except
 * what the server itself said about a call. A file of its own, because it loads the library: 40 ms of CPU time that a
 * gateway without MCP servers need not spend at its start.
 * @param hasSession whether the request belonged to a session, which then may be what the server does not know any more
 */
export function readSessionError(error: unknown, hasSession: boolean): McpError {
  const found = chainOf(error).find((link) => link instanceof McpError);
  if (found instanceof McpError) return found;
  for (const link of chainOf(error)) {
    const problem = readLink(link, hasSession);
    if (problem) return problem;
  }
  return new McpError("protocol", "did not answer as an MCP server does");
}

/** The error, its cause, and so on; bounded, because a chain may be a cycle. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link = error; link instanceof Error && chain.length < 8; link = link.cause) chain.push(link);
  return chain;
}

function readLink(error: unknown, hasSession: boolean): McpError | undefined {
  if (error instanceof SdkHttpError) return readStatus(error.status, String(error.data["text"]), hasSession);
  if (error instanceof SseError) {
    if (error.code !== undefined) return readStatus(error.code, "", false);
    return new McpError("unreachable", "closed the connection or could not be reached");
  }
  if (error instanceof ProtocolError) return readRefusal(error, hasSession);
  if (error instanceof SdkError) {
    if (error.code === SdkErrorCode.RequestTimeout) return new McpError("timeout", "did not answer in time");
    if (error.code === SdkErrorCode.ConnectionClosed) return new McpError("disconnected", "is not connected any more");
    if (error.code === SdkErrorCode.InvalidResult) return new McpError("protocol", "sent a malformed result");
    return undefined;
  }
  // The transport for SSE has no type for this.
  const words = error instanceof Error ? error.message : "";
  const [, status] = /\(HTTP (\d{3})\)/.exec(words) ?? [];
  if (status !== undefined) return readStatus(Number(status), words, hasSession);
  // Bun's fetch names its errors by code only.
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code === undefined ? undefined : new McpError("unreachable", `cannot be reached (${code})`);
}

/** The protocol's code for arguments that are not right: also what servers answer in a session that they do not know. */
const INVALID_PARAMS = -32602;

/** Codes of refusals that mean many things, and their words for a session that was never begun. */
const UNSPECIFIC_CODES: ReadonlySet<number> = new Set([-32600, -32000, -32001, -32002]);
const UNKNOWN_SESSION =
  /not (?:been )?initiali[sz]ed|before initiali[sz]ation|session (?:id )?(?:not found|has expired|expired)|(?:unknown|invalid|no valid|expired) session/i;

function readRefusal({ code, message }: ProtocolError, hasSession: boolean): McpError {
  const doubtful = code === INVALID_PARAMS || (UNSPECIFIC_CODES.has(code) && UNKNOWN_SESSION.test(message));
  const kind = hasSession && doubtful ? "doubtful" : "refused";
  return new McpError(kind, `refused the request (JSON-RPC error ${code})`, message);
}

function readStatus(status: number, body: string, hasSession: boolean): McpError {
  if (status === 401 || status === 403) {
    return new McpError("unauthorized", `does not accept the gateway's token (status ${status})`);
  }
  // The protocol's status for this is 404; servers in use answer 400 as well and say so in words.
  const expired = status === 404 || (status === 400 && (/session/i.test(body) || UNKNOWN_SESSION.test(body)));
  if (hasSession && expired) return new McpError("expired", `does not know the session any more (status ${status})`);
  const doubtful = status === 400 && body.includes(String(INVALID_PARAMS));
  // Without a session, only the status for a server that is not ready yet is worth another call.
  return new McpError(
    status === 503 || (hasSession && doubtful) ? "doubtful" : "http",
    `answered with status ${status}`,
  );
}
