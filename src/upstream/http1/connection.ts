import { batchWrite } from "../../core/event-loop.ts";
import { inOnePiece, type Outgoing } from "./outgoing.ts";
import { WireError } from "./wire-error.ts";

/** Who is notified of what happens on a connection; replaced with each request. */
export interface ConnectionListener {
  data(bytes: Buffer): void;
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

/**
 * After this many bytes the others have their turn. The runtime goes on reading a connection while bytes are there,
 * 5.8 MB at a time were seen, and what is done with them all is one turn of the event loop: 1 MiB of short events, each of
 * which may be the last, takes 60 ms.
 */
const MAX_BYTES_PER_TURN = 512 * 1024;

/** A longer message leaves from a buffer of its own. */
const MAX_TOGETHER_BYTES = 288 * 1024;

/** Milliseconds of silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE_PROBE_MS = 60_000;

/**
 * What leaves is put together here, and is with the system when the write returns. One for the process, because one write
 * is over before the next begins: of its pages, those that the longest message needed are in memory.
 */
const departing = Buffer.allocUnsafe(MAX_TOGETHER_BYTES);

/** A connection over a socket. Whoever opens that one says what happens on it. */
export class SocketConnection implements Connection {
  listener: ConnectionListener | undefined;
  idleUntil = 0;
  keptMs = Number.POSITIVE_INFINITY;
  isOpen = false;
  wasUsed = false;
  isSuspect = false;
  #socket: Bun.Socket<undefined> | undefined;
  #isPaused = false;
  /** Reading goes on with the next turn of the event loop. */
  #isYielding = false;
  #bytesSinceYield = 0;
  #unsent: Uint8Array | undefined;
  /** Waits for the end of this turn, to be put together then. */
  #message: Outgoing | undefined;
  /** Nothing of what waits has left, because it waits for the end of this turn. */
  #isDeparting = false;

  get isDrained(): boolean {
    return this.#unsent === undefined && this.#message === undefined;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#socket || !this.isOpen) return true;
    const unsent = this.#message ? inOnePiece(this.#message) : this.#unsent;
    if (unsent) {
      this.#message = undefined;
      this.#unsent = Buffer.concat([unsent, bytes]);
      return false;
    }
    const written = Math.max(0, this.#socket.write(bytes));
    if (written === bytes.length) return true;
    this.#unsent = bytes.subarray(written);
    return false;
  }

  writeTogether(message: Outgoing): boolean {
    if (!this.isDrained || !this.isOpen || message.length > MAX_TOGETHER_BYTES) return this.write(inOnePiece(message));
    this.#message = message;
    this.#isDeparting = true;
    batchWrite(this.#depart);
    return false;
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket?.pause();
  }

  resume(): void {
    if (this.#isPaused && !this.#isYielding) this.#socket?.resume();
    this.#isPaused = false;
  }

  close(): void {
    this.listener = undefined;
    this.isOpen = false;
    this.#unsent = this.#message = undefined;
    this.#socket?.terminate();
  }

  // For whoever opens the socket:

  attach(socket: Bun.Socket<undefined>): void {
    this.#socket = socket;
  }

  establish(): void {
    this.isOpen = true;
    this.#socket?.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
  }

  /** Takes what has come. A property, for the socket to call without a function between. */
  readonly received = (_: unknown, bytes: Buffer): void => {
    // What comes without having been asked for belongs to no request.
    if (this.#isDeparting) this.ended(new WireError("HTTP_UNREQUESTED_BYTES"));
    else if (this.listener) this.listener.data(bytes);
    else this.close();
    this.#bytesSinceYield += bytes.length;
    if (this.#bytesSinceYield > MAX_BYTES_PER_TURN) this.#yieldTurn();
  };

  /** The system takes more. */
  drain(): void {
    if (!this.#socket || !this.#unsent) return;
    const written = Math.max(0, this.#socket.write(this.#unsent));
    this.#unsent = written === this.#unsent.length ? undefined : this.#unsent.subarray(written);
    if (!this.#unsent) this.listener?.drained();
  }

  /** @param error undefined if the server ended it without one */
  ended(error: unknown): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#unsent = this.#message = undefined;
    const { listener } = this;
    this.listener = undefined;
    listener?.closed(error, this.#isDeparting);
    this.#socket?.terminate();
  }

  readonly #depart = (): void => {
    this.#isDeparting = false;
    const message = this.#message;
    if (!message) return this.drain();
    if (!this.#socket) return;
    this.#message = undefined;
    const { length } = message;
    message.writeTo(departing);
    const written = Math.max(0, this.#socket.write(departing, 0, length));
    message.left();
    if (written === length) this.listener?.drained();
    else this.#unsent = Buffer.from(departing.subarray(written, length));
  };

  #yieldTurn(): void {
    this.#bytesSinceYield = 0;
    if (this.#isYielding || !this.isOpen) return;
    this.#isYielding = true;
    this.#socket?.pause();
    setImmediate(() => {
      this.#isYielding = false;
      if (!this.#isPaused && this.isOpen) this.#socket?.resume();
    });
  }
}
