import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { createDeadlines } from "../../src/core/deadlines.ts";
import type { Block, MediaBlock } from "../../src/formats/form/blocks.ts";
import type { Turn } from "../../src/formats/form/conversation.ts";
import { createFetchMedia } from "../../src/pipeline/translate/fetch-media.ts";
import { type FetchPublic, NotFetched } from "../../src/upstream/fetch-public.ts";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { rejectionOf } from "../fixtures/rejection.ts";

const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUg==", "base64");

const conversationOf = (turns: readonly Turn[]) => ({
  ...CHAT_DIALECT.readRequest({ model: "m", messages: [{ role: "user", content: "x" }] }),
  turns,
});

const image = (url: string): MediaBlock => ({ type: "image", source: { kind: "url", url }, mediaType: undefined });
const user = (...blocks: Block[]): Turn => ({ role: "user", blocks });

function open(fetchPublic: FetchPublic, { limit = Number.POSITIVE_INFINITY } = {}) {
  const clock = createManualClock();
  const context = { heldBytes: 100 };
  const ending = new AbortController();
  const fetchMedia = createFetchMedia({
    fetchPublic,
    memory: {
      tryHold(holder, bytes) {
        if (bytes > limit) return false;
        holder.heldBytes = bytes;
        return true;
      },
    },
    deadlines: createDeadlines(clock),
    now: clock.now,
  });
  const get = (turns: readonly Turn[], isWanted: (block: MediaBlock) => boolean = () => true) =>
    fetchMedia(conversationOf(turns), isWanted, { context, signal: ending.signal });
  return { clock, context, ending, get };
}

const answerPng: FetchPublic = async (_, { onBytes }) => {
  onBytes(PNG.length);
  return { bytes: PNG, mediaType: "application/octet-stream" };
};

test("bytes stand in the place of URLs, each fetched once, in results of tools too", async () => {
  const asked: string[] = [];
  const { get, context } = open((url, limits) => {
    asked.push(url);
    return answerPng(url, limits);
  });
  const kept: MediaBlock = { ...image("https://a.test/kept.pdf"), type: "document" };
  const named: MediaBlock = { ...image("https://a.test/1.png"), detail: "low", cache: { ttl: "5m" } };
  const turns: Turn[] = [
    { role: "system", blocks: [{ type: "text", text: "look" }] },
    user({ type: "text", text: "see" }, named, kept),
    {
      role: "tool",
      blocks: [
        {
          type: "result",
          callId: "c",
          kind: "function",
          isError: false,
          blocks: [image("https://a.test/1.png"), image("https://a.test/2.png"), { type: "text", text: "seen" }],
        },
      ],
    },
  ];
  const filled = await get(turns, ({ type }) => type === "image");
  const bytes = { source: { kind: "base64", data: PNG.toString("base64") }, mediaType: "image/png" } as const;
  expect(asked.sort()).toEqual(["https://a.test/1.png", "https://a.test/2.png"]);
  expect(filled.turns[0]).toEqual(turns[0]);
  expect(filled.turns[1]).toEqual(user({ type: "text", text: "see" }, { ...named, ...bytes }, kept));
  const [result] = filled.turns[2]?.blocks ?? [];
  expect(result?.type === "result" && result.blocks).toEqual([
    { type: "image", ...bytes },
    { type: "image", ...bytes },
    { type: "text", text: "seen" },
  ]);
  expect(context.heldBytes).toBe(100 + 2 * PNG.length * 4);
});

test("nothing is fetched for a request without such media", async () => {
  const { get } = open(() => Promise.reject(new Error("not called")));
  const turns = [user({ type: "text", text: "hi" })];
  expect((await get(turns)).turns).toEqual(turns);
});

describe("a request is refused", () => {
  test("for more than twenty, before any is fetched", async () => {
    let calls = 0;
    const { get } = open(async (url, limits) => {
      calls += 1;
      return answerPng(url, limits);
    });
    const many = Array.from({ length: 21 }, (_, index) => image(`https://a.test/${index}`));
    expect(await rejectionOf(get([user(...many)]))).toMatchObject({ code: "invalid_request" });
    expect(calls).toBe(0);
  });

  test("for one that cannot be fetched, without its query, and the others are ended", async () => {
    const signals: AbortSignal[] = [];
    const { get } = open((url, { signal }) => {
      signals.push(signal);
      if (url.includes("bad")) return Promise.reject(new NotFetched("its host is not a public one"));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const error = await rejectionOf(get([user(image("https://a.test/good"), image("https://a.test/bad?sig=secret"))]));
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({
      code: "invalid_request",
      message:
        "What is at https://a.test/bad could not be fetched: its host is not a public one. Send its bytes instead.",
    });
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
  });

  test("for what is no medium", async () => {
    const page: FetchPublic = async () => ({ bytes: Buffer.from("<html>"), mediaType: "text/html" });
    expect(await rejectionOf(open(page).get([user(image("https://a.test/page"))]))).toMatchObject({
      message: expect.stringContaining("it is no image, PDF or text, but text/html"),
    });
  });

  test("for more than 32 MiB together", async () => {
    const large: FetchPublic = async (_, { onBytes }) => {
      onBytes(17 * 1024 * 1024);
      return { bytes: PNG, mediaType: "" };
    };
    const { get } = open(large);
    expect(await rejectionOf(get([user(image("https://a.test/1"), image("https://a.test/2"))]))).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("longer than 33554432 bytes"),
    });
  });

  test("if there is no memory for it", async () => {
    const { get } = open(answerPng, { limit: 101 });
    expect(await rejectionOf(get([user(image("https://a.test/1"))]))).toMatchObject({ code: "memory_exhausted" });
  });

  test("if it takes too long, and when the client leaves", async () => {
    const hang: FetchPublic = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const late = open(hang);
    const rejected = rejectionOf(late.get([user(image("https://a.test/1"))]));
    await late.clock.advance(20_000);
    expect(await rejected).toMatchObject({ message: expect.stringContaining("it takes longer than 20 s") });
    expect(late.clock.timersWaiting()).toBe(0);

    const left = open(hang);
    const gone = rejectionOf(left.get([user(image("https://a.test/1"))]));
    left.ending.abort();
    expect(await gone).toMatchObject({ code: "client_gone" });
  });
});
