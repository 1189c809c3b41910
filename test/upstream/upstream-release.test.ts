import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { Failure } from "../../src/failure/failure.ts";
import type { UpstreamCall } from "../../src/upstream/upstream.ts";
import { settle } from "./manual-clock.ts";
import { createProvider, groq, LIMITS, openAnswered, REQUEST, setUp, watch } from "./open-upstream.ts";

describe("close", () => {
  test.each<[when: string, reach: (parts: ReturnType<typeof setUp>, client: AbortController) => Promise<UpstreamCall>]>(
    [
      ["before anything is sent", async ({ open }, client) => open(groq, client.signal)],
      [
        "while the header is awaited",
        async ({ open }, client) => {
          const call = open(groq, client.signal);
          watch(call);
          return call;
        },
      ],
      [
        "while the connection is probed",
        async ({ open, clock, probes }, client) => {
          const call = open(groq, client.signal);
          watch(call);
          await clock.advance(LIMITS.connectMs - 1);
          expect(probes).toHaveLength(1);
          return call;
        },
      ],
      ["once it is answered", async (parts, client) => (await openAnswered(parts, client.signal)).call],
      [
        "amid a stream",
        async (parts, client) => {
          const { call } = await openAnswered(parts, client.signal);
          call.becomeStream();
          call.touch();
          return call;
        },
      ],
    ],
  )("%s frees the deadline and lets go of the client", async (_, reach) => {
    const parts = setUp();
    const client = new AbortController();
    const call = await reach(parts, client);
    const told: Failure[] = [];
    call.onAbort((reason) => told.push(reason));
    expect(getEventListeners(client.signal, "abort")).toHaveLength(1);
    call.close();
    call.close();
    expect(parts.deadlines.size()).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
    for (const probe of parts.probes) probe.resolve(true);
    await parts.clock.advance(100_000);
    client.abort();
    call.abort(new Failure("shutting_down"));
    expect(told).toEqual([]);
    expect(parts.deadlines.size()).toBe(0);
    for (const { signal } of parts.sent) expect(signal.aborted).toBe(false);
  });

  test("after an abort frees everything too", async () => {
    const parts = setUp();
    const client = new AbortController();
    const call = parts.open(groq, client.signal);
    watch(call);
    call.abort(new Failure("shutting_down"));
    await settle();
    call.close();
    expect(parts.deadlines.size()).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
  });
});

describe("the probe", () => {
  test("is not made for an answer that comes soon", async () => {
    const parts = setUp();
    const { call } = await openAnswered(parts);
    await parts.clock.advance(LIMITS.totalMs - 1);
    expect(parts.probes).toHaveLength(0);
    call.close();
  });

  test("is one for all calls of a provider that wait, and one for each provider", async () => {
    const { clock, open, probes } = setUp();
    const other = createProvider("other");
    const calls = Array.from({ length: 50 }, (_, index) => open(index % 2 === 0 ? groq : other, AbortSignal.any([])));
    const watched = calls.map(watch);
    await clock.advance(LIMITS.connectMs - 1);
    expect(probes.map(({ provider }) => provider.id).toSorted()).toEqual(["groq", "other"]);
    for (const { provider, resolve } of probes) if (provider === groq) resolve(true);
    await clock.advance(1);
    const standing = watched.map(({ sending }) => sending());
    expect(standing).toEqual(calls.map((_, index) => (index % 2 === 0 ? "pending" : "connect_timeout")));
    for (const call of calls) call.close();
  });

  test("is made anew once the one before has ended", async () => {
    const { clock, open, probes, outside } = setUp();
    outside.connects = true;
    const first = open(groq, new AbortController().signal);
    watch(first);
    await clock.advance(LIMITS.connectMs);
    outside.connects = false;
    const second = open(groq, new AbortController().signal);
    const { sending } = watch(second);
    await clock.advance(LIMITS.connectMs);
    expect(probes).toHaveLength(2);
    expect(sending()).toBe("connect_timeout");
    first.close();
    second.close();
  });
});

describe("what is sent", () => {
  test("is the request as given, without the runtime's redirects, proxies and time limit", async () => {
    const { open, sent } = setUp();
    const call = open(groq, new AbortController().signal);
    const body = new TextEncoder().encode("{}");
    call.send({ url: "http://upstream.example/v1/y?z", method: "PUT", headers: { a: "b" }, body }).catch(() => {});
    expect(sent[0]?.url).toBe("http://upstream.example/v1/y?z");
    expect(sent[0]?.init).toMatchObject({ method: "PUT", headers: { a: "b" }, body });
    expect(sent[0]?.init).toMatchObject({ redirect: "manual", proxy: false, timeout: false, decompress: true });
    expect(sent[0]?.init).not.toHaveProperty("unix");
    call.close();
  });

  test("goes through the provider's unix socket, and keeps its encoding where that is asked for", () => {
    const { open, sent } = setUp();
    const call = open(createProvider("local", "/run/model.sock"), new AbortController().signal);
    call.send({ ...REQUEST, keepEncoding: true }).catch(() => {});
    expect(sent[0]?.init).toMatchObject({ unix: "/run/model.sock", decompress: false });
    call.close();
  });
});
