import { type Connection, connect, postRequest } from "./http-connection.ts";
import { asksForStream, SOAK_KINDS, type SoakKind, type SoakKindName } from "./soak-kinds.ts";

/** The clients of the soak, all of one gateway. */
export interface SoakClient {
  /** Sends one request and does what clients of that kind do. Resolves with what was wrong, or undefined where nothing was. */
  exchange(name: SoakKindName): Promise<string | undefined>;
  /** Closes the connections that carry no request. */
  closeIdle(): void;
}

const TAIL_BYTES = 600;
const LONGEST_MILLISECONDS = 60_000;

/** A chat request of that kind. */
function bodyOf(kind: SoakKind, provider: string): Uint8Array {
  const content = "Say hello. ".repeat(Math.ceil((kind.bodyBytes ?? 200) / 11)).slice(0, kind.bodyBytes ?? 200);
  const stream = asksForStream(kind) ? { stream: true } : {};
  return Buffer.from(
    JSON.stringify({ model: `${provider}/${kind.answer}`, ...stream, messages: [{ role: "user", content }] }),
  );
}

/** What is wrong with an answer, by how it had to end. */
export function findFault({ ending }: SoakKind, status: number, tail: string): string | undefined {
  if ("status" in ending) return status === ending.status ? undefined : `status ${status}, not ${ending.status}`;
  if (ending.stream === "failed" && status === ending.orStatus) return undefined;
  if (status !== 200) return `status ${status}, not a stream`;
  const isDone = tail.endsWith("data: [DONE]\n\n");
  if (ending.stream === "left") return "a whole answer before the client had left";
  if (ending.stream === "whole") return isDone ? undefined : `a stream that ends in ${JSON.stringify(tail.slice(-80))}`;
  if (isDone) return "a whole stream where it had to fail";
  return tail.includes('"error"') ? undefined : `a stream without its error: ${JSON.stringify(tail.slice(-80))}`;
}

/**
 * @param chatUrl address of chat completions
 * @param provider id under which the gateway knows the soak's provider
 */
export function createSoakClient(chatUrl: string, provider = "openai"): SoakClient {
  const url = new URL(chatUrl);
  const idle: Connection[] = [];
  const requests = new Map<SoakKindName, Uint8Array>();
  for (const name of Object.keys(SOAK_KINDS) as SoakKindName[]) {
    requests.set(name, postRequest(url, bodyOf(SOAK_KINDS[name], provider)));
  }

  const take = async (): Promise<Connection> => {
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.usable()) return connection;
    }
    return connect(url.hostname, Number(url.port));
  };

  return {
    async exchange(name) {
      const kind: SoakKind = SOAK_KINDS[name];
      const connection = await take();
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      let tail = "";
      let events = 0;
      let left = false;
      const leave = (): void => {
        left = true;
        connection.close();
        resolve(undefined);
      };
      const timers = [setTimeout(() => resolve("no end within a minute"), LONGEST_MILLISECONDS)];
      if (kind.leavesAfterMs !== undefined) timers.push(setTimeout(leave, kind.leavesAfterMs));
      connection.send(requests.get(name) ?? new Uint8Array(), {
        body(piece) {
          if (left) return;
          tail = (tail + piece.toString("latin1", Math.max(0, piece.length - TAIL_BYTES))).slice(-TAIL_BYTES);
          events += 1;
          if (events === kind.leavesAfterEvents) leave();
          else if (kind.pauseMs !== undefined) {
            connection.pause();
            timers.push(setTimeout(() => connection.resume(), kind.pauseMs));
          }
        },
        done: (status) => resolve(findFault(kind, status, tail)),
        failed: (reason) => resolve(left ? undefined : reason),
      });
      const fault = await promise;
      for (const timer of timers) clearTimeout(timer);
      if (kind.pauseMs !== undefined) connection.resume();
      if (!left && connection.usable() && fault === undefined) idle.push(connection);
      else connection.close();
      return fault;
    },
    closeIdle() {
      for (const connection of idle.splice(0)) connection.close();
    },
  };
}
