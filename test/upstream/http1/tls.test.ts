import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Socket } from "bun";
import { toUpstreamFailure } from "../../../src/upstream/errors.ts";
import { json } from "../../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../../fixtures/mock-provider.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import {
  createExpiredCertificate,
  createSelfSignedCertificate,
  type SelfSignedCertificate,
} from "../../fixtures/self-signed-certificate.ts";
import { openTransport } from "./open-transport.ts";

const AUTHORITIES = join(tmpdir(), `authorities-${crypto.randomUUID()}.pem`);

let servers: Record<"trusted" | "otherHost" | "expired" | "unknown", MockProvider>;
/** What a process that trusts all but one of the certificates got from each server, by its name. */
const got: Record<string, unknown> = {};

beforeAll(async () => {
  const [good, otherHost, expired, unknown] = await Promise.all([
    createSelfSignedCertificate("localhost"),
    createSelfSignedCertificate("other.example", "127.0.0.2"),
    createExpiredCertificate("localhost"),
    createSelfSignedCertificate("localhost"),
  ]);

  await Bun.write(AUTHORITIES, good.cert + otherHost.cert + expired.cert);
  const start = async (tls: SelfSignedCertificate): Promise<MockProvider> => {
    const server = await startMockProvider({ tls });
    server.answerAlways(({ body }) => json(200, `took ${body.length}`));
    return server;
  };
  const [a, b, c, d] = await Promise.all([good, otherHost, expired, unknown].map(start));
  servers = { trusted: a, otherHost: b, expired: c, unknown: d } as typeof servers;
  const urls: Record<string, string> = { address: servers.trusted.url, otherAddress: servers.otherHost.url };
  for (const [name, { port }] of Object.entries(servers)) urls[name] = `https://localhost:${port}`;
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "ask-over-tls.ts"), ...Object.values(urls)], {
    env: { PATH: process.env["PATH"], NODE_EXTRA_CA_CERTS: AUTHORITIES },
    stdout: "pipe",
    stderr: "inherit",
  });
  const lines = (await new Response(child.stdout).text()).trim().split("\n");
  expect(await child.exited).toBe(0);
  for (const [index, name] of Object.keys(urls).entries()) got[name] = JSON.parse(lines[index] ?? "null");
});

afterAll(async () => {
  rmSync(AUTHORITIES, { force: true });
  await Promise.all(Object.values(servers).map((server) => server.stop()));
});

describe("a certificate", () => {
  test("of a known authority, for the name or the address: requests on one connection each", () => {
    expect(got["trusted"]).toEqual(["took 100000", "took 100000"]);
    expect(got["address"]).toEqual(["took 100000", "took 100000"]);
    expect(servers.trusted.connections).toBe(2);
  });

  test.each([
    ["for another host", "otherHost", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["that has expired", "expired", "CERT_HAS_EXPIRED"],
    ["of nobody that is known", "unknown", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ] as const)("%s: not a byte of a request is sent", (_, name, code) => {
    expect(got[name]).toEqual([`upstream_tls_failure ${code}`, `upstream_tls_failure ${code}`]);
    expect(servers[name].requests).toEqual([]);
    expect(servers[name].openConnections).toBe(0);
  });

  test("for another address: the same", () => {
    expect(got["otherAddress"]).toEqual(got["otherHost"]);
  });

  test("of nobody that is known, in this process too", async () => {
    using transport = openTransport(servers.trusted);
    expect(await rejectionOf(transport.ask())).toMatchObject({
      code: "DEPTH_ZERO_SELF_SIGNED_CERT",
      phase: "tls",
      requestSent: false,
      retryable: false,
    });
    expect(transport.seen.connected).toBe(0);
  });
});

describe("a server that amid the handshake", () => {
  test.each<[what: string, data: (socket: Socket) => void, failure: string]>([
    ["speaks no TLS", (socket) => void socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"), "upstream_tls_failure"],
    ["hangs up", (socket) => void socket.end(), "upstream_reset"],
    ["resets the connection", (socket) => void socket.terminate(), "upstream_reset"],
  ])("%s", async (_, data, failure) => {
    using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
    using transport = openTransport({ url: `https://127.0.0.1:${server.port}`, unix: undefined });
    const error: unknown = await transport.ask().catch((reason: unknown) => reason);
    expect(toUpstreamFailure(error, "x").code).toBe(failure as "upstream_reset");
    expect(error).toMatchObject({ phase: "tls", requestSent: false });
    expect(transport.seen.connected).toBe(0);
  });
});

test("a server that speaks TLS where none is expected", async () => {
  using transport = openTransport({ url: servers.trusted.url.replace("https", "http"), unix: undefined });
  const error: unknown = await transport.ask().catch((reason: unknown) => reason);
  expect(["upstream_reset", "upstream_invalid_response"]).toContain(toUpstreamFailure(error, "x").code);
});
