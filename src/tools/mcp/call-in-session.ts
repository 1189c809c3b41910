import type { JsonObject } from "../../core/json/parse.ts";
import { McpError } from "./errors.ts";
import type { HeldSession, SessionHolder } from "./held-session.ts";
import type { BoundSignal, CallHeaders } from "./session-requests.ts";
import type { RemoteTool } from "./session.ts";

/** One call of a tool. */
export interface ToolCallParts {
  readonly tool: RemoteTool;
  readonly args: JsonObject;
  readonly headers: CallHeaders | undefined;
  readonly bound: BoundSignal;
  readonly sessions: SessionHolder;
  /** Has a new session opened in place of one. */
  readonly lose: (losing: HeldSession, problem: McpError) => void;
  /** Has the server checked. */
  readonly doubt: () => void;
}

/**
 * Calls a tool, once more in a new session if the answer says that the old one is gone, or may mean it: the server then
 * did not begin.
 * @throws McpError, or the signal's reason
 */
export async function callTool(call: ToolCallParts): Promise<JsonObject> {
  const { sessions, bound, lose, doubt } = call;
  const first = await sessions.current(bound.signal);
  try {
    return await callIn(first, call);
  } catch (error) {
    if (!(error instanceof McpError)) throw error;
    if (error.kind === "unreachable") doubt();
    if (!first || !(await isGone(first, error, bound.signal))) throw error;
    lose(first, error);
    return callAgain(await sessions.current(bound.signal), call);
  }
}

async function callAgain(second: HeldSession | undefined, call: ToolCallParts): Promise<JsonObject> {
  try {
    return await callIn(second, call);
  } catch (error) {
    if (second && error instanceof McpError && error.kind === "doubtful") second.isProven = true;
    throw error;
  }
}

async function callIn(
  used: HeldSession | undefined,
  { tool, args, headers, bound }: ToolCallParts,
): Promise<JsonObject> {
  if (!used) throw new McpError("disconnected", "is not connected");
  used.calls += 1;
  try {
    return await used.session.callTool(tool, args, bound, headers);
  } finally {
    used.calls -= 1;
    if (used.lost && used.calls === 0) void used.session.close();
  }
}

/** Whether a session is gone, as far as an answer in it shows. */
async function isGone(used: HeldSession, { kind }: McpError, signal: AbortSignal): Promise<boolean> {
  if (kind !== "doubtful") return kind === "expired";
  if (!used.isProven || used.lost) return true;
  // Costs one request instead of a new session for each call with wrong arguments.
  return used.session.listTools(signal).then(
    () => false,
    (error: unknown) => !signal.aborted && !(error instanceof McpError && error.kind === "timeout"),
  );
}
