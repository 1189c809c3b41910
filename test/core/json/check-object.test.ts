import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { type CheckedObject, checkObject, type JudgeString } from "../../../src/core/json/check-syntax.ts";
import { DEFAULT_JSON_LIMITS, type JsonLimits, openScan, scanOn, watchMembers } from "../../../src/core/json/limits.ts";
import { watchedNames } from "../../../src/core/json/member-watch.ts";
import { decodeObject } from "../../../src/core/json/decode-object.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { anyChoices, anyWritten, writeObject } from "./write-json.ts";

const RECORDED = resolve(import.meta.dir, "../../../../shared/recorded");

const NAMES = watchedNames(["model", "stream", "stream_options", "a", "generationConfig"]);

function check(bytes: Buffer, limits: JsonLimits = DEFAULT_JSON_LIMITS): CheckedObject | undefined {
  const checked = checkObject(bytes, { limits, names: NAMES });
  if (checked instanceof Promise) throw new Error("short texts are checked at once");
  return checked;
}

/** What is accepted must be what the parser accepts, with the same members and the same number of values. */
function expectSameVerdict(bytes: Buffer, limits: JsonLimits = DEFAULT_JSON_LIMITS): CheckedObject | undefined {
  const checked = check(bytes, limits);
  const decoded = decodeObject(bytes, { limits, names: NAMES });
  if (!checked) {
    // Only what is nested deeply is left to the parser though it is good.
    if (!("fault" in decoded)) expect(depthOf(decoded.value)).toBeGreaterThan(31);
    return undefined;
  }
  if ("fault" in decoded) throw new Error(`accepted, but ${decoded.problem}: ${JSON.stringify(bytes.toString())}`);
  expect(checked.watch.found).toEqual(decoded.watch?.found ?? []);
  const scan = openScan(bytes, limits);
  scanOn(scan, bytes.length, 0);
  expect(checked.values).toBe(scan.values);
  return checked;
}

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe("the verdict of JSON.parse", () => {
  test.each([
    ...['{"a":1}', " \t\r\n{ } \n", '{"mod\\u0065l":"x","model":"y"}', '{"__proto__":{"__proto__":1}}', '{"":""}'],
    ...['{"a":-0,"b":1E+5,"c":-1.5e-7,"d":1e999,"e":12345678901234567890}', '{"a":"\\ud800","b":"\u007f\u2028\ufeff"}'],
    ...['{"a":[true,false,null,[],{},[[]]]}', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00fF"}', '{"a":"é€😀"}'],
    ...[`${'{"a":'.repeat(30)}{}${"}".repeat(30)}`, `{"a":${"[".repeat(30)}${"]".repeat(30)}}`],
  ])("accepted: %j", (text) => {
    expect(expectSameVerdict(Buffer.from(text))).toBeDefined();
  });

  test.each([
    ...["", " ", "[]", '"a"', "1", "null", "{", "}", "{}}", "{}{}", "{},", "{} x", "{]", "[}", "\ufeff{}", "{}\0"],
    ...['{"a"}', '{"a":}', '{"a":1,}', "{,}", '{"a":1 "b":2}', '{"a" 1}', '{"a"::1}', "{a:1}", "{'a':1}", "{1:1}"],
    ...[
      '{"a":[1,]}',
      '{"a":[,1]}',
      '{"a":[1 2]}',
      '{"a":[1}',
      '{"a":[1:2]}',
      '{"a":{"b"}}',
      '{"a":[[]}',
      '{"a":["b":1]}',
    ],
    ...[
      "01",
      "1.",
      ".5",
      "-",
      "+1",
      "1e",
      "1e+",
      "0x1",
      "1_0",
      "--1",
      "-a",
      "NaN",
      "Infinity",
      "1.e5",
      "00",
      "-01",
    ].map((number) => `{"a":${number}}`),
    ...["tru", "truee", "nul", "falsy", "True", "undefined", "nulll", "t", "\v1", "\u00a01", "//x\n1"].map(
      (word) => `{"a":${word}}`,
    ),
    ...[
      '"',
      '"\\"',
      '"\\x"',
      '"\\u12"',
      '"\\u12g4"',
      '"\\u123"',
      '"\n"',
      '"\0"',
      '"\t"',
      '"\u001f"',
      '"\\',
      '"\\u',
    ].map((string) => `{"a":${string}}`),
    ...['"abcdefgh\n"', '"abcde\u0001fghijkl"', '"abcdefg\\', '"abcdefgh\\q"', '"abcdefghijkl', '"\\U0041"'].map(
      (string) => `{"a":${string}}`,
    ),
  ])("refused: %j", (text) => {
    expect(expectSameVerdict(Buffer.from(text))).toBeUndefined();
  });

  test.each([
    ["a byte that begins nothing", [0xff]],
    ["an overlong character", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["half of a character", [0xe2, 0x82]],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
  ])("refused: %s", (_, bytes) => {
    expect(expectSameVerdict(Buffer.from([...Buffer.from('{"a":"'), ...bytes, ...Buffer.from('"}')]))).toBeUndefined();
    expect(expectSameVerdict(Buffer.from([...Buffer.from('{"a":1}'), ...bytes]))).toBeUndefined();
  });

  test("limits", () => {
    const text = Buffer.from('{"a":[1,[2,{}],""],"b":{"c":null}}');
    const [depth, values] = [4, 9];
    expect(expectSameVerdict(text, { depth, values })).toBeDefined();
    expect(expectSameVerdict(text, { depth: depth - 1, values })).toBeUndefined();
    expect(expectSameVerdict(text, { depth, values: values - 1 })).toBeUndefined();
  });

  test("of every length of a string, and of whatever ends it at every place", () => {
    for (let length = 0; length < 40; length++) {
      for (const end of ['"', "\\", "\n", "\u0080", "\\n", "\\u0041", '\\"']) {
        const text = `{${" ".repeat(length % 4)}"a":"${"x".repeat(length)}${end}y"}`;
        expectSameVerdict(Buffer.from(text));
        for (let cut = 1; cut <= text.length; cut += 5) expectSameVerdict(Buffer.from(text.slice(0, cut)));
      }
    }
  });

  test("of generated objects, however they are written, and with any of their bytes changed", () => {
    const bytes = fc.array(fc.record({ at: fc.nat(), byte: fc.oneof(fc.nat(255), fc.constantFrom(...STRUCTURAL)) }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: anyName, value: anyWritten })),
        anyChoices,
        bytes,
        (members, choices, edits) => {
          const text = Buffer.from(writeObject(members, choices).text);
          expect(expectSameVerdict(text)).toBeDefined();
          for (const { at, byte } of edits) {
            text[at % text.length] = byte;
            expectSameVerdict(text);
            expectSameVerdict(
              Buffer.concat([text.subarray(0, at % text.length), text.subarray((at % text.length) + 1)]),
            );
          }
        },
      ),
      propertyRuns(300),
    );
  });

  test("of text made of tokens in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 12 }), (tokens) => {
        expectSameVerdict(Buffer.from(`{${tokens.join("")}}`));
        expectSameVerdict(Buffer.from(tokens.join("")));
      }),
      propertyRuns(2000),
    );
  });

  test.skipIf(!existsSync(RECORDED))("of recorded requests and answers, whole and cut", () => {
    for (const file of readdirSync(RECORDED, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".json")) continue;
      const exchange = readFileSync(join(RECORDED, file));
      const { request } = JSON.parse(exchange.toString()) as { request?: unknown };
      for (const text of [exchange, Buffer.from(JSON.stringify(request ?? {})), Buffer.from(pretty(request))]) {
        if (text.length > 200_000) continue;
        expect(expectSameVerdict(text)).toBeDefined();
        for (let cut = 1; cut < text.length; cut += Math.ceil(text.length / 5)) {
          expect(expectSameVerdict(text.subarray(0, cut))).toBeUndefined();
        }
      }
    }
  });
});

const pretty = (value: unknown): string => JSON.stringify(value ?? {}, null, 2);

const STRUCTURAL = [...'{}[],:"\\ \n0-tu'].map((character) => character.charCodeAt(0));
const TOKENS = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"a"',
  '"a":',
  '"model":1',
  "1",
  "-0.5",
  "true",
  "null",
  " ",
  "\n",
  '"\\u0061":',
];
const anyName = fc.constantFrom("model", "stream", "Model", "ſtream", "__proto__", "a", "", "generationconfig", "x y");

describe("of a long text", () => {
  const long = Buffer.from(
    JSON.stringify({ model: "m", a: Array.from({ length: 60_000 }, (_, index) => [`x${index}`]) }),
  );

  test("the check takes turns, and says the same", async () => {
    const checked = checkObject(long, { limits: DEFAULT_JSON_LIMITS, names: NAMES });
    expect(checked).toBeInstanceOf(Promise);
    const { watch, values } = (await checked) ?? {};
    expect(watch?.found).toEqual(watchMembers(long, NAMES).found);
    expect(values).toBe(120_003);
    expect(await checkObject(long.subarray(0, -1), { limits: DEFAULT_JSON_LIMITS, names: NAMES })).toBeUndefined();
  });

  test("it ends once nobody waits for it", async () => {
    const stop = { signal: { aborted: true } };
    expect(await checkObject(long, { limits: DEFAULT_JSON_LIMITS, names: NAMES, stop })).toBeUndefined();
  });
});

test("strings are judged with their quotes, those within members as their name says, and none behind a sign", () => {
  const seen: string[] = [];
  const judge =
    (kind: string): JudgeString =>
    (bytes, start, end, isKey) => {
      const text = bytes.toString("utf8", start, end);
      seen.push(`${kind} ${text}${isKey ? ":" : ""}`);
      return text === '"sign"';
    };
  const within = (name: string): JudgeString | undefined => (name === "a" ? judge("in a") : undefined);
  const check = (text: string): string[] => {
    seen.length = 0;
    const options = { limits: DEFAULT_JSON_LIMITS, names: NAMES, judge: { outermostKeys: judge("key"), within } };
    const checked = checkObject(Buffer.from(text), options);
    return [...seen, String((checked as CheckedObject).hasSign)];
  };
  const members = '"b":["c"],"A":["d",{"e\\"":"f"}]';
  const judged = ['key "b":', 'key "A":', 'in a "d"', 'in a "e\\"":', 'in a "f"'];
  expect(check(`{${members}}`)).toEqual([...judged, "false"]);
  expect(check(`{${members},"a":["sign","d"],"e":2}`)).toEqual([...judged, 'key "a":', 'in a "sign"', "true"]);
  expect(check(`{"sign":1,${members}}`)).toEqual(['key "sign":', "true"]);
});
