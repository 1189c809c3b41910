import type { Deadline, Deadlines } from "../upstream/deadlines.ts";
import type { Connection } from "./connection.ts";

/** The connections to one server that carry no request at the moment. */
export interface ConnectionPool {
  /** The one used last, or undefined where there is none. */
  take(): Connection | undefined;
  /** Keeps a connection for later, or closes it where enough are kept. */
  give(connection: Connection): void;
  /** Like `give`, for a connection that may not be good any more. */
  readonly giveBack: (connection: Connection, reusable: boolean) => void;
  close(): void;
}

/** More than this are not kept, per server. */
const MAX_IDLE = 2048;

/** Load balancers and servers forget silent connections after a minute or more; most say so when they do. */
const MAX_IDLE_MS = 55_000;

export function createConnectionPool(
  deadlines: Deadlines,
  now: () => number,
  maxIdle: number = MAX_IDLE,
): ConnectionPool {
  /** The one used last stands last. */
  let idle: Connection[] = [];
  let expiry: Deadline | undefined;

  const closeOld = (): void => {
    expiry = undefined;
    const newest = now() - MAX_IDLE_MS;
    idle = idle.filter((connection) => {
      if (!connection.isOpen) return false;
      if (connection.idleSince > newest) return true;
      connection.close();
      return false;
    });
    awaitExpiry();
  };

  const awaitExpiry = (): void => {
    const oldest = idle[0];
    if (oldest && !expiry) expiry = deadlines.open(oldest.idleSince + MAX_IDLE_MS, closeOld);
  };

  const give = (connection: Connection): void => {
    if (!connection.isOpen) return;
    if (idle.length >= maxIdle) return connection.close();
    connection.idleSince = now();
    idle.push(connection);
    awaitExpiry();
  };

  return {
    take() {
      for (;;) {
        const connection = idle.pop();
        if (!connection || connection.isOpen) return connection;
      }
    },
    give,
    giveBack(connection, reusable) {
      if (reusable) give(connection);
    },
    close() {
      if (expiry) deadlines.release(expiry);
      expiry = undefined;
      for (const connection of idle) connection.close();
      idle = [];
    },
  };
}
