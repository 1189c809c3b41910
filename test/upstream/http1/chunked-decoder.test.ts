import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ChunkedDecoder } from "../../../src/upstream/http1/chunked-decoder.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { cutAt, everyCut, latin1 } from "./every-cut.ts";

interface Decoded {
  readonly body: string;
  /** How many bytes came behind its end; undefined where it has none. */
  readonly behind: number | undefined;
}

function decode(pieces: readonly Buffer[]): Decoded {
  const taken: Uint8Array[] = [];
  const decoder = new ChunkedDecoder({ onData: (bytes) => void taken.push(bytes) });
  let behind: number | undefined;
  for (const piece of pieces) {
    if (behind !== undefined) behind += piece.length;
    else {
      const end = decoder.push(piece, 0);
      if (end >= 0) behind = piece.length - end;
    }
  }
  return { body: Buffer.concat(taken).toString("latin1"), behind };
}

const LONG_EXTENSION = `;x="${"y".repeat(4000)}"`;

describe("a body, wherever it is cut", () => {
  test.each([
    ["one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"],
    ["several", "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello"],
    ["none", "0\r\n\r\n", ""],
    [
      "sizes in hexadecimal digits of either case",
      `0A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n`,
      "01234567890123456789a",
    ],
    ["zeros before a size", "00005\r\nhello\r\n0000\r\n\r\n", "hello"],
    ["white space behind a size", "5 \t\r\nhello\r\n0 \r\n\r\n", "hello"],
    ["extensions", `5;a;b=c; d = "e;f"\r\nhello\r\n0;z\r\n\r\n`, "hello"],
    ["an empty extension", "5;\r\nhello\r\n0;\r\n\r\n", "hello"],
    ["line ends and sizes among its bytes", "9\r\n\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n\r\n"],
    [
      "every byte",
      `100\r\n${String.fromCharCode(...Array.from({ length: 256 }).keys())}\r\n0\r\n\r\n`,
      String.fromCharCode(...Array.from({ length: 256 }).keys()),
    ],
    ["a trailer", "5\r\nhello\r\n0\r\nx-sum: 1\r\nx-more:\r\n\r\n", "hello"],
  ])("%s", (_, wire, body) => {
    for (const pieces of everyCut(latin1(wire))) expect(decode(pieces)).toEqual({ body, behind: 0 });
  });

  test("an extension as long as may be", () => {
    const wire = latin1(`5${LONG_EXTENSION}\r\nhello\r\n0\r\n\r\n`);
    expect(decode([wire])).toEqual({ body: "hello", behind: 0 });
    expect(decode(cutAt(wire, [1, 2000, 4000]))).toEqual({ body: "hello", behind: 0 });
  });

  test("bytes behind its end are told of, and are none of its own", () => {
    for (const at of [16, 17]) {
      expect(decode(cutAt(latin1("5\r\nhello\r\n0\r\n\r\nHTTP"), [at]))).toEqual({ body: "hello", behind: 4 });
    }
  });

  test("a body that has not ended is not ended", () => {
    const wire = latin1("5\r\nhello\r\n0\r\nx: y\r\n\r\n");
    for (let length = 0; length < wire.length; length++) {
      expect(decode([wire.subarray(0, length)]).behind).toBeUndefined();
    }
  });

  test("begins where it is said to", () => {
    const taken: string[] = [];
    const taker = { onData: (bytes: Uint8Array) => void taken.push(Buffer.from(bytes).toString()) };
    expect(new ChunkedDecoder(taker).push(latin1("head1\r\na\r\n0\r\n\r\n"), 4)).toBe(15);
    expect(taken).toEqual(["a"]);
  });
});

/** A body in chunks of any sizes, each with or without what is seldom seen, and of which some bytes may be wrong. */
const WIRES = fc
  .record({
    chunks: fc.array(
      fc.record({
        body: fc.uint8Array({ minLength: 1, maxLength: 40 }),
        size: fc.constantFrom("", "0", "00000000000"),
        extension: fc.constantFrom("", "", "", ";a=b", " "),
      }),
      { maxLength: 8 },
    ),
    end: fc.constantFrom("0\r\n\r\n", "0\r\nx: y\r\n\r\n", "0\r\n\r\nmore", ""),
    faults: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0x0a, 0x0d, 0x30, 0x31, 0x61, 0x67, 0x3b)), { maxLength: 2 }),
  })
  .map(({ chunks, end, faults }) => {
    const framed = chunks.map(({ body, size, extension }) => [
      latin1(`${size}${body.length.toString(16)}${extension}\r\n`),
      body,
      latin1("\r\n"),
    ]);
    const wire = Buffer.concat([...framed.flat(), latin1(end)]);
    for (const [at, byte] of faults) if (wire.length > 0) wire[at % wire.length] = byte;
    return wire;
  });

/** What comes of a body, up to the error if there is one. */
function outcome(pieces: readonly Buffer[]) {
  const taken: Uint8Array[] = [];
  const decoder = new ChunkedDecoder({ onData: (bytes) => void taken.push(Buffer.from(bytes)) });
  let behind: number | undefined;
  let error: unknown;
  try {
    for (const piece of pieces) {
      if (behind !== undefined) behind += piece.length;
      else {
        // The decoder may move bytes within those that it is given.
        const end = decoder.push(Buffer.from(piece), 0);
        if (end >= 0) behind = piece.length - end;
      }
    }
  } catch (thrown) {
    error = thrown;
  }
  return { body: Buffer.concat(taken).toString("latin1"), behind, error };
}

test("chunks that are read whole, several at once or byte by byte are the same body, or the same fault after the same bytes", () => {
  fc.assert(
    fc.property(WIRES, (wire) => {
      const byByte = outcome(cutAt(wire, Array.from(wire.keys())));
      for (let at = 0; at <= wire.length; at++) expect(outcome(cutAt(wire, [at]))).toEqual(byByte);
    }),
    propertyRuns(300),
  );
});

describe("what is read at once is one piece", () => {
  const event = (name: string, length: number): string => `data: ${name.padEnd(length - 8, ".")}\n\n`;
  const framed = (chunks: readonly string[]): Buffer =>
    latin1(chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join(""));
  const piecesOf = (bytes: Buffer, reads: readonly Buffer[] = [bytes]): string[] => {
    const pieces: string[] = [];
    const decoder = new ChunkedDecoder({ onData: (piece) => void pieces.push(Buffer.from(piece).toString("latin1")) });
    for (const read of reads) decoder.push(Buffer.from(read), 0);
    return pieces;
  };
  const [one, two, three] = [event("one", 64), event("two", 100), event("three", 64)];

  test("but for a few events that are each a chunk", () => {
    expect(piecesOf(framed([one, two, three]))).toEqual([one, two, three]);
  });

  test("wherever it is cut: no two whole events are in one", () => {
    const wire = framed([one, two, three]);
    for (let at = 1; at < wire.length; at++) {
      const pieces = piecesOf(wire, cutAt(wire, [at]));
      expect(pieces.join("")).toBe(one + two + three);
      for (const piece of pieces)
        expect([one, two, three].filter((each) => piece.includes(each)).length).toBeLessThan(2);
    }
  });

  test.each([
    ["chunks that end no line", ["x".repeat(100), "y".repeat(100)]],
    ["chunks that are short", ["a\n", "b\n", "c\n", "d\n"]],
    ["many events", Array.from({ length: 50 }, (_, index) => event(`${index}`, 100))],
  ])("as are %s", (_, chunks) => {
    expect(piecesOf(framed(chunks))).toEqual([chunks.join("")]);
  });
});

describe("is refused, wherever it is cut:", () => {
  test.each([
    ["no size", "\r\nhello\r\n0\r\n\r\n"],
    ["no size but an extension", ";x\r\nhello\r\n0\r\n\r\n"],
    ["a size that is no number", "g\r\n"],
    ["a negative size", "-5\r\nhello\r\n"],
    ["a size with a sign", "+5\r\nhello\r\n"],
    ["a size with its base", "0x5\r\nhello\r\n"],
    ["a size with an underscore", "1_0\r\n"],
    ["white space before a size", " 5\r\nhello\r\n"],
    ["white space within a size", "5 5\r\nhello\r\n"],
    ["a size beyond reason", "1000000000000\r\n"],
    ["a size that wraps around", "10000000000000005\r\nhello\r\n"],
    ["a bare line feed behind a size", "5\nhello\r\n0\r\n\r\n"],
    ["a bare carriage return behind a size", "5\rhello\r\n0\r\n\r\n"],
    ["a bare carriage return in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"],
    ["a chunk longer than its size", "4\r\nhello\r\n0\r\n\r\n"],
    ["a chunk shorter than its size", "6\r\nhello\r\n0\r\n\r\n"],
    ["a bare line feed behind a chunk", "5\r\nhello\n0\r\n\r\n"],
    ["a bare line feed behind the last size", "5\r\nhello\r\n0\n\r\n"],
    ["a bare line feed at the end", "5\r\nhello\r\n0\r\n\n"],
    ["a bare line feed in a trailer", "5\r\nhello\r\n0\r\nx: y\n\r\n"],
  ])("%s", (_, wire) => {
    for (const pieces of everyCut(latin1(wire))) {
      expect(() => decode(pieces)).toThrow(expect.objectContaining({ code: "HTTP_INVALID_CHUNK" }));
    }
  });

  test.each([
    ["an extension that is too long", `5;${"x".repeat(5000)}\r\nhello\r\n0\r\n\r\n`],
    ["a size line without an end", "0".repeat(5000)],
    ["a line of the trailer that is too long", `0\r\n${"x".repeat(17_000)}: y\r\n\r\n`],
    ["a trailer that is too long", `0\r\n${"x: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(500)}\r\n`],
    ["a trailer without an end", `0\r\n${"x:\r\n".repeat(20_000)}`],
    ["no line end behind a chunk", `1\r\na${"b".repeat(5000)}`],
  ])("%s", (_, wire) => {
    const bytes = latin1(wire);
    for (const pieces of [[bytes], cutAt(bytes, Array.from(bytes.keys()))]) {
      expect(() => decode(pieces)).toThrow(expect.objectContaining({ code: "HTTP_INVALID_CHUNK" }));
    }
  });
});
