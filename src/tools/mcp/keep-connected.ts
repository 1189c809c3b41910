import { McpError } from "./errors.ts";
import type { HeldSession, SessionHolder } from "./held-session.ts";
import type { Pause } from "./pause.ts";
import type { ConnectionState } from "./connection-state.ts";

/** First wait before a server that is away is tried again: it may be starting. Each wait is twice the one before. */
const FIRST_WAIT_MS = 1000;

export interface KeepConnectedParts {
  readonly open: () => Promise<HeldSession>;
  /** Resolves with the reason once the session is lost. */
  readonly watch: (opened: HeldSession) => Promise<McpError>;
  readonly sessions: SessionHolder;
  readonly state: ConnectionState;
  readonly pause: Pause;
  readonly stop: AbortSignal;
  /** Longest wait before a server that is away is tried again. */
  readonly reconnectMs: number;
}

/** Opens one session after another with a server, until it is stopped. */
export async function keepConnected(parts: KeepConnectedParts): Promise<void> {
  const { open, watch, sessions, state, pause, stop, reconnectMs } = parts;
  let failures = 0;
  while (!stop.aborted) {
    try {
      const opened = await open();
      failures = 0;
      state.setStatus("connected");
      sessions.settle(opened);
      const problem = await watch(opened);
      const isRenewable = problem.kind === "expired" || problem.kind === "doubtful";
      // Calls that still run in a session that the server forgot may yet be answered.
      sessions.drop(opened, problem, !isRenewable);
      // A new session is available at once, so the tools stay meanwhile.
      if (isRenewable) continue;
      state.setStatus("disconnected", problem);
      await pause.for(Math.min(FIRST_WAIT_MS, reconnectMs));
    } catch (error) {
      if (stop.aborted) return;
      sessions.settle(undefined);
      state.setStatus(
        "disconnected",
        error instanceof McpError ? error : new McpError("protocol", "could not be used"),
      );
      await pause.for(Math.min(FIRST_WAIT_MS * 2 ** failures, reconnectMs));
      failures += 1;
    }
  }
}
