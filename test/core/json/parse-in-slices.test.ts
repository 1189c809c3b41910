import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_JSON_LIMITS } from "../../../src/core/json/limits.ts";
import {
  parseAtOnce,
  parseBytes,
  type Parsed,
  type ParseOptions,
  parseInSlices,
} from "../../../src/core/json/parse.ts";
import { anyChoices, anyWritten, writeObject } from "./write-json.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const LIMITS = { ...DEFAULT_JSON_LIMITS };

/** What `JSON.parse` makes of a text, with the order of its members and whatever it has of its own, or that it refuses. */
function parsed(text: string): unknown {
  try {
    return shown(JSON.parse(text));
  } catch {
    return "malformed";
  }
}

/** A value in a form in which `__proto__` is no trap for the comparison. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : value;
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  return { members: Object.getOwnPropertyNames(value).map((name) => [name, shown(Reflect.get(ownOnly(value), name))]) };
}

function ownOnly(value: object): object {
  return Object.create(null, Object.getOwnPropertyDescriptors(value)) as object;
}

function outcome(result: Parsed): unknown {
  return "fault" in result ? result.fault : shown(result.value);
}

async function expectSame(text: string): Promise<void> {
  const bytes = Buffer.from(text);
  const expected = parsed(text);
  expect(outcome(parseAtOnce(bytes))).toEqual(expected);
  for (const [sliceBytes, maxStringBytes] of [
    [1, 2],
    [3, 6],
    [7, 100],
    [64, 10],
  ] as const) {
    expect(outcome(await parseInSlices(bytes, {}, { sliceBytes, maxStringBytes, maxWholeValues: 0 }))).toEqual(
      expected,
    );
  }
}

describe("the same value as JSON.parse, however it is sliced", () => {
  test.each([
    ["members of one name: the last counts, in the place of the first", '{"a":[1],"b":2,"a":{"x":[[]]},"c":0,"a":3}'],
    ["__proto__", '{"a":{"__proto__":{"x":1},"y":2},"__proto__":[{"__proto__":1}],"__proto__":5}'],
    ["names that are numbers, which come first", '{"b":1,"2":{"z":1},"a":2,"1":[0],"2":3}'],
    ["empty ones", ' [ [ ] , { } , [[],[{}]] , "" , {"":""} ] '],
    ["escapes", '["\\\\\\\\\\"\\u0041\\ud83d\\ude00\\n\\/é€\u{1f600}","\\\\"]'],
    ["escapes in names", '{"\\u0061\\\\\\"":["x",{"\\\\":"\\\\\\\\"}]}'],
    ["a text", ' "a long text that is no object" '],
    ["a number", " -1.5e-7 "],
    ["numbers", "[-0,0,1E5,12345678901234567890,1e999]"],
  ])("%s", async (_, text) => {
    await expectSame(text);
  });

  test("any JSON, in any spelling", async () => {
    await fc.assert(
      fc.asyncProperty(anyWritten, anyWritten, anyChoices, async (first, second, choose) => {
        const members = [
          { name: "a", value: first },
          { name: "__proto__", value: second },
          { name: "a", value: second },
        ];
        await expectSame(writeObject(members, choose).text);
      }),
      propertyRuns(100),
    );
  });
});

describe("the same refusals as JSON.parse, however it is sliced", () => {
  test.each([
    "",
    " ",
    "[",
    "]",
    "{",
    "}",
    "[]]",
    "[[]",
    "{}{}",
    "[] []",
    "[}",
    "{]",
    "[[1}]",
    '[{"a":1]]',
    '{"a":[1}}',
    "[,]",
    "[1,]",
    "[,1]",
    "[[],]",
    "[,[]]",
    "[[] []]",
    "[[],,[]]",
    "[1 [2]]",
    "[[1]2]",
    "[1,2 3]",
    "[[1],2 3,[4]]",
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a" [1]}',
    '{"a":1[2]}',
    '{"a":-[2]}',
    '{"a":[1] 2}',
    '{"a":[1]"b":2}',
    '{"a":[1],}',
    '{"a":[1],,"b":1}',
    "{[1]}",
    '{"a":"x" [1]}',
    '{"a":1 "bbbbbbbbbbbb"}',
    '["aaaaaaaaaaaa" "b"]',
    '["aaaaaaaaaaaa"1]',
    '{"aaaaaaaaaaaa"}',
    '{"aaaaaaaaaaaa" 1}',
    '{"a":"bbbbbbbbbbbb":1}',
    '["aaaaaaaaaaaa":1]',
    '"aaaaaaaaaaaa" 1',
    '["aaaaaaaaaaaa',
    '["aaaaaaaaaaa\\"',
    '["aaaaaaaaaaaa\\x"]',
    '["aaaaaaaaaa\\u00"]',
    '["aaaaaaaaaaaa\n"]',
    "[1]x",
    "x[1]",
    "[1]\u00a0",
    "[01]",
    "[\v1]",
  ])("%j", async (text) => {
    expect(parsed(text)).toBe("malformed");
    await expectSame(text);
  });

  test("any JSON with any change", async () => {
    const change = fc.record({
      at: fc.nat(),
      length: fc.nat(2),
      put: fc.constantFrom("", "[", "]", "{", "}", ",", ":", '"', "\\", "0", " ", "[]", '"a":'),
    });
    await fc.assert(
      fc.asyncProperty(anyWritten, anyChoices, change, async (value, choose, { at, length, put }) => {
        const { text } = writeObject(
          [
            { name: "a", value },
            { name: "b", value },
          ],
          choose,
        );
        const place = at % (text.length + 1);
        await expectSame((text.slice(0, place) + put + text.slice(place + length)).toWellFormed());
      }),
      propertyRuns(200),
    );
  });

  test("bytes that are no UTF-8, wherever they are", async () => {
    const good = Buffer.from('{"aé":["bbbbbbbé",{"c":"d"}]}');
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] = 0xff;
      expect(parseAtOnce(bytes)).toEqual({ fault: "not_utf8" });
      for (const size of [1, 3, 9]) {
        const result = await parseInSlices(bytes, {}, { sliceBytes: size, maxStringBytes: size, maxWholeValues: 0 });
        expect(result).toEqual({ fault: "not_utf8" });
      }
    }
  });
});

describe("limits", () => {
  const both = async (text: string, options: ParseOptions): Promise<unknown> => {
    const bytes = Buffer.from(text);
    const sliced = outcome(
      await parseInSlices(bytes, options, { sliceBytes: 5, maxStringBytes: 5, maxWholeValues: 0 }),
    );
    expect(sliced).toEqual(outcome(parseAtOnce(bytes, options)));
    return sliced;
  };
  const fault = async (text: string, limits: Partial<typeof LIMITS>): Promise<unknown> => {
    const found = await both(text, { limits: { ...LIMITS, ...limits } });
    return found === "depth" || found === "values" ? found : undefined;
  };

  test("of depth", async () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(await fault(nested(64), {})).toBeUndefined();
    expect(await fault(nested(65), {})).toBe("depth");
    expect(await fault("[".repeat(150_000), {})).toBe("depth");
    expect(await fault('{"a":'.repeat(3), { depth: 2 })).toBe("depth");
    expect(await fault('{"a":"[[[[{{{{"}', { depth: 1 })).toBeUndefined();
    expect(await fault("[[],[],[]]", { depth: 2 })).toBeUndefined();
  });

  test("of values: every one counts, names do not", async () => {
    for (const [text, values] of [
      ["1", 1],
      ["[]", 1],
      ["[ \n ]", 1],
      ["[1]", 2],
      ["[[],[ ],{}]", 4],
      ['{"a":1,"b":[2,3]}', 5],
      ['["a,b",{"c,":",,"}]', 4],
    ] as const) {
      expect(await fault(text, { values })).toBeUndefined();
      expect(await fault(text, { values: values - 1 })).toBe("values");
    }
  });

  test("any JSON has as many values as are counted", () => {
    const count = (value: unknown): number =>
      typeof value === "object" && value !== null
        ? Object.values(value).reduce<number>((sum, member) => sum + count(member), 1)
        : 1;
    const depth = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0;
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, space) => {
        const bytes = Buffer.from(JSON.stringify(value, null, space));
        const limits = { values: count(value), depth: depth(value) };
        expect("value" in parseAtOnce(bytes, { limits })).toBe(true);
        expect(parseAtOnce(bytes, { limits: { ...limits, values: limits.values - 1 } })).toEqual({ fault: "values" });
        if (limits.depth > 0) {
          expect(parseAtOnce(bytes, { limits: { ...limits, depth: limits.depth - 1 } })).toEqual({ fault: "depth" });
        }
      }),
    );
  });
});

describe("a long text", () => {
  test("of few values is there at once in the same turn, one of many lets others have theirs", async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const text = `[${'{"role":"user","content":"a"},'.repeat(300_000)}0]`;
    const result = await parseBytes(Buffer.from(text));
    isOver = true;
    expect(turns).toBeGreaterThan(2);
    expect("value" in result && Bun.deepEquals(result.value, JSON.parse(text))).toBe(true);
  });

  test("is given up when nobody waits for it any more", async () => {
    const bytes = Buffer.from(`[${"[],".repeat(900_000)}0]`);
    let asked = 0;
    const signal = {
      get aborted() {
        return (asked += 1) > 3;
      },
    };
    expect(await parseBytes(bytes, { stop: { signal } })).toEqual({ fault: "stopped" });
    expect(asked).toBe(4);
  });

  test("of one string is that string", async () => {
    const value = [{ text: '\\"\n\u{1f600}é\u2028x'.repeat(100_000) }, "b"];
    expect(await parseBytes(Buffer.from(JSON.stringify(value)))).toEqual({ value, watch: undefined });
  });
});
