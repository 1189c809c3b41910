import { chatBody } from "../../test/fixtures/load-chat-body.ts";
import { type Connection, connect, postRequest } from "../../test/fixtures/load-connection.ts";
import { type ClientKind, SOAK_KINDS, type SoakKind, type SoakKindName } from "./kinds.ts";

/** Clients of several kinds, all of one gateway. */
export interface Client<Name extends string> {
  /** Sends one request and does what clients of that kind do. Resolves with what was wrong; undefined if nothing was. */
  exchange(name: Name): Promise<string | undefined>;
  /** Closes the connections that carry no request. */
  closeIdle(): void;
}

const TAIL_BYTES = 4000;
const LONGEST_MS = 60_000;

/**
 * The clients of the soak.
 * @param chatUrl address of chat completions
 * @param provider id under which the gateway knows the mock provider
 */
export const createSoakClient = (chatUrl: string, provider = "openai"): Client<SoakKindName> =>
  createClient<SoakKindName, SoakKind>(chatUrl, SOAK_KINDS, ({ answer, bodyBytes = 200, stream }) =>
    chatBody(answer, bodyBytes, { stream, model: `${provider}/{model}` }),
  );

/** @param bodyOf makes the body that clients of a kind send */
export function createClient<Name extends string, Kind extends ClientKind>(
  chatUrl: string,
  kinds: Readonly<Record<Name, Kind>>,
  bodyOf: (kind: Kind) => Buffer,
): Client<Name> {
  const url = new URL(chatUrl);
  const idle: Connection[] = [];
  const requests = new Map<string, Uint8Array>();
  for (const [name, kind] of Object.entries<Kind>(kinds)) requests.set(name, postRequest(url, bodyOf(kind)));

  const take = async (): Promise<Connection> => {
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.usable()) return connection;
    }
    return connect(url.hostname, Number(url.port));
  };

  return {
    async exchange(name) {
      const kind = kinds[name];
      const connection = await take();
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      let tail = "";
      let pieces = 0;
      let hasLeft = false;
      const leave = (): void => {
        hasLeft = true;
        connection.close();
        resolve(undefined);
      };
      const timers = [setTimeout(() => resolve("no end within a minute"), LONGEST_MS)];
      if (kind.leavesAfterMs !== undefined) timers.push(setTimeout(leave, kind.leavesAfterMs));
      connection.send(requests.get(name) ?? new Uint8Array(), {
        body(piece) {
          if (hasLeft) return;
          tail = (tail + piece.toString("latin1", Math.max(0, piece.length - TAIL_BYTES))).slice(-TAIL_BYTES);
          pieces += 1;
          if (pieces === kind.leavesAfterPieces) leave();
          else if (kind.pauseMs !== undefined) {
            connection.pause();
            timers.push(setTimeout(() => connection.resume(), kind.pauseMs));
          }
        },
        done: (status) => resolve(kind.findFault(status, tail)),
        failed: (reason) => resolve(hasLeft ? undefined : reason),
      });
      const fault = await promise;
      for (const timer of timers) clearTimeout(timer);
      if (kind.pauseMs !== undefined) connection.resume();
      if (!hasLeft && connection.usable() && fault === undefined) idle.push(connection);
      else connection.close();
      return fault;
    },
    closeIdle() {
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}
