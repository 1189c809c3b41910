import type { ResponseHeaders } from "../transport.ts";
import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { callEach } from "../../core/faults.ts";
import type { Connection } from "./connection.ts";

const SECONDS = /(?:^|[\s,])timeout *= *"?(\d+)/i;

/**
 * Keep-Alive timeout announced by the server, in milliseconds; Infinity if none.
 * https://www.rfc-editor.org/rfc/rfc2068#section-19.7.1.1
 */
export function parseKeepAlive(headers: ResponseHeaders): number {
  const told = headers.get("keep-alive");
  const seconds = told && SECONDS.exec(told)?.[1];
  return seconds ? Number(seconds) * 1000 : Number.POSITIVE_INFINITY;
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
