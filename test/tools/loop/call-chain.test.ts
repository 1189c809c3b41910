import { expect, test } from "bun:test";
import { chainCalls } from "../../../src/tools/loop/call-chain.ts";
import { Failure } from "../../../src/core/errors.ts";
import { groq, LIMITS, REQUEST, setUp } from "../../upstream/open-upstream.ts";

/** A signal that knows who listens to it. */
function watchedClient() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  const watched = Object.assign(signal, {
    addEventListener(...args: Parameters<typeof add>) {
      listeners += 1;
      add(...args);
    },
    removeEventListener(...args: Parameters<typeof remove>) {
      listeners -= 1;
      remove(...args);
    },
  });
  return { signal: watched, leave: () => controller.abort(), listeners: () => listeners };
}

function openChain() {
  const upstream = setUp();
  const client = watchedClient();
  const chain = chainCalls(() => upstream.open(groq, client.signal), client.signal);
  const reasons: string[] = [];
  chain.onAbort(({ code }) => reasons.push(code));
  return { ...upstream, client, chain, reasons };
}

test("a client that is gone is asked nothing for", async () => {
  const { chain, client, sent } = openChain();
  client.leave();
  await expect(chain.send(REQUEST)).rejects.toMatchObject({ code: "client_gone" });
  expect(sent).toEqual([]);
  expect(chain.signal().reason).toMatchObject({ code: "client_gone" });
});

test("whatever ends it first ends the call under way and everything else, and is told once", async () => {
  const { chain, client, lastSent, reasons } = openChain();
  const sending = chain.send(REQUEST);
  chain.abort(new Failure("shutting_down"));
  client.leave();
  await expect(sending).rejects.toMatchObject({ code: "shutting_down" });
  expect(lastSent().aborts).toMatchObject([{ code: "shutting_down" }]);
  expect(chain.signal().reason).toMatchObject({ code: "shutting_down" });
  expect(reasons).toEqual(["shutting_down"]);
  await expect(chain.send(REQUEST)).rejects.toMatchObject({ code: "shutting_down" });
});

test("a deadline of one call ends the chain", async () => {
  const { chain, clock, lastSent, reasons } = openChain();
  const failing = chain.send(REQUEST).catch((error: unknown) => error);
  lastSent().connect();
  await clock.advance(LIMITS.responseHeaderMs);
  expect(await failing).toMatchObject({ code: "response_header_timeout" });
  expect(reasons).toEqual(["response_header_timeout"]);
  expect(chain.explain(new Error("a read that failed because of it")).code).toBe("response_header_timeout");
});

test("at rest it has no deadline; every call has its own; closed it holds nothing", async () => {
  const { chain, clock, client, deadlines, lastSent, reasons } = openChain();
  for (let round = 0; round < 3; round += 1) {
    const sending = chain.send(REQUEST);
    lastSent().answer();
    await sending;
    expect(deadlines.size()).toBe(1);
    await clock.advance(LIMITS.totalMs - 1);
    chain.rest();
    expect(deadlines.size()).toBe(0);
    await clock.advance(10 * LIMITS.totalMs);
  }
  expect(reasons).toEqual([]);
  const sending = chain.send(REQUEST);
  lastSent().answer();
  await sending;
  chain.close();
  expect([deadlines.size(), client.listeners()]).toEqual([0, 0]);
  client.leave();
  expect(reasons).toEqual([]);
});
