import type { Deadline } from "../../core/deadlines.ts";
import type { Connection } from "./connection.ts";
import type { Opening } from "./open-connection.ts";
import { startExchange } from "./exchange.ts";
import type { ExchangeServer } from "./write-request.ts";
import type { UpstreamResponse, PendingResponse, WireRequest } from "../transport.ts";
import { UpstreamError } from "../errors.ts";

/** A server, as far as a connection that is being opened to it is concerned. */
export interface OpeningServer extends ExchangeServer {
  /** How many attempts to connect were given up and have not ended. */
  hanging: number;
  /** Where its connections go that carry nothing. */
  readonly pool: {
    give(connection: Connection): void;
    readonly giveBack: (connection: Connection, reusable: boolean) => void;
  };
}

/**
 * Each attempt that was given up holds a file descriptor for as long as the system waits for the server, which can be two
 * minutes. With this many, a server that does not answer is not tried again until one of them has ended.
 */
export const MAX_HANGING = 512;

/** @throws UpstreamError if the server has left so many attempts to connect without an answer that no more are made */
export function requireFewHanging({ hanging }: OpeningServer): void {
  if (hanging < MAX_HANGING) return;
  throw new UpstreamError("unreachable", { code: "TOO_MANY_HANGING_ATTEMPTS", phase: "connect", requestSent: false });
}

/** A connection may take this much longer to open after its request was given up; it then serves the next one. */
export const GRACE_MS = 1000;

/** The time that an attempt to connect has left when its request was given up. */
export interface Grace {
  begin(onOver: () => void): Deadline;
  end(deadline: Deadline): void;
}

/** Carries a request on a connection that is being opened, which goes to the pool if the request is given up meanwhile. */
export function sendOnNew(
  opening: Opening,
  server: OpeningServer,
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

function abandon(server: OpeningServer, opening: Opening): void {
  opening.abandon();
  server.hanging += 1;
  void opening.ended.then(() => (server.hanging -= 1));
}

/** Sends once more if the first connection was dead before anything came. */
export function repeated(first: PendingResponse, sendAgain: () => PendingResponse): PendingResponse {
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
