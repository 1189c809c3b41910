import { expect, test } from "bun:test";
import { createDescribeClient } from "../../src/server/describe-client.ts";

function addressOf(
  trustedProxies: readonly string[],
  peer: string | undefined,
  forwarded?: string,
): string | undefined {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return createDescribeClient({ trustedProxies }, () => peer)(new Request("http://x/", { headers })).address;
}

test("the client is the other end of the connection, whatever it says itself", () => {
  expect(addressOf([], "203.0.113.9", "1.2.3.4")).toBe("203.0.113.9");
  expect(addressOf(["10.0.0.0/8"], "203.0.113.9", "1.2.3.4")).toBe("203.0.113.9");
  expect(addressOf([], "::ffff:203.0.113.9")).toBe("203.0.113.9");
  expect(addressOf([], undefined, "1.2.3.4")).toBeUndefined();
  expect(addressOf(["127.0.0.1"], undefined, "1.2.3.4")).toBeUndefined();
});

const PROXIES = ["10.0.0.0/8", "192.0.2.7", "fd00::/8", "::1", "unix"];
test.each([
  ["10.1.2.3", "203.0.113.9", "203.0.113.9"],
  ["192.0.2.7", "203.0.113.9", "203.0.113.9"],
  ["192.0.2.8", "203.0.113.9", "192.0.2.8"],
  ["::ffff:10.1.2.3", "203.0.113.9", "203.0.113.9"],
  ["::1", "2001:db8::9", "2001:db8::9"],
  [undefined, "203.0.113.9", "203.0.113.9"],
  // What stands before the last address that is no proxy's, its sender may have made up.
  ["10.1.2.3", "1.2.3.4, 203.0.113.9, 10.9.9.9,fd12::1", "203.0.113.9"],
  ["10.1.2.3", "10.7.7.7, 10.9.9.9", "10.7.7.7"],
  ["10.1.2.3", "203.0.113.9:5678", "203.0.113.9"],
  ["10.1.2.3", "[2001:db8::9]:443", "2001:db8::9"],
  ["10.1.2.3", "[2001:db8::9]", "2001:db8::9"],
  ["10.1.2.3", "::ffff:203.0.113.9", "203.0.113.9"],
  ["10.1.2.3", undefined, "10.1.2.3"],
  ["10.1.2.3", "", "10.1.2.3"],
  ["10.1.2.3", "unknown", "10.1.2.3"],
  ["10.1.2.3", "203.0.113.9, _hidden", "10.1.2.3"],
  ["10.1.2.3", "999.0.0.1", "10.1.2.3"],
  ["10.1.2.3", `1.2.3.4${", 10.0.0.1".repeat(40)}`, "10.0.0.1"],
] as const)("behind trusted proxies, a connection of %s with %j is of %s", (peer, forwarded, expected) => {
  expect(addressOf(PROXIES, peer, forwarded)).toBe(expected as string);
});

test("the user agent is told as sent", () => {
  const describe = createDescribeClient({ trustedProxies: [] }, () => "127.0.0.1");
  expect(describe(new Request("http://x/", { headers: { "user-agent": "curl/8" } })).userAgent).toBe("curl/8");
  expect(describe(new Request("http://x/")).userAgent).toBeUndefined();
});
