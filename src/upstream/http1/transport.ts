import type { Endpoint, EndpointState } from "../endpoint.ts";
import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { callEach } from "../../core/faults.ts";
import { openConnection } from "./open-connection.ts";
import type { Connection } from "./connection.ts";
import { startExchange } from "./exchange.ts";
import { originOf } from "./origin.ts";
import { GRACE_MS, type OpeningServer, repeated, requireFewHanging, sendOnNew } from "./send-on-new.ts";
import { createRequestWriter } from "./write-request.ts";
import type { PendingResponse, Transport, WireRequest } from "../transport.ts";

/** A transport that owns its connections. */
export interface SocketTransport extends EndpointState {
  readonly send: Transport;
  /** How many connections carry nothing now, and how many were opened since the start. */
  connections(): { readonly idle: number; readonly opened: number };
  /** Closes the connections that carry nothing. */
  close(): void;
}

interface Server extends OpeningServer {
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
    requireFewHanging(server);
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

/** The connections to one server that carry no request at the moment. */
export interface ConnectionPool {
  /** How many it keeps. */
  size(): number;
  /** The one used last, or undefined if there is none. */
  take(): Connection | undefined;
  /** Keeps a connection for later, or closes it if enough are kept. */
  give(connection: Connection): void;
  /** Like `give`, for a connection that may not be good any more, which then says something of its server. */
  readonly giveBack: (connection: Connection, reusable: boolean) => void;
  /** Closes what is kept, and from now on what is given. */
  close(): void;
}

/** More than this are not kept, per server. */
const MAX_IDLE = 2048;

/** Load balancers and servers forget silent connections after a minute or more; most say so when they do. */
const MAX_IDLE_MS = 55_000;

/**
 * For this long, no connection is kept to a server that sent more than was asked for: what comes late from it would be
 * taken for the answer to the next request.
 */
const DISTRUST_MS = 600_000;

/** Before the server's announced close by this much, so that a request and the close do not cross on the way. */
const SAFETY_MARGIN_MS = 1000;

/**
 * Keeps connections to one server.
 * @param now milliseconds of the monotonic clock
 * @param maxIdle how many are kept while nobody uses them
 */
export function createConnectionPool(
  deadlines: Deadlines,
  now: () => number,
  maxIdle: number = MAX_IDLE,
): ConnectionPool {
  /** The one used last is last. */
  let idle: Connection[] = [];
  let expiry: Deadline | undefined;
  let isClosed = false;
  let distrustedUntil = 0;

  const closeOld = (): void => {
    expiry = undefined;
    const time = now();
    idle = idle.filter((connection) => {
      if (!connection.isOpen) return false;
      if (connection.idleUntil > time) return true;
      connection.close();
      return false;
    });
    if (idle.length > 0) awaitExpiry(idle.reduce((least, { idleUntil }) => Math.min(least, idleUntil), Infinity));
  };

  const awaitExpiry = (time: number): void => {
    if (!expiry) expiry = deadlines.open(time, closeOld);
    else if (time < expiry.expiresAt) deadlines.move(expiry, time);
  };

  const closeAll = (): void => {
    if (expiry) deadlines.release(expiry);
    expiry = undefined;
    const closing = idle;
    idle = [];
    callEach(closing, (connection) => connection.close());
  };

  const give = (connection: Connection): void => {
    if (!connection.isOpen) return;
    const idleMs = Math.min(MAX_IDLE_MS, connection.keptMs - SAFETY_MARGIN_MS);
    const time = now();
    if (isClosed || idle.length >= maxIdle || idleMs <= 0 || time < distrustedUntil) return connection.close();
    connection.wasUsed = true;
    connection.idleUntil = time + idleMs;
    idle.push(connection);
    awaitExpiry(connection.idleUntil);
  };

  return {
    size: () => idle.length,
    take() {
      for (;;) {
        const connection = idle.pop();
        if (!connection || connection.isOpen) return connection;
      }
    },
    give,
    giveBack(connection, reusable) {
      if (reusable) return give(connection);
      if (!connection.isSuspect) return;
      distrustedUntil = now() + DISTRUST_MS;
      closeAll();
    },
    close() {
      isClosed = true;
      closeAll();
    },
  };
}
