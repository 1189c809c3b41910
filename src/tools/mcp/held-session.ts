import type { McpError } from "./errors.ts";
import { orAborted } from "./session-requests.ts";
import type { McpSession } from "./session.ts";

/** A session in use. */
export interface HeldSession {
  readonly session: McpSession;
  /** Calls that run in it. */
  calls: number;
  /** Why it cannot be used any more. */
  lost: McpError | undefined;
  /**
   * It was opened because the one before was in doubt, and answered the same call in the same way: such an answer does
   * not mean that the session is gone.
   */
  isProven: boolean;
}

/** The session of a connection, of which there is one at a time, and who waits for the next one. */
export interface SessionHolder {
  /** The session, once there is one; undefined if the attempt to open one fails. Rejects with the signal's reason. */
  current(signal: AbortSignal): Promise<HeldSession | undefined>;
  /** Ends an attempt to open a session, with undefined if it failed. */
  settle(opened: HeldSession | undefined): void;
  /** Gives a session up. Calls that still run in it may yet be answered unless `ends`. */
  drop(dropped: HeldSession, problem: McpError, ends: boolean): void;
  /** Ends the session. Never throws. */
  close(): Promise<void>;
}

export const holdSession = (session: McpSession): HeldSession => ({
  session,
  calls: 0,
  lost: undefined,
  isProven: false,
});

export function createSessionHolder(): SessionHolder {
  let held: HeldSession | undefined;
  /** Settles when the next attempt to connect does. */
  let attempt = Promise.withResolvers<HeldSession | undefined>();

  const settle = (opened: HeldSession | undefined): void => {
    held = opened;
    attempt.resolve(opened);
    attempt = Promise.withResolvers();
  };

  return {
    current: (signal) => orAborted(held && !held.lost ? Promise.resolve(held) : attempt.promise, signal),
    settle,
    drop(dropped, problem, ends) {
      dropped.lost ??= problem;
      held = undefined;
      if (ends || dropped.calls === 0) void dropped.session.close();
    },
    async close() {
      const closing = held?.session.close();
      settle(undefined);
      await closing;
    },
  };
}
