import { expect, test } from "bun:test";
import fc from "fast-check";
import { createToolFilter, chooseName } from "../../../src/tools/mcp/tool-names.ts";

const ACCEPTED = /^[a-zA-Z0-9_-]{1,64}$/;
const origin = (tool: string, server = "time") => ({ server, tool });
const free = (): boolean => false;

test("names of any tools, from any number of servers, are accepted by providers and differ from each other", () => {
  const tools = fc.array(
    fc.record({
      server: fc.constantFrom("a", "b_c", "x".repeat(32)),
      tool: fc.string({ maxLength: 90, unit: "binary" }),
    }),
  );
  const alike = fc.array(
    fc.record({ server: fc.constantFrom("a", "a_a"), tool: fc.constantFrom("a", "a.a", "a_a", "a a", "é") }),
  );
  fc.assert(
    fc.property(fc.oneof(tools, alike), (origins) => {
      const taken = new Set<string>();
      for (const each of origins) taken.add(chooseName(each, (name) => taken.has(name)));
      expect(taken.size).toBe(origins.length);
      for (const name of taken) expect(name).toMatch(ACCEPTED);
    }),
  );
});

test.each([
  ["get_time", "mcp_get_time"],
  ["get.time/now", "mcp_get_time_now"],
  ["x".repeat(60), `mcp_${"x".repeat(60)}`],
])("%s is called %s", (tool, name) => {
  expect(chooseName(origin(tool), free)).toBe(name);
});

test("a name that is taken is made longer by its server, then by a hash", () => {
  expect(chooseName(origin("now"), (name) => name === "mcp_now")).toBe("mcp_time_now");
  expect(chooseName(origin("now"), (name) => name === "mcp_now" || name === "mcp_time_now")).toMatch(
    /^mcp_time_now_[0-9a-f]{8}$/,
  );
});

test("a name that is too long is cut, the same way each time, and differs where its end does", () => {
  const long = (end: string): string => chooseName(origin("x".repeat(100) + end), free);
  expect(long("1")).toMatch(/^mcp_x{51}_[0-9a-f]{8}$/);
  expect(long("1")).toBe(long("1"));
  expect(long("1")).not.toBe(long("2"));
});

test.each(["now", "NOW", "mcp_now", "time/now", "mcp_time_now"])(
  "%s in a list means the tool now of the server time",
  (entry) => {
    expect(createToolFilter([], [entry])(origin("now"))).toBe(false);
    expect(createToolFilter([entry], [])(origin("now"))).toBe(true);
    expect(createToolFilter([entry], [])(origin("then"))).toBe(false);
  },
);

test("an entry for another server does not mean it", () => {
  expect(createToolFilter([], ["date/now", "mcp_date_now", "no", "nowhere"])(origin("now"))).toBe(true);
});

test("a list of what is included decides alone", () => {
  const allowed = createToolFilter(["now"], ["now", "then"]);
  expect([allowed(origin("now")), allowed(origin("then")), allowed(origin("other"))]).toEqual([true, false, false]);
});
