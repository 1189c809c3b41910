import type { Endpoint, EndpointState } from "../endpoint.ts";
import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { type Opening, openConnection } from "./open-connection.ts";
import { type ConnectionPool, createConnectionPool } from "./connection-pool.ts";
import { startExchange } from "./exchange.ts";
import { originOf } from "./origin.ts";
import { createRequestWriter, type ExchangeServer } from "./write-request.ts";
import type { UpstreamResponse, PendingResponse, Transport, WireRequest } from "../transport.ts";
import { UpstreamError } from "../errors.ts";

/** A transport that owns its connections. */
export interface SocketTransport extends EndpointState {
  readonly send: Transport;
  /** How many connections carry nothing now, and how many were opened since the start. */
  connections(): { readonly idle: number; readonly opened: number };
  /** Closes the connections that carry nothing. */
  close(): void;
}

/** A connection may take this much longer to open after its request was given up; it then serves the next one. */
const GRACE_MS = 1000;

/**
 * Each attempt that was given up holds a file descriptor for as long as the system waits for the server, which can be two
 * minutes. With this many, a server that does not answer is not tried again until one of them has ended.
 */
export const MAX_HANGING = 512;

interface Server extends ExchangeServer {
  /** How many attempts to connect were given up and have not ended. */
  hanging: number;
  readonly pool: ConnectionPool;
}

/** Requests that may be sent again if a connection that was kept turns out to be dead. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Carries requests over HTTP/1.1 on connections that it keeps: any number at once, each for one request at a time, and
 * each endpoint's for that endpoint alone. Names are looked up and TLS is set up only when a connection is opened.
 */
export function createSocketTransport(
  deadlines: Deadlines,
  now: () => number,
  open: typeof openConnection = openConnection,
): SocketTransport {
  const servers = new Map<string, Server>();
  let opened = 0;

  const serverOf = (endpoint: Endpoint): Server => {
    let server = servers.get(endpoint.endpointKey);
    if (!server) {
      const origin = originOf(endpoint);
      const write = createRequestWriter(origin);
      server = { hanging: 0, origin, write, pool: createConnectionPool(deadlines, now) };
      servers.set(endpoint.endpointKey, server);
    }
    return server;
  };

  const sendFresh = (server: Server, request: WireRequest, onConnected: () => void): PendingResponse => {
    if (server.hanging >= MAX_HANGING) throw tooManyHanging();
    opened += 1;
    const grace = { begin: (onOver: () => void) => deadlines.open(now() + GRACE_MS, onOver), end: deadlines.release };
    return sendOnNew(open(server.origin), server, request, onConnected, grace);
  };

  const send: Transport = (endpoint, request, onConnected) => {
    const server = serverOf(endpoint);
    const kept = server.pool.take();
    if (!kept) return sendFresh(server, request, onConnected);
    onConnected();
    const sendAgain = (): PendingResponse => sendFresh(server, request, () => {});
    const sending = startExchange(kept, server, request, server.pool.giveBack, sendAgain);
    const isRepeatable = REPEATABLE.has(request.method) && request.body === null;
    return isRepeatable ? repeated(sending, sendAgain) : sending;
  };

  return {
    send,
    retain(keys) {
      for (const [key, { pool }] of servers) {
        if (keys.has(key)) continue;
        servers.delete(key);
        pool.close();
      }
    },
    connections() {
      let idle = 0;
      for (const { pool } of servers.values()) idle += pool.size();
      return { idle, opened };
    },
    close() {
      for (const { pool } of servers.values()) pool.close();
    },
  };
}

/** The time that an attempt to connect has left when its request was given up. */
interface Grace {
  begin(onOver: () => void): Deadline;
  end(deadline: Deadline): void;
}

/** Carries a request on a connection that is being opened, which goes to the pool if the request is given up meanwhile. */
function sendOnNew(
  opening: Opening,
  server: Server,
  request: WireRequest,
  onConnected: () => void,
  grace: Grace,
): PendingResponse {
  const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
  let sending: PendingResponse | undefined;
  let late: Deadline | undefined;
  // Released when it is sent or given up, because whoever may still abort it holds everything in here.
  let unsent: WireRequest | undefined = request;

  const giveUp = (reason: unknown): void => {
    unsent = undefined;
    reject(reason);
  };
  opening.connection.then(
    (connection) => {
      if (late) grace.end(late);
      if (!unsent) return server.pool.give(connection);
      onConnected();
      sending = startExchange(connection, server, unsent, server.pool.giveBack);
      unsent = undefined;
      sending.response.then(resolve, reject);
    },
    (error: unknown) => {
      if (late) grace.end(late);
      giveUp(error);
    },
  );
  return {
    response: promise,
    abort(reason) {
      if (sending) return sending.abort(reason);
      if (!unsent) return;
      giveUp(reason);
      late = grace.begin(() => abandon(server, opening));
    },
  };
}

function abandon(server: Server, opening: Opening): void {
  opening.abandon();
  server.hanging += 1;
  void opening.ended.then(() => (server.hanging -= 1));
}

/** Sends once more if the first connection was dead before anything came. */
function repeated(first: PendingResponse, sendAgain: () => PendingResponse): PendingResponse {
  let current = first;
  let isAborted = false;
  return {
    response: first.response.catch((error: unknown) => {
      if (isAborted || !isOfConnection(error)) throw error;
      current = sendAgain();
      return current.response;
    }),
    abort(reason) {
      isAborted = true;
      current.abort(reason);
    },
  };
}

/** Whether a connection that was kept failed, and not the request or its answer. */
function isOfConnection(error: unknown): boolean {
  return error instanceof UpstreamError && (error.fault === "reset" || error.code === "HTTP_UNREQUESTED_BYTES");
}

/** The server has left so many attempts to connect without an answer that no more are made. */
function tooManyHanging(): UpstreamError {
  return new UpstreamError("unreachable", { code: "TOO_MANY_HANGING_ATTEMPTS", phase: "connect", requestSent: false });
}
