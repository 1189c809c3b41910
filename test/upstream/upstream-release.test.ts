import { describe, expect, test } from "bun:test";
import { getEventListeners } from "node:events";
import { Failure } from "../../src/core/errors.ts";
import type { UpstreamCall } from "../../src/upstream/call.ts";
import { settle } from "../fixtures/manual-clock.ts";
import { groq, openAnswered, setUp, watch } from "./open-upstream.ts";

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
        "once the connection stands",
        async ({ open, lastSent }, client) => {
          const call = open(groq, client.signal);
          watch(call);
          lastSent().connect();
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
      [
        "while a stream waits for its client",
        async (parts, client) => {
          const { call } = await openAnswered(parts, client.signal);
          call.becomeStream();
          call.awaitClient();
          return call;
        },
      ],
    ],
  )("%s frees the deadline, lets go of the client and gives the request up", async (_, reach) => {
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
    await parts.clock.advance(100_000);
    client.abort();
    call.abort(new Failure("shutting_down"));
    expect(told).toEqual([]);
    expect(parts.deadlines.size()).toBe(0);
    for (const { aborts } of parts.sent) expect(aborts).toEqual([undefined]);
  });

  test("after an abort frees everything too", async () => {
    const parts = setUp();
    const client = new AbortController();
    const call = parts.open(groq, client.signal);
    watch(call);
    call.abort(new Failure("shutting_down"));
    await settle();
    call.close();
    call.touch();
    call.becomeStream();
    call.awaitClient();
    expect(parts.deadlines.size()).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
  });
});
