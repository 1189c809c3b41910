import type { Outgoing } from "./outgoing.ts";

/** Who is notified of what happens on a connection; replaced with each request. */
export interface ConnectionListener {
  data(bytes: Buffer): void;
  /** Some of what waited has left. */
  progressed?(): void;
  /** Everything that was written has left. */
  drained(): void;
  /**
   * Called once: the server ended the connection, or, with an error, it broke.
   * @param isUnsent what was written last had not begun to leave.
   */
  closed(error: unknown, isUnsent: boolean): void;
}

/** A connection to a provider's server, with its TLS handshake done and its certificate verified. */
export interface Connection {
  listener: ConnectionListener | undefined;
  /** While it carries nothing: when it is to be closed, in milliseconds of the monotonic clock. */
  idleUntil: number;
  /** Keep-Alive timeout announced by the server, in milliseconds. */
  keptMs: number;
  readonly isOpen: boolean;
  /** It has carried a request before. */
  wasUsed: boolean;
  /** More has come on it than answers: its server may do the same on others. */
  isSuspect: boolean;
  /** Everything that was written has left. */
  readonly isDrained: boolean;
  /** @returns false if some of the bytes wait for the server to read; `drained` says when they are gone. */
  write(bytes: Uint8Array): boolean;
  /** Like `write`, together with what other connections write in this turn of the event loop. */
  writeTogether(message: Outgoing): boolean;
  pause(): void;
  resume(): void;
  /** Ends it at once. The listener gets nothing more. */
  close(): void;
}
