import { expect, test } from "bun:test";
import { nearestName } from "../../src/core/nearest-name.ts";

const KNOWN = ["SERVER_HOST", "SERVER_PORT", "CLIENT_TIMEOUT", "SWAGGER_ENABLED"];

test.each([
  ["AUTH_ENABLED", undefined],
  ["X", undefined],
  ["SERVER_PROT", "SERVER_PORT"],
  ["SERVER_PORTS", "SERVER_PORT"],
  ["CLIENT_TIMOUT", "CLIENT_TIMEOUT"],
  ["SERVER_HOST", "SERVER_HOST"],
])("for %j suggests %j", (name, nearest) => {
  expect(nearestName(name, KNOWN)).toBe(nearest);
});

test("suggests nothing if nothing is known", () => {
  expect(nearestName("SERVER_PORT", [])).toBeUndefined();
});
