import { describe, expect, test } from "bun:test";
import { loadProviders } from "../fixtures/load-providers.ts";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { endpointKey } from "../../src/upstream/endpoint.ts";
import { createSocketTransport } from "../../src/upstream/http1/transport.ts";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { wait } from "../fixtures/script.ts";
import { readAnswer } from "./http1/open-transport.ts";
import { createProvider } from "./open-upstream.ts";

const ENDPOINT = { id: "a", baseUrl: "https://a.example/v1", unixSocket: undefined, http2: false };

test("the key of an endpoint differs with everything that its connections are made from", () => {
  const others = [
    { ...ENDPOINT, id: "b" },
    { ...ENDPOINT, baseUrl: "https://b.example/v1" },
    { ...ENDPOINT, unixSocket: "/run/a.sock" },
    { ...ENDPOINT, http2: true },
  ];
  expect(new Set([ENDPOINT, ...others].map(endpointKey)).size).toBe(5);
  expect(endpointKey({ ...ENDPOINT })).toBe(endpointKey(ENDPOINT));
});

test("settings that are read again, with another credential, name the same endpoints", () => {
  const keys = (key: string): string[] =>
    loadProviders({ OPENAI_API_KEY: key }, []).providers.map((provider) => provider.endpointKey);
  expect(keys("one")).toEqual(keys("two"));
  expect(new Set(keys("one")).size).toBe(keys("one").length);
  expect(JSON.stringify(keys("secret"))).not.toContain("secret");
});

describe("connections", () => {
  /** A transport to one server, which is called under several names. */
  async function setUp() {
    const provider = await startMockProvider();
    const clock = createManualClock();
    const transport = createSocketTransport(createDeadlines(clock), clock.now);
    const endpoint = (id: string) => ({ ...createProvider(id), endpointKey: id, baseUrl: provider.url });
    const send = (id: string, target = "/") => {
      const request = { url: provider.url + target, method: "GET", headers: {}, body: null };
      return transport.send(endpoint(id), request, () => {}).response.then(readAnswer);
    };
    return {
      provider,
      transport,
      send,
      async [Symbol.asyncDispose]() {
        transport.close();
        await provider.stop();
      },
    };
  }
  const answerAlways = (provider: MockProvider): void => provider.answerAlways(() => json(200, "{}"));

  test("are those of the key, whichever object comes with it", async () => {
    await using parts = await setUp();
    answerAlways(parts.provider);
    await parts.send("a");
    await parts.send("a");
    expect(parts.provider.connections).toBe(1);
    await parts.send("b");
    expect(parts.provider.connections).toBe(2);
  });

  test("of keys that nothing refers to any more are closed, and no others", async () => {
    await using parts = await setUp();
    const { provider, transport, send } = parts;
    answerAlways(provider);
    await send("a");
    await send("b");
    transport.retain(new Set(["b"]));
    await provider.connectionClosed(1);
    expect(provider.openConnections).toBe(1);
    await send("b");
    expect(provider.connections).toBe(2);
    await send("a");
    expect(provider.connections).toBe(3);
  });

  test("that carry a request are closed when it is over", async () => {
    await using parts = await setUp();
    const { provider, transport, send } = parts;
    const gate = createGate();
    provider.answer([wait(gate), ...json(200, "{}")]);
    const answer = send("a");
    await provider.nextRequest();
    transport.retain(new Set());
    expect(provider.openConnections).toBe(1);
    gate.open();
    expect((await answer).text).toBe("{}");
    await provider.connectionClosed(1);
  });
});
