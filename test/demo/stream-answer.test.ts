import { describe, expect, test } from "bun:test";
import { streamAnswer, waitByClock } from "../../src/demo/stream-answer.ts";
import type { StreamEvent } from "../../src/demo/write-events.ts";
import { startDemoProvider } from "../../src/demo/start-demo-provider.ts";
import { post } from "./demo-client.ts";

const EVENTS: readonly StreamEvent[] = [
  { text: "a", paced: false },
  { text: "b", paced: true },
  { text: "c", paced: true },
  { text: "d", paced: false },
];

/** A wait that never ends by itself, and tells when one began and when one was ended. */
function waitForLeaving() {
  const began = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const wait = (_: number, signal: AbortSignal): Promise<void> => {
    signal.addEventListener("abort", () => left.resolve(), { once: true });
    began.resolve();
    return left.promise;
  };
  return { began: began.promise, left: left.promise, wait };
}

describe("streamAnswer", () => {
  test("waits the given time before paced events only", async () => {
    const waits: number[] = [];
    const wait = (milliseconds: number): Promise<void> => {
      waits.push(milliseconds);
      return Promise.resolve();
    };
    const stream = streamAnswer(EVENTS.values(), { paceMs: 40, wait, signal: new AbortController().signal });
    expect(await new Response(stream).text()).toBe("abcd");
    expect(waits).toEqual([40, 40]);
  });

  test("makes nothing before it is read", async () => {
    let made = 0;
    const events = (function* () {
      for (const event of EVENTS) {
        made += 1;
        yield event;
      }
    })();
    const wait = (): Promise<void> => Promise.resolve();
    const reader = streamAnswer(events, { paceMs: 0, wait, signal: new AbortController().signal }).getReader();
    await Promise.resolve();
    expect(made).toBe(0);
    await reader.read();
    expect(made).toBe(1);
    await reader.cancel();
    expect(events.next().done).toBe(true);
  });

  test("a reader that leaves during a pause ends the pause", async () => {
    const { began, left, wait } = waitForLeaving();
    const reader = streamAnswer(EVENTS.values(), {
      paceMs: 40,
      wait,
      signal: new AbortController().signal,
    }).getReader();
    await reader.read();
    const pending = reader.read();
    await began;
    await reader.cancel();
    await left;
    expect((await pending).done).toBe(true);
  });

  test("a client that has gone ends the stream without another event", async () => {
    const client = new AbortController();
    const wait = (_: number, signal: AbortSignal): Promise<void> => {
      client.abort();
      expect(signal.aborted).toBe(true);
      return Promise.resolve();
    };
    const stream = streamAnswer(EVENTS.values(), { paceMs: 40, wait, signal: client.signal });
    expect(await new Response(stream).text()).toBe("a");
  });
});

describe("waitByClock", () => {
  test("settles at once where the signal has aborted, or aborts later", async () => {
    const leaving = new AbortController();
    const hour = waitByClock(3_600_000, leaving.signal);
    leaving.abort();
    await hour;
    await waitByClock(3_600_000, leaving.signal);
    await waitByClock(0, new AbortController().signal);
    await waitByClock(1, new AbortController().signal);
  });
});

describe("over the network", () => {
  const body = { model: "demo-chat", messages: [{ role: "user", content: "hi" }], stream: true };

  test("a client that leaves stops the stream at once", async () => {
    const { began, left, wait } = waitForLeaving();
    const provider = startDemoProvider({ paceMs: 40, wait });
    try {
      const client = new AbortController();
      const response = await fetch(`${provider.url}/chat/completions`, {
        method: "POST",
        body: JSON.stringify(body),
        signal: client.signal,
      });
      const reader = response.body?.getReader();
      expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"role":"assistant"');
      await began;
      client.abort();
      await left;
    } finally {
      await provider.stop();
    }
  });

  test("stopping the provider ends open streams and frees the port", async () => {
    const { began, left, wait } = waitForLeaving();
    const provider = startDemoProvider({ paceMs: 40, wait });
    const response = await post(provider, "/chat/completions", body);
    await began;
    await provider.stop();
    await left;
    await expect(response.text()).rejects.toThrow();
    await expect(fetch(`${provider.url}/models`)).rejects.toThrow();
  });

  test("refuses a pace that is no duration", () => {
    expect(() => startDemoProvider({ paceMs: -1 })).toThrow(RangeError);
    expect(() => startDemoProvider({ paceMs: Number.NaN })).toThrow(RangeError);
  });
});
