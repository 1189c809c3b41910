import type { TimerSource } from "../../core/deadlines.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { bindSignal, orAborted } from "./session-requests.ts";
import { McpError, tookTooLong } from "./errors.ts";
import type { McpServer, McpSession, OpenSession, RemoteTool, SessionOptions } from "./session.ts";

/** Waits of one loop, which can be cut short. */
export interface Pause {
  /** Waits for so many milliseconds, or without an end; until it is woken, or everything stops. */
  for(milliseconds: number | undefined): Promise<void>;
  /** Ends the wait; if there is none, the next one does not begin. */
  wake(): void;
}

/** @param stop ends every wait; after that none begins. */
export function createPause({ setTimer, clearTimer }: TimerSource, stop: AbortSignal): Pause {
  let woken = false;
  let end: (() => void) | undefined;
  stop.addEventListener("abort", () => end?.(), { once: true });
  return {
    async for(milliseconds) {
      if (!woken && !stop.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = milliseconds === undefined ? undefined : setTimer(resolve, milliseconds);
        end = resolve;
        await promise;
        end = undefined;
        if (timer !== undefined) clearTimer(timer);
      }
      woken = false;
    },
    wake() {
      woken = true;
      end?.();
    },
  };
}

export type ServerStatus = "connecting" | "connected" | "disconnected";

/** One MCP server, connected to whenever it is available. */
export interface ServerConnection {
  readonly server: McpServer;
  /** Begins to connect, in the background. */
  start(): void;
  status(): ServerStatus;
  /** The server's tools as last heard, also while it is away. Another array after each change. */
  tools(): readonly RemoteTool[];
  /**
   * Runs a tool, once more in a new session if the old one has expired.
   * @throws McpError, or the signal's reason once it is aborted.
   */
  call(tool: RemoteTool, args: JsonObject, signal: AbortSignal): Promise<JsonObject>;
  /** Ends the session, which takes two seconds at most, and every wait. Never throws. */
  close(): Promise<void>;
}

export interface ConnectionLimits {
  /** One call of a tool. All in milliseconds. */
  readonly callMs: number;
  /** Connecting with one transport, or one page of the list of tools. */
  readonly connectMs: number;
  /** Wait before a server that is away is tried again; grows with each failure. */
  readonly reconnectMs: number;
  /** Between two checks of the tools; 0 for never. */
  readonly pollMs: number;
}

export interface ConnectionParts extends Pick<SessionOptions, "client" | "fetch" | "timers" | "memory" | "jsonLimits"> {
  readonly openSession: OpenSession;
  readonly limits: ConnectionLimits;
  /** Called when the status or the tools have changed; `problem` says why a server is away. */
  readonly onChange: (connection: ServerConnection, problem: McpError | undefined) => void;
  /** Called when other tools than before are left out or cut, and why. */
  readonly onToolFaults: (faults: readonly string[]) => void;
}

/** Waits for a server that is away grow up to this many times the first. */
const LONGEST_BACKOFF = 8;

/**
 * A server that was there a moment ago is tried again after this, if the setting is not shorter: it may be restarting.
 */
const RESTART_MS = 1000;

/** Minimum time between two checks that a server's notifications cause. */
const NOTIFIED_GAP_MS = 250;

/** Checks in a row that may time out before the server counts as away: slow is not dead. */
const PATIENCE = 2;

/** A session in use. */
interface Held {
  readonly session: McpSession;
  calls: number;
  /** Why it cannot be used any more. */
  lost: McpError | undefined;
}

export function openServerConnection(server: McpServer, parts: ConnectionParts): ServerConnection {
  const { openSession, timers, limits, onChange } = parts;
  const shutdown = new AbortController();
  const pause = createPause(timers, shutdown.signal);
  let held: Held | undefined;
  let status: ServerStatus = "connecting";
  let tools: readonly RemoteTool[] = [];
  let toolFaults: readonly string[] = [];
  /** Settles when the next attempt to connect does, with undefined if it fails. */
  let attempt = Promise.withResolvers<Held | undefined>();
  let running: Promise<void> | undefined;

  const settleAttempt = (opened: Held | undefined): void => {
    held = opened;
    attempt.resolve(opened);
    attempt = Promise.withResolvers();
  };

  const setStatus = (changed: ServerStatus, problem?: McpError): void => {
    if (status === changed) return;
    status = changed;
    onChange(connection, problem);
  };

  const setTools = (found: readonly RemoteTool[]): void => {
    if (Bun.deepEquals(tools, found)) return;
    tools = found;
    if (status === "connected") onChange(connection, undefined);
  };

  const setToolFaults = (found: readonly string[]): void => {
    if (Bun.deepEquals(toolFaults, found)) return;
    toolFaults = found;
    if (found.length > 0) parts.onToolFaults(found);
  };

  const lose = (losing: Held | undefined, problem: McpError): void => {
    if (!losing || losing.lost) return;
    losing.lost = problem;
    pause.wake();
  };

  const open = async (): Promise<Held> => {
    let opened: Held | undefined;
    const session = await openSession({
      server,
      client: parts.client,
      fetch: parts.fetch,
      timers,
      memory: parts.memory,
      jsonLimits: parts.jsonLimits,
      timeoutMs: limits.connectMs,
      signal: shutdown.signal,
      events: {
        onToolsChanged: pause.wake,
        onToolFaults: setToolFaults,
        onDoubt: pause.wake,
        onLost: () => lose(opened, new McpError("disconnected", "closed the connection")),
      },
    });
    opened = { session, calls: 0, lost: undefined };
    try {
      setTools(await session.listTools(shutdown.signal));
      return opened;
    } catch (error) {
      await session.close();
      throw error;
    }
  };

  /** Checks the server from time to time, and resolves with the reason once the session is lost. */
  const watch = async (watched: Held): Promise<McpError> => {
    let timeouts = 0;
    for (;;) {
      const lookedAt = timers.now();
      await pause.for(timeouts > 0 ? RESTART_MS : limits.pollMs || undefined);
      shutdown.signal.throwIfAborted();
      // Notifications come in bursts, and a check can itself cause the next doubt.
      while (!watched.lost && timers.now() - lookedAt < NOTIFIED_GAP_MS) {
        await pause.for(NOTIFIED_GAP_MS - (timers.now() - lookedAt));
        shutdown.signal.throwIfAborted();
      }
      if (watched.lost) return watched.lost;
      try {
        setTools(await watched.session.listTools(shutdown.signal));
        timeouts = 0;
      } catch (error) {
        if (!(error instanceof McpError)) throw error;
        timeouts += 1;
        const patient = error.kind === "timeout" && (watched.calls > 0 || timeouts < PATIENCE);
        if (!patient) return error;
      }
    }
  };

  const drop = (dropped: Held, problem: McpError): void => {
    dropped.lost ??= problem;
    held = undefined;
    // Calls that still run in an expired session may yet be answered.
    if (problem.kind !== "expired" || dropped.calls === 0) void dropped.session.close();
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!shutdown.signal.aborted) {
      try {
        const opened = await open();
        failures = 0;
        setStatus("connected");
        settleAttempt(opened);
        const problem = await watch(opened);
        drop(opened, problem);
        // A new session is available at once, so the tools stay meanwhile.
        if (problem.kind === "expired") continue;
        setStatus("disconnected", problem);
        await pause.for(Math.min(RESTART_MS, limits.reconnectMs));
      } catch (error) {
        if (shutdown.signal.aborted) return;
        settleAttempt(undefined);
        setStatus("disconnected", error instanceof McpError ? error : new McpError("protocol", "could not be used"));
        await pause.for(limits.reconnectMs * Math.min(2 ** failures, LONGEST_BACKOFF));
        failures += 1;
      }
    }
  };

  const connection: ServerConnection = {
    server,
    start() {
      running ??= run().catch(() => {});
    },
    status: () => status,
    tools: () => tools,
    async call(tool, args, signal) {
      const bound = bindSignal(timers, signal, limits.callMs, () => tookTooLong(limits.callMs, "MCP_REQUEST_TIMEOUT"));
      const callIn = async (used: Held): Promise<JsonObject> => {
        used.calls += 1;
        try {
          return await used.session.callTool(tool, args, bound);
        } finally {
          used.calls -= 1;
          if (used.lost && used.calls === 0) void used.session.close();
        }
      };
      const current = (): Promise<Held | undefined> =>
        orAborted(held && !held.lost ? Promise.resolve(held) : attempt.promise, bound.signal);
      const use = async (used: Held | undefined): Promise<JsonObject> => {
        if (!used) throw new McpError("disconnected", "is not connected");
        return callIn(used);
      };
      try {
        if (status !== "connected") throw new McpError("disconnected", "is not connected");
        const first = await current();
        try {
          return await use(first);
        } catch (error) {
          if (!(error instanceof McpError)) throw error;
          if (error.kind === "unreachable") pause.wake();
          if (error.kind !== "expired") throw error;
          lose(first, error);
          return await use(await current());
        }
      } finally {
        bound.release();
      }
    },
    async close() {
      shutdown.abort(new McpError("disconnected", "is not connected any more"));
      const closing = held?.session.close();
      settleAttempt(undefined);
      await Promise.all([closing, running]);
      status = "disconnected";
    },
  };
  return connection;
}
