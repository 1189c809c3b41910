import { connect, createServer, type Socket } from "node:net";
import { takeHttpHead } from "../fixtures/http-head.ts";
import { createHttpRequestParser } from "../fixtures/http-request-parser.ts";

/** What a client said to the proxy: the head of a request in absolute form, or of a CONNECT. */
export interface SeenByProxy {
  /** Method and target as they stood in the request line. */
  readonly request: string;
  readonly authorization: string | undefined;
  /** Every byte of the head. */
  readonly head: string;
}

/** A forward proxy on 127.0.0.1, with CONNECT and absolute form, that resolves names by a table of its own. */
export interface EgressProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly seen: readonly SeenByProxy[];
  /** From now on everything is refused with this answer; without one it works again. */
  refuse(answer?: string): void;
}

/** @param hosts the local port behind each `host:port` that it reaches */
export async function startEgressProxy(hosts: Readonly<Record<string, number>>): Promise<EgressProxy> {
  const seen: SeenByProxy[] = [];
  const open = new Set<Socket>();
  let refusal: string | undefined;

  const reach = (host: string): Socket | undefined => {
    const port = hosts[host];
    if (port === undefined) return undefined;
    const socket = connect(port, "127.0.0.1");
    open.add(socket);
    return socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
  };

  const server = createServer((client) => {
    open.add(client);
    client.on("error", () => client.destroy());
    let before = Buffer.alloc(0);
    let tunnel: Socket | undefined;
    // Clients keep one connection for requests to whatever host.
    const upstreams = new Map<string, Socket>();

    const join = (target: Socket): void => {
      target.on("data", (bytes) => client.write(bytes)).on("close", () => client.end());
      client.on("close", () => target.destroy());
    };
    const note = (request: string, authorization: string | undefined, head: string): void => {
      seen.push({ request, authorization, head });
    };

    /** Passes requests on in origin form, without what was meant for the proxy. */
    const forward = createHttpRequestParser(1, {
      head(request) {
        const head = Buffer.from(request.head).toString("latin1");
        note(`${request.method} ${request.target}`, request.header("proxy-authorization"), head);
      },
      complete(request) {
        if (refusal !== undefined) return void client.end(refusal);
        const { host, pathname, search, port } = new URL(request.target);
        const known = upstreams.get(host);
        const upstream = known?.writable ? known : reach(port === "" ? `${host}:80` : host);
        if (!upstream) return void client.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        if (upstream !== known) join(upstream);
        upstreams.set(host, upstream);
        const fields = request.headers.filter(([name]) => !/^(proxy-|transfer-encoding|content-length)/i.test(name));
        const length = request.body.length > 0 ? [["Content-Length", String(request.body.length)]] : [];
        const lines = [...fields, ...length].map(([name, value]) => `${name}: ${value}\r\n`).join("");
        upstream.write(`${request.method} ${pathname}${search} HTTP/1.1\r\n${lines}\r\n`);
        upstream.write(request.body);
      },
    });

    client.on("close", () => open.delete(client));
    client.on("data", (data) => {
      const bytes = typeof data === "string" ? Buffer.from(data) : data;
      if (tunnel) return void tunnel.write(bytes);
      if (before.length === 0 && bytes[0] !== "C".charCodeAt(0)) return forward.feed(bytes);
      before = Buffer.concat([before, bytes]);
      const taken = takeHttpHead(before);
      if (!taken) return;
      const { startLine, header } = taken.head;
      const [method = "", target = ""] = startLine.split(" ");
      note(`${method} ${target}`, header("proxy-authorization"), Buffer.from(taken.head.bytes).toString("latin1"));
      tunnel = refusal === undefined ? reach(target) : undefined;
      if (!tunnel) return void client.end(refusal ?? "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      tunnel.write(taken.rest);
      join(tunnel);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    refuse(answer) {
      refusal = answer;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
