import { describe, expect, test } from "bun:test";
import { readWithin } from "../../src/upstream/read-body.ts";
import { bodyOfStream, streamOfBody, bodyOfBytes } from "../../src/upstream/body.ts";
import { PushedBody } from "../fixtures/pushed-body.ts";
import { settle } from "../fixtures/manual-clock.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { createSink } from "./body-sink.ts";

/** A body that a test pushes, with what was asked of its sender. */
function createBody() {
  const body = new PushedBody();
  return {
    body,
    asked: body.asked,
    push(...texts: readonly string[]) {
      for (const text of texts) body.write(Buffer.from(text));
      body.flush();
    },
    end: () => body.end(),
    fail: (error: unknown) => body.fail(error),
  };
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

describe("a body read whole", () => {
  test.each([
    ["nothing", [], ""],
    ["one piece", ["abc"], "abc"],
    ["several, up to the limit", ["ab", "cd", "e"], "abcde"],
  ])("of %s", async (_, pieces, whole) => {
    const { body, push, end } = createBody();
    const reading = readWithin(body, 5);
    push(...pieces);
    end();
    const read = await reading;
    expect("whole" in read && text(read.whole)).toBe(whole);
  });

  test("that is all there already is read at once", () => {
    expect(readWithin(bodyOfBytes(Buffer.from("abc")), 3)).toEqual({ whole: Buffer.from("abc") });
    const body = bodyOfBytes(Buffer.from("abcd"));
    expect(readWithin(body, 3)).toEqual({ tooLong: body });
  });

  test("that breaks off rejects with its error", async () => {
    const { body, push, fail } = createBody();
    const reading = readWithin(body, 5);
    push("a");
    const error = new Error("broken");
    fail(error);
    expect(await rejectionOf(reading)).toBe(error);
  });

  test("that is longer: the sender waits; what has come is handed over, and then the rest", async () => {
    const { body, push, end, asked } = createBody();
    const reading = readWithin(body, 5);
    push("abc", "def", "g");
    const read = await reading;
    if (!("tooLong" in read)) throw new Error("it is not too long");
    expect(asked).toContain("pause");
    push("h");
    const { told, sink: consumer } = createSink();
    read.tooLong.consume(consumer);
    expect(asked.at(-1)).toBe("resume");
    push("i");
    end();
    expect(told).toEqual(["abc", "def", "g", "h", "flush", "i", "flush", "end"]);
  });

  test.each(["end", "fail broken"])("that is longer and over before the rest is taken (%s)", async (ending) => {
    const { body, push, end, fail } = createBody();
    const reading = readWithin(body, 1);
    push("ab");
    if (ending === "end") end();
    else fail(new Error("broken"));
    const read = await reading;
    const { told, sink: consumer } = createSink();
    if ("tooLong" in read) read.tooLong.consume(consumer);
    // An end says as much as a flush.
    expect(told).toEqual(ending === "end" ? ["ab", "end"] : ["ab", "flush", ending]);
  });

  test("that is longer: whoever takes the rest may have it wait again, and let go of it", async () => {
    const { body, push, asked } = createBody();
    const reading = readWithin(body, 1);
    push("ab");
    const read = await reading;
    if (!("tooLong" in read)) throw new Error("it is not too long");
    const { tooLong } = read;
    tooLong.consume(createSink("ab", () => tooLong.pause()).sink);
    expect(asked.at(-1)).toBe("pause");
    tooLong.resume();
    tooLong.cancel();
    expect(asked.slice(-2)).toEqual(["resume", "cancel"]);
  });
});

describe("a stream made of a body", () => {
  test("gives its pieces, and ends with it", async () => {
    const { body, push, end } = createBody();
    const reader = streamOfBody(body).getReader();
    push("a", "b");
    end();
    expect([text((await reader.read()).value), text((await reader.read()).value)]).toEqual(["a", "b"]);
    expect((await reader.read()).done).toBe(true);
  });

  test("breaks off with its error", async () => {
    const { body, push, fail } = createBody();
    const reader = streamOfBody(body).getReader();
    push("a");
    const error = new Error("broken");
    fail(error);
    expect(await rejectionOf(reader.read().then(() => reader.read()))).toBe(error);
  });

  test("has the sender wait while much of it is unread, once, and go on when it is read", async () => {
    const { body, push, asked } = createBody();
    const reader = streamOfBody(body).getReader();
    await settle();
    push("x".repeat(60_000));
    expect(asked).toEqual([]);
    push("x".repeat(10_000), "x".repeat(10_000));
    expect(asked).toEqual(["pause"]);
    await reader.read();
    await settle();
    expect(asked).toEqual(["pause", "resume"]);
    push("x".repeat(60_000));
    expect(asked).toEqual(["pause", "resume", "pause"]);
  });

  test("that is let go of lets go of the body", async () => {
    const { body, push, end, asked } = createBody();
    const stream = streamOfBody(body);
    push("a");
    await stream.cancel();
    expect(asked).toEqual(["cancel"]);
    push("b");
    end();
  });
});

describe("a body made of a stream", () => {
  const streamOf = (...pieces: readonly (string | Error)[]) => {
    const left = [...pieces];
    const seen = { pulls: 0, cancelled: false };
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          seen.pulls += 1;
          const next = left.shift();
          if (next === undefined) controller.close();
          else if (next instanceof Error) controller.error(next);
          else controller.enqueue(Buffer.from(next));
        },
        cancel() {
          seen.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { body: bodyOfStream(stream), seen };
  };

  test("hands over its pieces, each at once, and its end", async () => {
    const { told, sink: consumer } = createSink();
    streamOf("a", "b").body.consume(consumer);
    await settle();
    expect(told).toEqual(["a", "flush", "b", "flush", "end"]);
  });

  test("breaks off with its error", async () => {
    const { told, sink: consumer } = createSink();
    streamOf("a", new Error("broken")).body.consume(consumer);
    await settle();
    expect(told).toEqual(["a", "flush", "fail broken"]);
  });

  test("reads no more while it is to wait", async () => {
    const { body, seen } = streamOf("a", "b");
    const { told, sink: consumer } = createSink("a", () => body.pause());
    body.consume(consumer);
    await settle();
    expect([told, seen.pulls]).toEqual([["a", "flush"], 1]);
    body.resume();
    await settle();
    expect(told).toEqual(["a", "flush", "b", "flush", "end"]);
  });

  test.each(["amid a piece", "while it waits", "while a read is under way"])(
    "lets go %s: nothing more is heard",
    async (when) => {
      const { body, seen } = streamOf("a", "b");
      const { told, sink: consumer } = createSink("a", () => {
        if (when === "amid a piece") body.cancel();
        else body.pause();
      });
      body.consume(consumer);
      if (when === "while a read is under way") body.cancel();
      await settle();
      if (when === "while it waits") body.cancel();
      await settle();
      const heard = { "amid a piece": ["a"], "while it waits": ["a", "flush"], "while a read is under way": [] };
      expect<readonly string[]>(told).toEqual(heard[when as keyof typeof heard]);
      expect(seen.cancelled).toBe(true);
    },
  );
});
