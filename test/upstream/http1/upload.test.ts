import { describe, expect, test } from "bun:test";
import { writeUpload } from "../../../src/upstream/http1/upload.ts";
import { settle } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";

function createTarget(waits = false) {
  const written: string[] = [];
  let drained: (() => void) | undefined;
  return {
    written,
    drain: () => drained?.(),
    target: {
      write(bytes: Uint8Array) {
        written.push(Buffer.from(bytes).toString("latin1"));
        return waits ? new Promise<void>((resolve) => (drained = resolve)) : undefined;
      },
    },
  };
}

function sourceOf(...chunks: readonly (string | Error)[]) {
  const left = [...chunks];
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1;
        const next = left.shift();
        if (next === undefined) controller.close();
        else if (next instanceof Error) controller.error(next);
        else controller.enqueue(Buffer.from(next));
      },
    },
    { highWaterMark: 0 },
  );
  return { reader: stream.getReader() as ReadableStreamDefaultReader<Uint8Array>, pulls: () => pulls };
}

describe("a body of known length", () => {
  test("goes out as it is", async () => {
    const { written, target } = createTarget();
    await writeUpload(sourceOf("ab", "", "cde").reader, 5, target);
    expect(written).toEqual(["ab", "cde"]);
  });

  test.each([
    ["longer than told: not a byte of what is too much", ["ab", "cd"], 3, ["ab"]],
    ["shorter than told", ["ab"], 3, ["ab"]],
    ["of no bytes where some were told", [], 1, []],
    ["of bytes where none were told", ["a"], 0, []],
  ])("%s", async (_, chunks, length, expected) => {
    const { written, target } = createTarget();
    expect(await rejectionOf(writeUpload(sourceOf(...chunks).reader, length, target))).toMatchObject({
      code: "UPLOAD_LENGTH",
    });
    expect(written).toEqual(expected);
  });

  test("of no bytes, as told", async () => {
    const { written, target } = createTarget();
    await writeUpload(sourceOf().reader, 0, target);
    expect(written).toEqual([]);
  });
});

describe("a body of unknown length", () => {
  test("goes out in the chunks in which it comes, an empty one is not taken for the last", async () => {
    const { written, target } = createTarget();
    await writeUpload(sourceOf("ab", "", "x".repeat(26)).reader, undefined, target);
    expect(written).toEqual(["2\r\nab\r\n", `1a\r\n${"x".repeat(26)}\r\n`, "0\r\n\r\n"]);
  });

  test("of no bytes", async () => {
    const { written, target } = createTarget();
    await writeUpload(sourceOf().reader, undefined, target);
    expect(written).toEqual(["0\r\n\r\n"]);
  });

  test("that fails is not ended", async () => {
    const { written, target } = createTarget();
    const broken = new Error("broken");
    expect(await rejectionOf(writeUpload(sourceOf("ab", broken).reader, undefined, target))).toBe(broken);
    expect(written).toEqual(["2\r\nab\r\n"]);
  });
});

test("no more is read of the body than the server takes", async () => {
  const { written, target, drain } = createTarget(true);
  const { reader, pulls } = sourceOf("a", "b");
  const done = writeUpload(reader, 2, target);
  await settle();
  expect([pulls(), written]).toEqual([1, ["a"]]);
  drain();
  await settle();
  expect([pulls(), written]).toEqual([2, ["a", "b"]]);
  drain();
  await done;
});
