import { ClientAnswer } from "../../../src/core/client-answer.ts";
import type { ClientRequest } from "../../../src/core/client-request.ts";
import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import { type HttpServer, serveHttp } from "../../../src/server/http1/http-server.ts";
import { openRawClient, type RawClient } from "../../fixtures/raw-http-client.ts";

/** A server of HTTP/1.1 without a gateway, and those who connect to it. */
export interface Served extends AsyncDisposable {
  readonly server: HttpServer;
  connect(): Promise<RawClient>;
  /** Sends bytes on a connection of its own, and resolves with all that came when the server has ended that. */
  exchange(bytes: string): Promise<string>;
}

/** @param serve answers each request; what it throws is a 500 */
export function openServed(
  serve: (request: ClientRequest) => Response | Promise<Response>,
  { idleMs = 60_000, maxHeadBytes = 32 * 1024, timers = BACKGROUND_TIMERS } = {},
): Served {
  const server = serveHttp(
    { hostname: "127.0.0.1", port: 0, reusePort: false, idleMs, maxHeadBytes },
    { serve, serveFault: () => answer("fault", 500) },
    timers,
  );
  const clients: RawClient[] = [];
  const connect = async (): Promise<RawClient> => {
    const client = await openRawClient(server.port ?? 0);
    clients.push(client);
    return client;
  };
  return {
    server,
    connect,
    async exchange(bytes) {
      const client = await connect();
      await client.send(Buffer.from(bytes, "latin1"));
      const { wire } = await client.untilClosed(5000);
      return Buffer.from(wire).toString("latin1");
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.leave();
      await server.stop(true);
    },
  };
}

export const answer = (text: string, status = 200, headers: Record<string, string> = {}): ClientAnswer =>
  new ClientAnswer(Buffer.from(text), { status, headers });

/** A stream whose pieces are there already. */
export const streamed = (pieces: readonly string[], headers: Record<string, string> = {}): ClientAnswer =>
  new ClientAnswer(
    {
      open(output) {
        for (const piece of pieces) output.write(Buffer.from(piece));
        output.close();
        return undefined;
      },
      cancel() {},
    },
    { status: 200, headers },
  );

/** Without what differs from one run to the next. */
export const withoutDate = (wire: string): string => wire.replace(/date: [^\r]+\r\n/g, "");

/** Answers with the method, the path and the body of a request. */
export async function echo(request: ClientRequest): Promise<Response> {
  const body = Buffer.from(await request.bytes()).toString();
  return answer(`${request.method} ${new URL(request.url).pathname} ${body}`);
}

export const HOST = "Host: localhost\r\n";
