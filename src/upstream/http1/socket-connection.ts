import { batchWrite } from "../../core/event-loop.ts";
import type { Connection, ConnectionListener } from "./connection.ts";
import { inOnePiece, type Outgoing } from "./outgoing.ts";
import { WireError } from "./wire-error.ts";

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

type SocketMember =
  "write" | "pause" | "resume" | "close" | "terminate" | "shutdown" | "setKeepAlive" | "remoteAddress";

/** A connection over a socket. Whoever opens that one says what happens on it. */
export class SocketConnection implements Connection {
  listener: ConnectionListener | undefined;
  idleUntil = 0;
  keptMs = Number.POSITIVE_INFINITY;
  isOpen = false;
  wasUsed = false;
  isSuspect = false;
  #socket: Pick<Bun.Socket<unknown>, SocketMember> | undefined;
  #isPaused = false;
  /** Reading goes on with the next turn of the event loop. */
  #isYielding = false;
  #bytesSinceYield = 0;
  /** What the system has not taken, in pieces, as to join them would copy a long one for each short one behind it. */
  #unsent: Uint8Array[] | undefined;
  /** Waits for the end of this turn, to be put together then. */
  #message: Outgoing | undefined;
  /** Nothing of what waits has left, because it waits for the end of this turn. */
  #isDeparting = false;
  readonly #isOfClient: boolean;

  /**
   * @param isOfClient it is a client's: that may send before what is written to it has left, and still gets what the system has of
   * it when it has said that it sends nothing more
   */
  constructor(isOfClient = false) {
    this.#isOfClient = isOfClient;
  }

  get remoteAddress(): string | undefined {
    return this.#socket?.remoteAddress;
  }

  get isDrained(): boolean {
    return this.#unsent === undefined && this.#message === undefined;
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#socket || !this.isOpen) return true;
    if (this.#message) this.#unsent = [inOnePiece(this.#message)];
    this.#message = undefined;
    if (this.#unsent) {
      this.#unsent.push(bytes);
      return false;
    }
    const written = Math.max(0, this.#socket.write(bytes));
    if (written === bytes.length) return true;
    this.#unsent = [bytes.subarray(written)];
    return false;
  }

  /** Like `write`, of the first bytes of a buffer that is used for others next. */
  writeFrom(buffer: Buffer, length: number): boolean {
    if (!this.#socket || !this.isOpen) return true;
    if (!this.isDrained) return this.write(Buffer.from(buffer.subarray(0, length)));
    const written = Math.max(0, this.#socket.write(buffer, 0, length));
    if (written === length) return true;
    this.#unsent = [Buffer.from(buffer.subarray(written, length))];
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

  /** Ends it; what the system has still goes out. The listener gets nothing more. */
  release(): void {
    this.listener = undefined;
    this.isOpen = false;
    this.#socket?.close();
  }

  /** Says that nothing more is written; what comes is still read. For a connection that is drained. */
  finish(): void {
    this.#socket?.shutdown();
  }

  // For whoever opens the socket:

  attach(socket: Pick<Bun.Socket<unknown>, SocketMember>): void {
    this.#socket = socket;
  }

  establish(): void {
    this.isOpen = true;
    this.#socket?.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
  }

  /** Takes what has come. A property, for the socket to call without a function between. */
  readonly received = (_: unknown, bytes: Buffer): void => {
    // Whoever takes them may free them.
    const { length } = bytes;
    // What comes without having been asked for belongs to no request.
    if (this.#isDeparting && !this.#isOfClient) this.ended(new WireError("HTTP_UNREQUESTED_BYTES"));
    else if (this.listener) this.listener.data(bytes);
    else this.close();
    this.#bytesSinceYield += length;
    if (this.#bytesSinceYield > MAX_BYTES_PER_TURN) this.#yieldTurn();
  };

  /** The system takes more. */
  drain(): void {
    const unsent = this.#unsent;
    if (!this.#socket || !unsent) return;
    let index = 0;
    for (let piece = unsent[0]; piece !== undefined; piece = unsent[++index]) {
      const written = Math.max(0, this.#socket.write(piece));
      if (written === piece.length) continue;
      unsent[index] = piece.subarray(written);
      break;
    }
    if (index < unsent.length) unsent.splice(0, index);
    else this.#unsent = undefined;
    this.listener?.progressed?.();
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
    if (error === undefined && this.#isOfClient) this.#socket?.close();
    else this.#socket?.terminate();
  }

  readonly #depart = (): void => {
    this.#isDeparting = false;
    const message = this.#message;
    if (!message) return this.drain();
    if (!this.#socket) return;
    this.#message = undefined;
    message.writeTo(departing);
    const hasLeft = this.writeFrom(departing, message.length);
    message.left();
    if (hasLeft) this.listener?.drained();
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
