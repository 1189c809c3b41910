import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/failure/failure.ts";
import { streamAnswer } from "../../src/relay/stream-answer.ts";
import { bodyOfStream } from "../../src/transport/stream-body.ts";
import type { AnswerBody } from "../../src/transport/transport.ts";
import type { UpstreamCall } from "../../src/upstream/upstream.ts";

/** A call whose only business is to be aborted. */
function createCall() {
  let reason: Failure | undefined;
  let listener: ((reason: Failure) => void) | undefined;
  let touches = 0;
  const abort = (failure: Failure): void => {
    if (reason) return;
    reason = failure;
    listener?.(failure);
  };
  const call: UpstreamCall = {
    send: () => Promise.reject(new Error("not under test")),
    becomeStream() {},
    touch() {
      touches += 1;
    },
    abort,
    onAbort(added) {
      listener = added;
    },
    awaitClient() {},
    explain: () => reason ?? new Failure("upstream_reset"),
    close() {},
  };
  return { call, abort, touches: () => touches };
}

/** What the listener was told, in order. */
function createJournal(lastWords = "bye") {
  const entries: string[] = [];
  return {
    entries,
    listener: {
      onChunk: (chunk: Uint8Array) => void entries.push(`chunk ${Buffer.from(chunk)}`),
      lastWords(failure: Failure) {
        entries.push(`last words for ${failure.code}`);
        return lastWords === "" ? undefined : Buffer.from(lastWords);
      },
      onEnd: (failure: Failure | undefined) => void entries.push(`end ${failure?.code ?? "well"}`),
    },
  };
}

function bodyOf(chunks: readonly string[], fails = false): AnswerBody {
  const left = [...chunks];
  return bodyOfStream(new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(Buffer.from(next));
      else if (fails) controller.error(new Error("broken"));
      else controller.close();
    },
  }));
}

async function readAll(stream: ReadableStream<Uint8Array> | undefined): Promise<string[]> {
  const read: string[] = [];
  if (stream) for await (const chunk of stream) read.push(Buffer.from(chunk).toString());
  return read;
}

describe("before the first byte", () => {
  test("a failure is thrown, and nobody is told of an end", async () => {
    const { call } = createCall();
    const { entries, listener } = createJournal();
    await expect(streamAnswer(bodyOf([], true), call, listener)).rejects.toMatchObject({ code: "upstream_reset" });
    expect(entries).toEqual([]);
  });

  test.each([
    ["no body", null],
    ["an empty body", bodyOf([])],
  ])("%s is nothing", async (_, body) => {
    const { entries, listener } = createJournal();
    expect(await streamAnswer(body, createCall().call, listener)).toBeUndefined();
    expect(entries).toEqual([]);
  });
});

describe("after it", () => {
  test("a stream that ends well: its chunks as they came, one end", async () => {
    const { entries, listener } = createJournal();
    const stream = await streamAnswer(bodyOf(["a", "b"]), createCall().call, listener);
    expect(await readAll(stream)).toEqual(["a", "b"]);
    expect(entries).toEqual(["chunk a", "chunk b", "end well"]);
  });

  test("a stream that breaks: the last words are said before the end is booked, and the stream ends cleanly", async () => {
    const { entries, listener } = createJournal();
    const stream = await streamAnswer(bodyOf(["a"], true), createCall().call, listener);
    expect(await readAll(stream)).toEqual(["a", "bye"]);
    expect(entries).toEqual(["chunk a", "last words for upstream_reset", "end upstream_reset"]);
  });

  test("a stream that breaks where no last words are possible: it does not end cleanly", async () => {
    const { entries, listener } = createJournal("");
    const stream = await streamAnswer(bodyOf(["a"], true), createCall().call, listener);
    await expect(readAll(stream)).rejects.toMatchObject({ code: "upstream_reset" });
    expect(entries.at(-1)).toBe("end upstream_reset");
  });

  test("an abort while nobody reads: the chunk that waited comes before the last words", async () => {
    const { call, abort } = createCall();
    const { entries, listener } = createJournal();
    const stream = await streamAnswer(bodyOf(["a", "b"]), call, listener);
    abort(new Failure("shutting_down"));
    expect(await readAll(stream)).toEqual(["a", "bye"]);
    expect(entries).toEqual(["chunk a", "last words for shutting_down", "end shutting_down"]);
  });

  test("a reader that cancels is a client that left: one end, no words", async () => {
    const { call, abort } = createCall();
    const { entries, listener } = createJournal();
    const stream = await streamAnswer(bodyOf(["a", "b"]), call, listener);
    const reader = stream?.getReader();
    await reader?.read();
    await reader?.cancel();
    abort(new Failure("shutting_down"));
    expect(entries).toEqual(["chunk a", "end client_gone"]);
  });

  test("nothing is read ahead of the reader, and each read moves the deadline", async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls += 1;
          controller.enqueue(Buffer.from(String(pulls)));
        },
      },
      { highWaterMark: 0 },
    );
    const { call, touches } = createCall();
    const stream = await streamAnswer(body, call, createJournal().listener);
    expect(pulls).toBe(1);
    const reader = stream?.getReader();
    await reader?.read();
    expect([pulls, touches()]).toEqual([1, 0]);
    await reader?.read();
    expect([pulls, touches()]).toEqual([2, 2]);
  });
});
