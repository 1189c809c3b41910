import { describe, expect, test } from "bun:test";
import { cpuMilliseconds } from "../../fixtures/cpu-time.ts";
import fc from "fast-check";
import { findMember } from "../../../src/core/json/find.ts";
import { anyChoices, anyWritten, otherMembers, writeObject } from "./write-json.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const findModel = (body: Uint8Array) => findMember(body, "model");

/** The text of the value that was found, or how it was not. */
function valueOf(body: string | Uint8Array): string {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const found = findModel(bytes);
  return typeof found === "string" ? found : Buffer.from(bytes.subarray(found.valueStart, found.valueEnd)).toString();
}

describe("a member that parsers may disagree about", () => {
  test.each([
    ["stands twice", '{"model":"a","model":"b"}'],
    ["stands twice with the same value", '{"model":"a","x":1,"model":"a"}'],
    ["stands twice, spelt with a lower case escape", '{"model":"a","\\u006dodel":"b"}'],
    ["stands twice, the escaped one first", '{"m\\u006fdel":"a","model":"b"}'],
    ["stands twice, all of it escaped", '{"model":"a","\\u006d\\u006f\\u0064\\u0065\\u006c":"b"}'],
    ["stands twice, the second behind a long value", `{"model":"a","pad":"${"x".repeat(100_000)}","model":"b"}`],
    ["stands twice behind what looks like its end", '{"model":"a","x":"}","model":"b"}'],
  ])("%s", (_, body) => {
    expect(valueOf(body)).toBe("repeated");
  });
});

describe("a member that is not there", () => {
  test.each([
    ["the object is empty", "{}"],
    ["the object holds only space", " {\n} "],
    ["only a nested object has it", '{"x":{"model":"a"},"y":[{"model":"b"}]}'],
    ["only strings mention it", '{"x":"\\"model\\":\\"a\\"","y":["model"]}'],
    ["another name begins like it", '{"models":1,"model_":2,"mode":3,"Model":4}'],
    ["another name ends like it", '{"xmodel":1,"\\"model":2,"\\\\model":3}'],
    ["its name has a zero byte behind it", '{"model\\u0000":1}'],
  ])("%s", (_, body) => {
    expect(valueOf(body)).toBe("absent");
  });
});

describe("a member that is there", () => {
  test.each([
    ["alone", '{"model":"a"}', '"a"'],
    ["with space all around", ' \t\r\n{ \n"model"\t:\r\n "a" \n} ', '"a"'],
    ["first", '{"model":"a","x":1}', '"a"'],
    ["last", '{"x":1,"model":"a"}', '"a"'],
    ["behind a nested one", '{"x":{"model":"no","y":[[{"model":"no"}]]},"model":"a"}', '"a"'],
    ["before a nested one", '{"model":"a","x":{"model":"no"}}', '"a"'],
    ["behind a string that looks like it", '{"x":"{\\"model\\":\\"no\\"}","model":"a"}', '"a"'],
    ["behind a string that ends in backslashes", '{"x":"\\\\","y":"\\\\\\"","model":"a"}', '"a"'],
    ["spelt with an escape", '{"\\u006dodel":"a"}', '"a"'],
    ["spelt with escapes in upper case", '{"mode\\u006C":"a"}', '"a"'],
    ["as a string of brackets", '{"model":"]}{[","x":1}', '"]}{["'],
    ["as a string with an escaped quote", '{"model":"a\\"b","x":1}', '"a\\"b"'],
    ["as a number", '{"model":1.0}', "1.0"],
    ["as null before space", '{"model":null \n}', "null"],
    ["as an empty object", '{"model":{},"x":1}', "{}"],
    ["as a list with what looks like it", '{"model":["model",{"model":"]"}],"x":1}', '["model",{"model":"]"}]'],
    ["beside non-ASCII text", '{"é":"\u{1f600}","model":"ü€","x":"漢"}', '"ü€"'],
  ])("%s", (_, body, value) => {
    expect(valueOf(body)).toBe(value);
  });

  test("in a view of a larger buffer: positions count from the view's beginning", () => {
    const padded = new TextEncoder().encode('{"model":"no"}{"x":1,"model":"a"}');
    expect(valueOf(padded.subarray(14))).toBe('"a"');
  });

  test("behind a value that is nested deeper than any stack", () => {
    const depth = 200_000;
    expect(valueOf(`{"x":${"[".repeat(depth)}${"]".repeat(depth)},"model":"a"}`)).toBe('"a"');
  });

  test("behind 9 MB of quotes and backslashes, soon", () => {
    const text = `{"x":"${'\\\\\\"'.repeat(2_250_000)}","model":"a"}`;
    expect(cpuMilliseconds(() => expect(valueOf(text)).toBe('"a"'))).toBeLessThan(2000);
  });
});

test("any object, in any spelling: exactly the member that JSON semantics name is found", () => {
  const bodies = fc.record({
    before: otherMembers(["model"]),
    after: otherMembers(["model"]),
    values: fc.array(anyWritten, { maxLength: 2 }),
    choose: anyChoices,
  });
  fc.assert(
    fc.property(bodies, ({ before, after, values, choose }) => {
      const members = [...before, ...values.map((value) => ({ name: "model", value })), ...after];
      const { text, places } = writeObject(members, choose);
      const place = places.find(({ name }) => name === "model");
      const expected = values.length > 1 ? "repeated" : place ? text.slice(place.valueStart, place.valueEnd) : "absent";
      expect("model" in JSON.parse(text)).toBe(values.length > 0);
      expect(valueOf(text)).toBe(expected);
    }),
    propertyRuns(300),
  );
});
