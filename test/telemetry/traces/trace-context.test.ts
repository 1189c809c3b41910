import { describe, expect, test } from "bun:test";
import { createNewTraces, spanIdIn, traceIdIn } from "../../../src/telemetry/traces/new-traces.ts";
import { createNewSampler, createSampler, type SamplerName } from "../../../src/telemetry/traces/sampler.ts";
import {
  formatTraceparent,
  parseTraceparent,
  readBaggage,
  readTracestate,
} from "../../../src/telemetry/traces/trace-context.ts";
import { createTraceIds } from "../../../src/telemetry/traces/trace-ids.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("traceparent", () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, true, false],
    [`00-${TRACE}-${SPAN}-00`, false, false],
    [`00-${TRACE}-${SPAN}-03`, true, true],
    [`00-${TRACE}-${SPAN}-ff`, true, true],
    [` 00-${TRACE}-${SPAN}-01 `, true, false],
    [`cc-${TRACE}-${SPAN}-01`, true, false],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true, false],
  ])("%s is read", (given, isSampled, isRandom) => {
    expect(parseTraceparent(given)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled, isRandom });
  });

  test.each([
    "",
    "t",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01 x`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-0g`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-${"x".repeat(300)}`,
    `00_${TRACE}_${SPAN}_01`,
  ])("%s is none", (given) => {
    expect(parseTraceparent(given)).toBeUndefined();
  });

  test.each(["00", "01", "02", "03"])("flags %s are written as they were read", (flags) => {
    const text = `00-${TRACE}-${SPAN}-${flags}`;
    const parent = parseTraceparent(text);
    expect(parent && formatTraceparent(parent)).toBe(text);
  });
});

describe("tracestate", () => {
  test.each([
    ["a=b", "a=b"],
    [" a=1 ,, b@t=2,\tc/d-e_f*=x y", "a=1,b@t=2,c/d-e_f*=x y"],
    [`a=${"x".repeat(255)},b=${"y".repeat(250)},c=3`, `a=${"x".repeat(255)},b=${"y".repeat(250)}`],
  ])("%s is passed on", (given, passed) => {
    expect(readTracestate(given)).toBe(passed);
  });

  test.each([
    "",
    ",",
    "a",
    "=b",
    "A=b",
    "a=b=c",
    "a=\x7f",
    "a=1,a=2",
    "a=é",
    "x".repeat(20_000),
    Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(),
  ])("%s is not", (given) => {
    expect(readTracestate(given)).toBeUndefined();
  });
});

describe("baggage", () => {
  test.each([
    ["user=7", "user=7"],
    ["a=1;p;q=2 , b = %20x", "a=1;p;q=2,b = %20x"],
    [`a=${"x".repeat(8000)},b=${"y".repeat(300)}`, `a=${"x".repeat(8000)}`],
  ])("%s is passed on", (given, passed) => {
    expect(readBaggage(given)).toBe(passed);
  });

  test.each(["", "a", "=1", 'a="x"', "a=b c", "a=\\", "a=1,b", "ä=1", "x".repeat(20_000)])("%s is not", (given) => {
    expect(readBaggage(given)).toBeUndefined();
  });

  test("no more than 64 members are", () => {
    const members = Array.from({ length: 80 }, (_, index) => `k${index}=v`);
    expect(readBaggage(members.join())).toBe(members.slice(0, 64).join());
  });
});

describe("sampling", () => {
  const parent = (isSampled: boolean) => ({ traceId: TRACE, spanId: SPAN, isSampled, isRandom: false });
  test.each([
    ["always_on", [true, true, true]],
    ["always_off", [false, false, false]],
    ["parentbased_always_on", [true, false, true]],
    ["parentbased_always_off", [true, false, false]],
    ["parentbased_traceidratio", [true, false, false]],
    ["traceidratio", [false, false, false]],
  ] as const)("%s of a sampled, an unsampled and no parent", (sampler, expected) => {
    const sample = createSampler({ sampler, ratio: 0 });
    expect([parent(true), parent(false), undefined].map((given) => sample(TRACE, given))).toEqual([...expected]);
  });

  test.each([0.01, 0.5, 0.99])("a ratio of %p is kept over many traces", (ratio) => {
    const ids = createTraceIds();
    const sample = createSampler({ sampler: "traceidratio" as SamplerName, ratio });
    const runs = 20_000;
    const sampled = Array.from({ length: runs }, ids.trace).filter((id) => sample(id, undefined)).length;
    // Six standard deviations.
    expect(Math.abs(sampled - runs * ratio)).toBeLessThan(6 * Math.sqrt(runs * ratio * (1 - ratio)));
  });

  test("what a small ratio samples, a larger one does too; 1 samples all", () => {
    const ids = createTraceIds();
    const [small, large, all] = [0.1, 0.3, 1].map((ratio) => createSampler({ sampler: "traceidratio", ratio }));
    for (let run = 0; run < 2000; run++) {
      const id = ids.trace();
      if (small?.(id, undefined)) expect(large?.(id, undefined)).toBe(true);
      expect(all?.(id, undefined)).toBe(true);
    }
    expect(all?.("0".repeat(31) + "1", undefined)).toBe(true);
  });
});

describe("traces that begin here", () => {
  test.each([
    ["traceidratio", 0],
    ["traceidratio", 0.01],
    ["parentbased_traceidratio", 0.5],
    ["traceidratio", 1],
    ["always_on", 0],
    ["always_off", 1],
    ["parentbased_always_on", 0],
    ["parentbased_always_off", 1],
  ] as const)("are sampled by %s of %p as any other is", (sampler, ratio) => {
    const sample = createSampler({ sampler, ratio });
    const traces = createNewTraces(createNewSampler({ sampler, ratio }));
    const ids = new Set<string>();
    for (let run = 0; run < 5000; run++) {
      const line = traces.next();
      const isSampled = traces.isSampled();
      expect(isSampled).toBe(sample(traceIdIn(line), undefined));
      const flags = isSampled ? "01" : "00";
      expect(line).toBe(`traceparent: 00-${traceIdIn(line)}-${spanIdIn(line)}-${flags}\r\n`);
      expect(parseTraceparent(line.slice("traceparent: ".length))).toBeDefined();
      ids.add(traceIdIn(line)).add(spanIdIn(line));
    }
    expect(ids.size).toBe(10_000);
  });

  test.each([
    ["7fffffffffffff", false],
    ["80000000000000", true],
    ["80000000000001", true],
    ["ffffffffffffff", true],
    ["00000000000000", false],
  ])("a half of them, to the last bit: %s", (digits, isSampled) => {
    const id = `${"1".repeat(18)}${digits}`;
    const traces = createNewTraces(createNewSampler({ sampler: "traceidratio", ratio: 0.5 }), (bytes) => {
      bytes.set(Buffer.from(id, "hex"));
    });
    expect([traceIdIn(traces.next()), traces.isSampled()]).toEqual([id, isSampled]);
  });

  test("their ids are never zero", () => {
    const traces = createNewTraces(
      () => true,
      (bytes) => bytes.fill(0),
    );
    expect(traces.next()).toBe(`traceparent: 00-${"0".repeat(31)}1-${"0".repeat(15)}1-01\r\n`);
  });
});

test("ids are hexadecimal, of the right length, different, and never zero", () => {
  const ids = createTraceIds();
  const many = Array.from({ length: 1000 }, () => [ids.trace(), ids.span()]).flat();
  expect(new Set(many).size).toBe(2000);
  expect(many.every((id) => /^(?:[0-9a-f]{32}|[0-9a-f]{16})$/.test(id))).toBe(true);
  const zero = createTraceIds((bytes) => bytes.fill(0));
  expect([zero.trace(), zero.span()]).toEqual([`${"0".repeat(31)}1`, `${"0".repeat(15)}1`]);
});
