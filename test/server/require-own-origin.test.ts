import { expect, test } from "bun:test";
import { createCors } from "../../src/server/cors.ts";
import { createRequireOwnOrigin } from "../../src/server/check-head.ts";
import { ROUTES } from "../../src/server/routes.ts";

const HOSTS = { serverHost: "gateway.lan", machineName: "box.example.com", allowed: [] };

function passes(tls: boolean, host: string, headers: Record<string, string>): boolean {
  const require = createRequireOwnOrigin({ ...HOSTS, tls, cors: createCors(["https://app.example.com"]) });
  const url = `${tls ? "https" : "http"}://${host}/v1/models`;
  try {
    require(new Request(url, { headers }), host, ROUTES.models);
    return true;
  } catch {
    return false;
  }
}

test.each([
  ["a gateway with TLS", true, "gateway.lan", "https://gateway.lan", true],
  ["a gateway with TLS, asked from the same name without it", true, "gateway.lan", "http://gateway.lan", false],
  ["the port that TLS has by default", true, "gateway.lan:443", "https://gateway.lan", true],
  ["the port that HTTP has by default", false, "gateway.lan:80", "http://gateway.lan", true],
  ["another port", true, "gateway.lan:8443", "https://gateway.lan", false],
  ["another case", false, "Gateway.LAN:8080", "http://gateway.lan:8080", true],
  ["an IPv6 address", false, "[::1]:8080", "http://[::1]:8080", true],
  ["a slash behind the origin", false, "gateway.lan", "http://gateway.lan/", true],
  ["a user before the host", false, "gateway.lan", "http://gateway.lan@evil.example", false],
  ["no URL", false, "gateway.lan", "http://", false],
  ["an allowed page", false, "gateway.lan", "https://app.example.com", true],
] as const)("%s", (_, tls, host, origin, passed) => {
  expect(passes(tls, host, { origin })).toBe(passed);
});

test("the machine's name counts whole and by its first label, its domain does not", () => {
  expect(["box.example.com", "box", "gateway.lan"].map((host) => passes(false, host, {}))).toEqual([true, true, true]);
  expect(["example.com", "x.box", "x.example.com"].map((host) => passes(false, host, {}))).toEqual([
    false,
    false,
    false,
  ]);
  expect(passes(false, "box", { "sec-fetch-site": "cross-site" })).toBe(false);
});
