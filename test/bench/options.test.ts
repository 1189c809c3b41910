import { describe, expect, test } from "bun:test";
import { parseOptions } from "../../bench/compare/options.ts";

describe("a command line that cannot be meant", () => {
  const WRONG = [
    [["--only", "chat-9k"], "--only chat-9k: no such load or target"],
    [["--repeats", "0"], "--repeats 0: must be a number above 0"],
    [["--seconds", "soon"], "--seconds soon: must be a number above 0"],
    [["--target", "http://127.0.0.1:1/v1"], "must be name=http://host:port/v1"],
    [["--target", "mine=https://127.0.0.1:1/v1"], "must be name=http://host:port/v1"],
    [["--target", "mine=nonsense"], "must be name=http://host:port/v1"],
    [["--fast"], "--fast"],
  ] as const;
  test.each(WRONG)("%j is refused with a reason", (commandLine, reason) => {
    expect(() => parseOptions(commandLine)).toThrow(reason);
  });
});

test("everything is measured by default, and less and shorter with --quick", () => {
  const full = parseOptions([]);
  const quick = parseOptions(["--quick"]);
  expect(full).toMatchObject({ measureFeatures: true, measureProcess: true, limitSeconds: Infinity });
  expect(quick).toMatchObject({ measureFeatures: true, measureProcess: true });
  expect(quick?.limitSeconds).toBeLessThan(120);
  expect(quick?.scenarios.length).toBeLessThan(full?.scenarios.length ?? 0);
});

test("--only names loads, targets, or both", () => {
  const loads = parseOptions(["--only", "alone,features"]);
  expect(loads).toMatchObject({ measureFeatures: true, measureProcess: false });
  expect(loads?.scenarios.map(({ name }) => name)).toEqual(["alone"]);
  expect(loads?.targets.map(({ name }) => name)).toContain("direct");
  const targets = parseOptions(["--only", "nginx"]);
  expect(targets).toMatchObject({ measureFeatures: false, measureProcess: true });
  expect(targets?.targets.map(({ name }) => name)).toEqual(["nginx"]);
});

test("another gateway takes part by its address", () => {
  const options = parseOptions(["--target", "mine=http://127.0.0.1:4000/v1/#77", "--mock-port", "9000"]);
  const mine = options?.targets.at(-1);
  expect(mine).toMatchObject({ name: "mine", pid: 77 });
  expect(mine?.chatUrl?.({ mockOrigin: "", directory: "" })).toBe("http://127.0.0.1:4000/v1/chat/completions");
  expect(options?.mockPort).toBe(9000);
});

test.each(["workers-2", "fetch", "translating"])("%s takes part only by name", (target) => {
  expect(parseOptions([]).targets.map(({ name }) => name)).not.toContain(target);
  expect(parseOptions(["--only", target]).targets.map(({ name }) => name)).toEqual([target]);
});
