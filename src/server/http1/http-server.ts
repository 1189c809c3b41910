import type { ClientRequest } from "../../core/client-request.ts";
import { BACKGROUND_TIMERS, createDeadlines, type TimerSource } from "../../core/deadlines.ts";
import { urlHost } from "../../core/url-host.ts";
import type { TlsMaterial } from "../tls.ts";
import { createDateLine } from "./answer-head.ts";
import { WriteBuffer } from "./answer-stream.ts";
import { ClientConnection } from "./client-connection.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import { type RequestConnection, ReceivedRequest } from "./received-request.ts";
import { createUrlReader } from "./request-url.ts";

/** Where and how a server listens. */
export interface ListenOptions {
  readonly hostname?: string | undefined;
  readonly port?: number;
  /** In place of both. */
  readonly unix?: string;
  readonly tls?: TlsMaterial;
  /** Whether others may listen on the same port, and get some of its connections each. */
  readonly reusePort: boolean;
  /** How long a connection may be silent, in milliseconds. */
  readonly idleMs: number;
  /** Limit of a request line and its header section together. */
  readonly maxHeadBytes: number;
}

/** Answers requests. */
export interface Serving {
  readonly serve: (request: ClientRequest) => Response | Promise<Response>;
  /** The answer to a request of which that was thrown although nothing should be. */
  readonly serveFault: (error: unknown) => Response;
}

/** A server of HTTP/1.1 at one address. */
export interface HttpServer {
  /** Undefined at a unix socket. */
  readonly port: number | undefined;
  /** Lets the connection of a request be silent for so many milliseconds from now on. */
  mayBeSilent(request: ClientRequest, milliseconds: number): void;
  /** The IP address at the other end of a request's connection; undefined over a unix socket. */
  addressOf(request: ClientRequest): string | undefined;
  /** Where clients reach it, without a trailing slash; empty at a unix socket. */
  readonly url: string;
  /**
   * Accepts nothing any more; resolves when every connection has ended, or at once if they are to be cut. One that has just
   * opened may ask once.
   */
  stop(cut: boolean): Promise<void>;
}

/** So long after it has opened a connection of which nothing has come is not idle: its client has yet to send its first request. */
const FIRST_MS = 2000;

/** @throws the runtime's error if the address cannot be listened on. */
export function serveHttp(
  options: ListenOptions,
  serving: Serving,
  timers: TimerSource = BACKGROUND_TIMERS,
): HttpServer {
  const { hostname = "0.0.0.0", port = 0, unix, tls, reusePort, idleMs, maxHeadBytes } = options;
  const scheme = tls ? "https" : "http";
  const connections = new Set<ClientConnection>();
  const over = Promise.withResolvers<void>();
  let isStopped = false;
  const endIfOver = (): void => {
    if (isStopped && connections.size === 0) over.resolve();
  };
  const parts: ConnectionParts = {
    ...serving,
    urlOf: createUrlReader(scheme),
    dateLine: createDateLine(),
    buffer: new WriteBuffer(),
    deadlines: createDeadlines(timers),
    now: timers.now,
    idleMs,
    maxHeadBytes,
    allAhead: { total: 0 },
    isLeaving: () => isStopped,
    onEnd(connection) {
      connections.delete(connection as ClientConnection);
      endIfOver();
    },
  };
  const onOpen = (socket: Bun.Socket<ClientConnection>): void => {
    const connection = new ClientConnection(parts);
    connection.firstUntil = parts.now() + FIRST_MS;
    connections.add(connection);
    socket.data = connection;
    connection.wire.attach(socket);
    connection.wire.establish();
  };
  const leave = (connection: ClientConnection): void => {
    // Its client has just connected, and cannot know that the server stops.
    const { firstUntil } = connection;
    if (firstUntil > parts.now()) parts.deadlines.open(firstUntil, () => connection.leave());
    else connection.leave();
  };
  const address = unix === undefined ? { hostname, port, reusePort } : { unix };
  // Half open: who has said that it sends nothing more may still read.
  const listener = listen({ ...address, ...(tls && { tls }), allowHalfOpen: true, socket: handlerOf(onOpen) });
  const opened = "port" in listener && typeof listener.port === "number" ? listener.port : undefined;
  return {
    port: opened,
    url: opened === undefined ? "" : `${scheme}://${urlHost(hostname)}:${opened}`,
    mayBeSilent: (request, milliseconds) => connectionOf(request)?.mayBeSilent(milliseconds),
    addressOf: (request) => connectionOf(request)?.address,
    async stop(cut) {
      isStopped = true;
      listener.stop(false);
      for (const connection of connections) {
        if (cut) connection.cut();
        else leave(connection);
      }
      endIfOver();
      await over.promise;
    },
  };
}

const connectionOf = (request: ClientRequest): RequestConnection | undefined =>
  request instanceof ReceivedRequest ? request.connection : undefined;

const handlerOf = (open: (socket: Bun.Socket<ClientConnection>) => void): Bun.SocketHandler<ClientConnection> => ({
  open,
  data: ({ data }, bytes) => data.wire.received(undefined, bytes),
  drain: ({ data }) => data.wire.drain(),
  end: ({ data }) => data.halfClosed(),
  close: ({ data }, error) => data?.wire.ended(error),
  error: ({ data }, error) => data?.wire.ended(error),
});

type ListenerOptions = Parameters<typeof Bun.listen<ClientConnection>>[0];

function listen(options: object): Bun.SocketListener<ClientConnection> {
  try {
    // Its type does not know `reusePort`, which it takes as the runtime's server does.
    return Bun.listen(options as ListenerOptions);
  } catch (error) {
    // What the runtime's server throws for the same address says more: the system's own word.
    void Bun.serve({ ...(options as { unix: string }), fetch: () => new Response() }).stop(true);
    throw error;
  }
}
