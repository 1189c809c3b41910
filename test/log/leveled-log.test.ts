import { expect, test } from "bun:test";
import { createLeveledLog } from "../../src/telemetry/leveled-log.ts";

function setUp(level: string, base: object = { environment: "lab", worker: undefined }) {
  const written: (readonly [line: string, isFailure: boolean])[] = [];
  const log = createLeveledLog({ level, base, write: (line, isFailure) => written.push([line, isFailure]) });
  const lines = () => written.map(([line]) => line.replace(/"time":"[^"]+"/, '"time":"T"'));
  return { log, written, lines };
}

test("a line is level, time, what is in every line, its members in their order, and its message", () => {
  const before = Date.now();
  const { log, written, lines } = setUp("info", { environment: "lab", worker: 2 });
  log.info({ b: 1, a: "x\n", none: undefined, deep: { list: [null, true] } }, 'says "hello"');
  log.warn("alone, 100 %s");
  expect(lines()).toEqual([
    '{"level":"info","time":"T","environment":"lab","worker":2,"b":1,"a":"x\\n","deep":{"list":[null,true]},"msg":"says \\"hello\\""}\n',
    '{"level":"warn","time":"T","environment":"lab","worker":2,"msg":"alone, 100 %s"}\n',
  ]);
  const { time } = JSON.parse(written[0]?.[0] ?? "") as { time: string };
  expect(new Date(time).toISOString()).toBe(time);
  expect(Date.parse(time)).toBeWithin(before, Date.now() + 1);
});

test("every level writes what is at least as severe, and warn and error are failures", () => {
  const levels = ["debug", "info", "warn", "error"] as const;
  const writtenAt = (level: string) => {
    const { log, written } = setUp(level);
    for (const name of levels) log[name](name);
    expect(levels.filter((name) => log.enabled[name])).toHaveLength(written.length);
    return written.map(([line, isFailure]) => `${(JSON.parse(line) as { level: string }).level} ${isFailure}`);
  };
  const all = ["debug false", "info false", "warn true", "error true"];
  expect(writtenAt("trace")).toEqual(all);
  expect(writtenAt("debug")).toEqual(all);
  expect(writtenAt("info")).toEqual(all.slice(1));
  expect(writtenAt("warn")).toEqual(all.slice(2));
  expect(writtenAt("error")).toEqual(all.slice(3));
  expect(writtenAt("fatal")).toEqual([]);
  expect(writtenAt("silent")).toEqual([]);
});

test("another level holds from then on", () => {
  const { log, lines } = setUp("silent");
  log.error("unwritten");
  log.level = "debug";
  expect(log.level).toBe("debug");
  log.debug("written");
  log.level = "silent";
  expect(log.level).toBe("silent");
  log.error("unwritten");
  expect(lines()).toEqual(['{"level":"debug","time":"T","environment":"lab","msg":"written"}\n']);
});

test("a member that JSON cannot say is left out, and the line written", () => {
  const { log, lines } = setUp("info");
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  log.error({ big: 5n, circular, call: () => {}, good: 1 }, "failed");
  expect(lines()).toEqual(['{"level":"error","time":"T","environment":"lab","good":1,"msg":"failed"}\n']);
});

test("a log of which no member is in every line, or one that JSON cannot say, writes lines that can be read", () => {
  for (const base of [{}, { worker: undefined }, { big: 5n }]) {
    const { log, lines } = setUp("info", base);
    log.info("alone");
    log.info({ a: 1 }, "with a member");
    expect(lines()).toEqual([
      '{"level":"info","time":"T","msg":"alone"}\n',
      '{"level":"info","time":"T","a":1,"msg":"with a member"}\n',
    ]);
  }
});
