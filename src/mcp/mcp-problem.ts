/**
 * Why something could not be had from an MCP server. Only `expired` says for certain that the server did not begin:
 * its session is gone, and the same call may be made again in a new one.
 */
export type McpProblemKind =
  | "disconnected"
  | "expired"
  | "http"
  | "protocol"
  | "refused"
  | "timeout"
  | "too_long"
  | "unauthorized"
  | "unreachable";

/**
 * What went wrong with an MCP server. The message goes on from the words "the MCP server <name>", and holds nothing that
 * the server said, no URL and no token, so that it may be logged and shown.
 */
export class McpProblem extends Error {
  readonly kind: McpProblemKind;
  /** The server's own words, for the model that called the tool. */
  readonly told: string | undefined;

  constructor(kind: McpProblemKind, message: string, told?: string) {
    super(message);
    this.name = "McpProblem";
    this.kind = kind;
    this.told = told;
  }
}

/** The problem of a wait that took longer than `milliseconds`, which `setting` allows. */
export const tookTooLong = (milliseconds: number, setting: string): McpProblem =>
  new McpProblem("timeout", `did not answer within ${milliseconds} ms (${setting})`);
