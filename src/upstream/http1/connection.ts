import { batchWrite } from "../../core/batch-writes.ts";
import { isAddress, type Origin } from "./origin.ts";
import { errorCodeOf, UpstreamError } from "../errors.ts";
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
  writeTogether(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Ends it at once. The listener gets nothing more. */
  close(): void;
}

/**
 * After this many bytes the others have their turn. The runtime goes on reading a connection while bytes are there,
 * 5.8 MB at a time were seen, and what is done with them all is one turn of the event loop.
 */
const MAX_BYTES_PER_TURN = 1024 * 1024;

/** Milliseconds of silence after which the system asks whether the other side is still there. */
const KEEP_ALIVE_PROBE_MS = 60_000;

/** An attempt to connect. */
export interface Opening {
  /** Rejects with an {@link UpstreamError} whose `code` is that of the system, of the name lookup or of the certificate's verification. */
  readonly connection: Promise<Connection>;
  /** Resolves when the system has nothing to wait for any more, be the attempt given up or not. */
  readonly ended: Promise<void>;
  /** Gives the attempt up. What the system itself is still waiting for, a name or the server's first packet, it waits for. */
  abandon(): void;
}

/**
 * Connects. https: only if the certificate is valid for the host; NODE_EXTRA_CA_CERTS names further authorities.
 */
export function openConnection(origin: Origin): Opening {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  let stands = false;
  let isAbandoned = false;
  let isPaused = false;
  /** Reading goes on with the next turn of the event loop. */
  let isYielding = false;
  let bytesSinceYield = 0;
  let unsent: Uint8Array | undefined;
  /** Nothing of what is unsent has left, because it waits for the end of this turn. */
  let isDeparting = false;
  let socket: Bun.Socket<undefined> | undefined;

  const yieldTurn = (): void => {
    bytesSinceYield = 0;
    if (isYielding || !connection.isOpen) return;
    isYielding = true;
    socket?.pause();
    setImmediate(() => {
      isYielding = false;
      if (!isPaused && connection.isOpen) socket?.resume();
    });
  };

  const depart = (): void => {
    isDeparting = false;
    writeUnsent();
  };

  const writeUnsent = (): void => {
    if (!socket || !unsent) return;
    const written = Math.max(0, socket.write(unsent));
    unsent = written === unsent.length ? undefined : unsent.subarray(written);
    if (!unsent) connection.listener?.drained();
  };

  const connection: Connection & { isOpen: boolean } = {
    listener: undefined,
    idleUntil: 0,
    keptMs: Number.POSITIVE_INFINITY,
    isOpen: false,
    wasUsed: false,
    isSuspect: false,
    get isDrained() {
      return unsent === undefined;
    },
    write(bytes) {
      if (!socket || !connection.isOpen) return true;
      if (unsent) {
        unsent = Buffer.concat([unsent, bytes]);
        return false;
      }
      const written = Math.max(0, socket.write(bytes));
      if (written === bytes.length) return true;
      unsent = bytes.subarray(written);
      return false;
    },
    writeTogether(bytes) {
      if (unsent || !connection.isOpen) return connection.write(bytes);
      unsent = bytes;
      isDeparting = true;
      batchWrite(depart);
      return false;
    },
    pause() {
      isPaused = true;
      socket?.pause();
    },
    resume() {
      if (isPaused && !isYielding) socket?.resume();
      isPaused = false;
    },
    close() {
      connection.listener = undefined;
      connection.isOpen = false;
      unsent = undefined;
      socket?.terminate();
    },
  };

  const establish = (): void => {
    stands = true;
    connection.isOpen = true;
    socket?.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    resolve(connection);
  };

  const end = (error: unknown): void => {
    if (!stands) return reject(openingError(error, socket !== undefined));
    if (!connection.isOpen) return;
    connection.isOpen = false;
    unsent = undefined;
    const { listener } = connection;
    connection.listener = undefined;
    listener?.closed(error, isDeparting);
    socket?.terminate();
  };

  const handler: Bun.SocketHandler<undefined> = {
    open(opened) {
      socket = opened;
      if (isAbandoned) opened.terminate();
      else if (!origin.secure) establish();
    },
    handshake(shaken, isDone, problem) {
      if (isDone && shaken.authorized) return establish();
      end(problem ?? { code: "ERR_TLS_HANDSHAKE" });
      shaken.terminate();
    },
    data(_, bytes) {
      // What comes without having been asked for belongs to no request.
      if (isDeparting) end(new WireError("HTTP_UNREQUESTED_BYTES"));
      else if (connection.listener) connection.listener.data(bytes);
      else connection.close();
      bytesSinceYield += bytes.length;
      if (bytesSinceYield > MAX_BYTES_PER_TURN) yieldTurn();
    },
    drain: writeUnsent,
    end: () => end(undefined),
    close: (_, error) => end(error),
    error: (_, error) => end(error),
    connectError: (_, error) => end(error),
  };

  const attempt = origin.unix
    ? Bun.connect({ unix: origin.unix, socket: handler })
    : Bun.connect({
        hostname: origin.hostname,
        port: origin.port,
        ...(origin.secure && {
          tls: {
            // An address is no server name (RFC 6066, section 3); the certificate is checked for it all the same.
            ...(!isAddress(origin.hostname) && { serverName: origin.hostname }),
            rejectUnauthorized: true,
          },
        }),
        socket: handler,
      });
  return {
    connection: promise,
    ended: attempt.then(
      () => {},
      (error: unknown) => reject(openingError(error, false)),
    ),
    abandon() {
      if (stands) return;
      isAbandoned = true;
      reject(new UpstreamError("reset", { code: "ECONNABORTED", phase: "connect", requestSent: false }));
      socket?.terminate();
    },
  };
}

/** What the system says if a name could not be looked up; the runtime's own resolver puts `DNS_` before its codes. */
const OF_NAMES: ReadonlySet<string> = new Set([
  ...["ENOTFOUND", "ENODATA", "ESERVFAIL", "EAI_AGAIN", "EAI_FAIL", "EAI_NODATA", "EAI_NONAME", "EAI_ADDRFAMILY"],
  ...["EAI_BADFLAGS", "EAI_FAMILY", "EAI_MEMORY", "EAI_SERVICE", "EAI_SOCKTYPE", "EAI_SYSTEM", "EAI_OVERFLOW"],
]);

/** What the system says if the other side ended the connection. */
const OF_ENDS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/**
 * Why no connection came about.
 * @param error undefined if the server ended it without one
 * @param isConnected all that was missing is TLS
 */
function openingError(error: unknown, isConnected: boolean): UpstreamError {
  const code = error === undefined ? "ECONNRESET" : errorCodeOf(error);
  if (OF_NAMES.has(code) || code.startsWith("DNS_"))
    return new UpstreamError("name_unknown", { code, phase: "dns", requestSent: false });
  const phase = isConnected ? "tls" : "connect";
  if (OF_ENDS.has(code)) return new UpstreamError("reset", { code, phase, requestSent: false });
  return new UpstreamError(isConnected ? "tls" : "unreachable", { code, phase, requestSent: false });
}
