import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { closeWithoutAnswer, json, resetWithoutAnswer, sse } from "../fixtures/answers.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  rig.provider.answerAlways(() => json(200, "{}"));
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const POSTS = [
  ["/v1/chat/completions", CHAT],
  ["/proxy/openai/x", { x: 1 }],
] as const;

/** Sends a request and gives back its status, and on which connection it reached the provider, if it did. */
async function ask(target: string, body?: object): Promise<{ status: number; connections: number[] }> {
  const before = rig.provider.requests.length;
  const { client } = await rig.call({ method: body ? "POST" : "GET", target, body });
  const { status } = await client.head();
  await client.body();
  client.leave();
  return { status, connections: rig.provider.requests.slice(before).map(({ connection }) => connection) };
}

const ATTEMPTS = 10;

/** The runtime puts a connection back a moment after its answer was read, so the next call may come too early for it. */
async function atLeastOnce(attempt: () => Promise<boolean>): Promise<boolean> {
  for (let left = ATTEMPTS; left > 0; left--) if (await attempt()) return true;
  return false;
}

// Each test begins with exactly one connection, kept alive.
beforeEach(async () => {
  while (rig.provider.openConnections > 0) {
    rig.provider.closeIdleConnections();
    await Bun.sleep(1);
  }
  expect((await ask("/v1/chat/completions", CHAT)).status).toBe(200);
  expect(rig.provider.openConnections).toBe(1);
});

describe.each(POSTS)("POST %s", (target, body) => {
  test("uses the connection that is there", async () => {
    const reused = await atLeastOnce(async () => {
      const { connections } = await ask(target, body);
      return (await ask(target, body)).connections[0] === connections[0];
    });
    expect(reused).toBe(true);
  });

  test("uses the connection of a stream that ended, too", async () => {
    const reused = await atLeastOnce(async () => {
      rig.provider.answer(sse(["data: 1\n\n"]));
      const { connections } = await ask(target, body);
      return (await ask(target, body)).connections[0] === connections[0];
    });
    expect(reused).toBe(true);
  });

  test.each(["fin", "reset"] as const)("goes over a new connection if the old one was closed (%s)", async (how) => {
    const old = rig.provider.connections;
    expect(rig.provider.closeIdleConnections(how)).toBe(1);
    await rig.provider.connectionClosed(old);
    expect(await ask(target, body)).toEqual({ status: 200, connections: [old + 1] });
  });

  // Whether such a request was begun cannot be known, so a second one might cost twice.
  test("is not repeated if the connection dies as it is sent: 502", async () => {
    const died = await atLeastOnce(async () => {
      const old = rig.provider.connections;
      expect(rig.provider.closeIdleConnections("on-next-byte")).toBeGreaterThan(0);
      const { status, connections } = await ask(target, body);
      const isReused = rig.provider.connections === old;
      expect([status, connections]).toEqual(isReused ? [502, []] : [200, [old + 1]]);
      return isReused;
    });
    expect(died).toBe(true);
    expect((await ask(target, body)).status).toBe(200);
  });

  test.each([
    ["resets", resetWithoutAnswer],
    ["closes", closeWithoutAnswer],
  ])("is not repeated where the provider has read it and %s: 502", async (_, script) => {
    rig.provider.answer(script());
    const { status, connections } = await ask(target, body);
    expect([status, connections.length]).toEqual([502, 1]);
  });
});

test("a GET may be repeated, and is after its connection died", async () => {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const old = rig.provider.connections;
    expect(rig.provider.closeIdleConnections("on-next-byte")).toBeGreaterThan(0);
    expect(await ask("/proxy/openai/x")).toEqual({ status: 200, connections: [old + 1] });
  }
});
