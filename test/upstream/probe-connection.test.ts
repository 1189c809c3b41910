import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { probeConnection } from "../../src/upstream/probe-connection.ts";
import { freePort } from "../fixtures/free-port.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { isPending, within } from "../fixtures/within.ts";

const probe = (baseUrl: string, unixSocket?: string): Promise<boolean> =>
  within(probeConnection({ baseUrl, unixSocket }), 4000, `the probe of ${baseUrl}`);

test("nothing listens there: no connection", async () => {
  const port = await freePort();
  expect(await probe(`http://127.0.0.1:${port}/v1`)).toBe(false);
  expect(await probe(`https://127.0.0.1:${port}/v1`)).toBe(false);
  expect(await probe("http://localhost", join(tmpdir(), `nobody-${crypto.randomUUID()}.sock`))).toBe(false);
});

test("the name is unknown: no connection", async () => {
  expect(await probe("http://no-such-host.invalid/v1")).toBe(false);
});

test.each([
  ["hangs up", (socket: Socket) => void socket.end()],
  ["resets the connection", (socket: Socket) => void socket.terminate()],
  ["speaks no TLS", (socket: Socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")],
])("a server that %s amid the TLS handshake: no connection", async (_, data) => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
  expect(await probe(`https://127.0.0.1:${server.port}/v1`)).toBe(false);
  server.stop(true);
});

test("a server that never answers the TLS handshake: neither yes nor no", async () => {
  const mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const probed = probeConnection({ baseUrl: `https://127.0.0.1:${mute.port}/v1`, unixSocket: undefined });
  expect(await isPending(probed, 200)).toBe(true);
  mute.stop(true);
  expect(await within(probed, 4000, "the probe")).toBe(false);
});

test("a server that has not answered the TLS handshake by the limit: no connection, and none is left", async () => {
  const closed = Promise.withResolvers<void>();
  const mute = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, close: () => closed.resolve() } });
  const provider = { baseUrl: `https://127.0.0.1:${mute.port}/v1`, unixSocket: undefined };
  expect(await within(probeConnection(provider, 50), 4000, "the probe")).toBe(false);
  await within(closed.promise, 4000, "the end of its connection");
  mute.stop(true);
});

test("plain, over TLS with any certificate, over a unix socket: a connection, closed at once, and not a byte sent", async () => {
  const tls = await createSelfSignedCertificate();
  await using plain = await startMockProvider();
  await using secure = await startMockProvider({ tls });
  await using local = await startMockProvider({ unix: join(tmpdir(), `probed-${crypto.randomUUID()}.sock`) });
  expect(await probe(`http://127.0.0.1:${plain.port}/v1`)).toBe(true);
  expect(await probe(`http://localhost:${plain.port}`)).toBe(true);
  expect(await probe(`https://127.0.0.1:${secure.port}/v1`)).toBe(true);
  expect(await probe(local.url, local.unix)).toBe(true);
  for (const provider of [plain, secure, local]) {
    expect((await provider.connectionClosed(1)).by).toBe("peer");
    expect(provider.requests).toEqual([]);
  }
});
