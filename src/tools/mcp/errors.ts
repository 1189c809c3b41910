/**
 * Why something could not be obtained from an MCP server. With two of them the server did not begin, so that the same
 * call may be made again in a new session: `expired` says that the session is gone, and `doubtful` that it may be,
 * since servers that were started again answer so, and others too.
 */
export type McpErrorKind =
  | "disconnected"
  | "doubtful"
  | "expired"
  | "http"
  | "protocol"
  | "refused"
  | "timeout"
  | "too_long"
  | "unauthorized"
  | "unreachable";

/**
 * What went wrong with an MCP server. The message goes on from the words "the MCP server <name>", and holds nothing
 * that the server said, no URL and no token, so that it may be logged and shown.
 */
export class McpError extends Error {
  readonly kind: McpErrorKind;
  /** The server's own words, for the model that called the tool. */
  readonly serverMessage: string | undefined;

  constructor(kind: McpErrorKind, message: string, told?: string) {
    super(message);
    this.name = "McpError";
    this.kind = kind;
    this.serverMessage = told;
  }
}

/** The problem of a wait that took longer than `milliseconds`, which `setting` allows. */
export const tookTooLong = (milliseconds: number, setting: string): McpError =>
  new McpError("timeout", `did not answer within ${milliseconds} ms (${setting})`);
