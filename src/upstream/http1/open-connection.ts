import { errorWordOf } from "../../core/error-code.ts";
import type { Connection } from "./connection.ts";
import { SocketConnection } from "./socket-connection.ts";
import { isAddress, type Origin } from "./origin.ts";
import { UpstreamError } from "../errors.ts";

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
  const connection = new SocketConnection();
  let socket: Bun.Socket<undefined> | undefined;
  let state: "opening" | "open" | "abandoned" = "opening";

  const establish = (): void => {
    state = "open";
    connection.establish();
    resolve(connection);
  };

  const end = (error: unknown): void => {
    if (state === "open") connection.ended(error);
    else reject(openingError(error, socket !== undefined));
  };

  const handler: Bun.SocketHandler<undefined> = {
    open(opened) {
      socket = opened;
      connection.attach(opened);
      if (state === "abandoned") opened.terminate();
      else if (!origin.secure) establish();
    },
    handshake(shaken, isDone, problem) {
      if (isDone && shaken.authorized) return establish();
      end(problem ?? { code: "ERR_TLS_HANDSHAKE" });
      shaken.terminate();
    },
    data: connection.received,
    drain: () => connection.drain(),
    end: () => end(undefined),
    close: (_, error) => end(error),
    error: (_, error) => end(error),
    connectError: (_, error) => end(error),
  };

  return {
    connection: promise,
    ended: connect(origin, handler).then(
      () => {},
      (error: unknown) => reject(openingError(error, false)),
    ),
    abandon() {
      if (state === "open") return;
      state = "abandoned";
      reject(new UpstreamError("reset", { code: "ECONNABORTED", phase: "connect", requestSent: false }));
      socket?.terminate();
    },
  };
}

function connect(origin: Origin, socket: Bun.SocketHandler<undefined>): Promise<Bun.Socket<undefined>> {
  if (origin.unix) return Bun.connect({ unix: origin.unix, socket });
  const { hostname, port, secure } = origin;
  // An address is no server name (RFC 6066, section 3); the certificate is checked for it all the same.
  const name = isAddress(hostname) ? {} : { serverName: hostname };
  return Bun.connect({ hostname, port, ...(secure && { tls: { ...name, rejectUnauthorized: true } }), socket });
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
  const code = error === undefined ? "ECONNRESET" : errorWordOf(error);
  if (OF_NAMES.has(code) || code.startsWith("DNS_"))
    return new UpstreamError("name_unknown", { code, phase: "dns", requestSent: false });
  const phase = isConnected ? "tls" : "connect";
  if (OF_ENDS.has(code)) return new UpstreamError("reset", { code, phase, requestSent: false });
  return new UpstreamError(isConnected ? "tls" : "unreachable", { code, phase, requestSent: false });
}
