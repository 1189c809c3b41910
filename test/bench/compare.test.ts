import { expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseResult } from "../../bench/compare/summary.ts";
import { until } from "../reload/reloadable.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const folder = scratchFolder("compare");
const PROJECT = join(import.meta.dir, "..", "..");

/** A file with the gateways of these names, each of other-gateway.ts, and one that is not installed. */
function targetsFile(others: Readonly<Record<string, readonly string[]>>): string {
  const targets = Object.entries(others).map(([name, args]) => ({
    name,
    command: [
      ...[process.execPath, join(import.meta.dir, "other-gateway.ts"), "--port={port}", "--provider={base_url}"],
      ...[`--pid=${pidFile(name)}`, ...args],
    ],
    headers: { "x-token": "bench" },
    ready: "/live",
  }));
  const file = join(folder, "targets.json");
  const absent = { name: "absent", command: ["no-such-gateway", "{port}", "{origin}"] };
  writeFileSync(file, JSON.stringify({ targets: [...targets, absent] }));
  return file;
}
const pidFile = (name: string): string => join(folder, `${name}.pid`);
/** Whether it runs: one that has ended and that nobody asked for has a last line in /proc. */
const isAlive = (name: string): boolean => {
  const stat = join("/proc", readFileSync(pidFile(name), "utf8"), "stat");
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "latin1"));
};

function start(args: readonly string[]) {
  const command = [process.execPath, "bench/run.ts", "compare", "--repeats=1", "--seconds=0.01", ...args];
  return Bun.spawn(command, { cwd: PROJECT, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
}

test("another gateway takes part, what it merges and loses is told, and it is ended", async () => {
  const result = join(folder, "result.json");
  const file = targetsFile({ merging: [], dropping: ["--drop"] });
  const only = "--only=alone,paced-1,direct,bare,merging,dropping,absent";
  const run = start([`--targets=${file}`, only, `--json=${result}`]);
  const [output, errors] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  expect({ code: await run.exited, errors }).toMatchObject({ code: 0 });
  expect(errors).toContain("! absent: left out: no-such-gateway is not installed");
  expect(output).toContain("CPU time, x bare, because nginx did not take part");
  expect(output).toMatch(/\| RSS after a load, at most, MiB +\| +\d+\.\d \| +\d+\.\d \| +\d+\.\d \|/);
  const { summary, versions } = parseResult(readFileSync(result, "utf8"));
  const rowOf = (scenario: string, target: string) =>
    summary.loads.find((row) => row.scenario === scenario && row.target === target);
  expect(versions).toMatchObject({ bare: Bun.version, merging: "" });
  expect(rowOf("alone", "merging")).toMatchObject({ errors: 0, missing: 0 });
  expect(rowOf("alone", "merging")?.toBare).toBeGreaterThan(0);
  // Each stream has 64 events in as many chunks, the last of which brings [DONE], too.
  expect(rowOf("paced-1", "direct")).toMatchObject({ errors: 0, missing: 0, mergedShare: 0 });
  expect(rowOf("paced-1", "merging")).toMatchObject({ errors: 0, missing: 0 });
  expect(rowOf("paced-1", "merging")?.mergedShare).toBeCloseTo(31 / 65);
  expect(rowOf("paced-1", "dropping")).toMatchObject({ errors: 1, missing: 32 });
  expect(isAlive("merging") || isAlive("dropping")).toBe(false);
}, 60_000);

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends what was started",
  async (signal) => {
    rmSync(pidFile("waiting"), { force: true });
    const run = start([`--targets=${targetsFile({ waiting: [] })}`, "--only=alone,waiting"]);
    await until(() => existsSync(pidFile("waiting")) && readFileSync(pidFile("waiting"), "utf8") !== "", "a start");
    expect(isAlive("waiting")).toBe(true);
    run.kill(signal);
    await run.exited;
    await until(() => !isAlive("waiting"), "an end");
  },
  60_000,
);

test("a file that cannot be meant is told before anything is started", async () => {
  const file = join(folder, "bad.yaml");
  writeFileSync(file, "targets:\n  - name: mine\n    comand: [sh]\n");
  const run = start([`--targets=${file}`]);
  const errors = await run.stderr.text();
  expect(await run.exited).toBe(1);
  expect(errors).toBe(`${file}:3:5: targets[0].comand is not known (did you mean targets[0].command?)\n`);
}, 30_000);
