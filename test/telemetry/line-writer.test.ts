import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LineBuffer } from "../../src/telemetry/line-writer.ts";

const written = (write: (buffer: LineBuffer) => void): string => {
  const buffer = new LineBuffer();
  write(buffer);
  return buffer.take().toString();
};

test.each([
  "",
  "plain",
  "\u00e4",
  "a\u0000b",
  'a"b',
  "a\\b",
  "\u{1f600}",
  "\ud800",
  "\x7f",
  "x".repeat(50_000),
  "\u4e2d".repeat(9000),
])("quotes as JSON does: %#", (text) => {
  expect(written((buffer) => buffer.quoted(text))).toBe(Buffer.from(JSON.stringify(text)).toString());
  expect(JSON.parse(written((buffer) => buffer.quoted(text)))).toBe(text);
});

test.each([0, 7, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 1e21, -1, -0, 0.5, Number.NaN, Infinity])(
  "writes %d as JSON does",
  (value) => {
    expect(written((buffer) => buffer.number(value))).toBe(JSON.stringify(value));
  },
);

test.each([
  [0, "0"],
  [0.004, "0"],
  [0.005, "0.01"],
  [0.1, "0.1"],
  [12.34567, "12.35"],
  [12.999, "13"],
  [100.05, "100.05"],
  [6e5, "600000"],
  [3e7 + 0.25, "30000000.25"],
  [-1.234, "-1.23"],
])("rounds %d to %s", (value, text) => {
  expect(written((buffer) => buffer.hundredths(value))).toBe(text);
});

test("what is written is what comes out, in order, wherever it is taken", () => {
  const pieces = fc.oneof(
    fc.record({ kind: fc.constant("text"), value: fc.string({ unit: "binary", maxLength: 3000 }) }),
    fc.record({ kind: fc.constant("quoted"), value: fc.string({ unit: "binary", maxLength: 3000 }) }),
    fc.record({ kind: fc.constant("number"), value: fc.integer() }),
  ) as fc.Arbitrary<{ kind: "text" | "quoted"; value: string } | { kind: "number"; value: number }>;
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 30 }),
      fc.array(fc.nat({ max: 1 << 20 }), { maxLength: 5 }),
      (all, cuts) => {
        const buffer = new LineBuffer();
        for (const piece of all) {
          if (piece.kind === "number") buffer.number(piece.value);
          else buffer[piece.kind](piece.value);
        }
        const expected = all.map(({ kind, value }) => (kind === "text" ? value : JSON.stringify(value))).join("");
        expect(buffer.length).toBe(Buffer.byteLength(expected));
        const taken = cuts.map((cut) => buffer.take(cut % (buffer.length + 1)));
        expect(Buffer.concat([...taken, buffer.take()]).equals(Buffer.from(expected))).toBe(true);
        expect(buffer.length).toBe(0);
      },
    ),
  );
});

describe("after a line that was longer than most", () => {
  test("the next one is written as well", () => {
    const buffer = new LineBuffer();
    buffer.text("x".repeat(100_000));
    expect(buffer.take().length).toBe(100_000);
    buffer.text("next");
    expect(buffer.take().toString()).toBe("next");
  });
});
