import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../readme/markdown.ts";
import { COMPARED, parseOptions } from "../../bench/compare/options.ts";

describe("a command line that cannot be meant", () => {
  const WRONG = [
    [["--only", "chat-9k"], "--only chat-9k: no such load or target"],
    [["--repeats", "0"], "--repeats 0: must be a number above 0"],
    [["--seconds", "soon"], "--seconds soon: must be a number above 0"],
    [["--targets", "/nowhere/targets.yaml"], "/nowhere/targets.yaml cannot be read"],
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

test("the bench keeps to 3,000 lines", () => {
  const files = [...new Bun.Glob("bench/**/*.ts").scanSync(PROJECT)];
  const lines = files.map((file) => readFileSync(join(PROJECT, file), "utf8").split("\n").length - 1);
  expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(3000);
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

test("compare measures the rows of its table, the targets in place, and all of its file", () => {
  const { scenarios, targets, measureFeatures, measureProcess } = parseOptions([], COMPARED);
  expect(new Set(scenarios.map(({ name }) => name))).toEqual(new Set(COMPARED.loads));
  expect({ measureFeatures, measureProcess }).toEqual({ measureFeatures: false, measureProcess: false });
  const names = targets.map(({ name }) => name);
  expect(names.slice(0, 5)).toEqual(["direct", "nginx", "bare", "gateway", "binary"]);
  expect(names.slice(5)).toEqual(["litellm", "portkey", "bifrost", "gomodel", "busbar", "reference"]);
});

test("compare takes less if --only says so", () => {
  const { scenarios, targets } = parseOptions(["--only", "burst,litellm,nginx"], COMPARED);
  expect(scenarios.map(({ name }) => name)).toEqual(["burst"]);
  expect(targets.map(({ name }) => name)).toEqual(["nginx", "litellm"]);
});

test.each(["fetch", "translating"])("%s takes part only by name", (target) => {
  expect(parseOptions([]).targets.map(({ name }) => name)).not.toContain(target);
  expect(parseOptions(["--only", target]).targets.map(({ name }) => name)).toEqual([target]);
});
