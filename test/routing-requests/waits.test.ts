import { describe, expect, test } from "bun:test";
import { answerOf, bytesOf, DIALOGUES } from "./dialogues.ts";
import { createGate } from "../fixtures/gate.ts";
import { sse } from "../fixtures/answers.ts";
import { chunk, head, stall } from "../fixtures/script.ts";
import {
  type ModelSketch,
  type RoutedGateway,
  startRouted,
  startTwoProviders,
  type TwoProviders,
  withModels,
} from "./routed-gateway.ts";

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const BOTH = [{ provider: "left" }, { provider: "right" }];
const { path, ask, opening, rest } = DIALOGUES.chat;
const STALLS = [
  ["before its head", () => [stall()]],
  ["behind the opening of its stream", () => [head(200, EVENT_STREAM), chunk(opening.join("")), stall()]],
] as const;

/** The gateway's own router makes the first attempt without all that further ones need. */
const ROUTERS: Readonly<
  Record<
    "own" | "simplest",
    (
      models: readonly ModelSketch[],
      environment?: Readonly<Record<string, string>>,
    ) => Promise<TwoProviders & Partial<Pick<RoutedGateway, "router">>>
  >
> = {
  own: (models: readonly ModelSketch[], environment = {}) => startTwoProviders(withModels(models), {}, environment),
  simplest: (models: readonly ModelSketch[], environment = {}) => startRouted(models, {}, environment),
};

describe.each(["own", "simplest"] as const)("for the %s router, a provider that is silent", (router) => {
  const startRouted = ROUTERS[router];

  test.each(STALLS)("%s, until the first token is too late", async (_, script) => {
    await using rig = await startRouted([
      { name: "fast", deployments: [{ provider: "left", timeouts: { firstTokenMs: 50 } }, { provider: "right" }] },
    ]);
    rig.left.answer(script());
    rig.right.answer(answerOf("chat", true));
    const response = await rig.post(path(true), ask(true));
    expect(await response.text()).toBe(bytesOf("chat", true));
    const line = await rig.lineOf(response);
    expect(line["tried"]).toEqual(["left/left-model 504 first_token_timeout", "right/right-model answered"]);
    // The first provider hears that nobody waits any more.
    await rig.left.connectionClosed((await rig.left.nextRequest()).connection);
  });

  test("says so if nobody is left", async () => {
    await using rig = await startRouted([
      { name: "fast", deployments: [{ provider: "left" }], timeouts: { firstTokenMs: 50 } },
    ]);
    rig.left.answer([stall()]);
    const response = await rig.post(path(true), ask(true));
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      code: "first_token_timeout",
      attempts: [{ provider: "left", model: "left-model", status: 504, why: "first_token_timeout" }],
    });
  });

  test.each(STALLS)("%s, until the time of the whole request is over", async (_, script) => {
    await using rig = await startRouted([{ name: "fast", deployments: BOTH, timeouts: { totalMs: 100 } }]);
    rig.left.answer(script());
    const response = await rig.post(path(true), ask(true));
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({ code: "request_timeout" });
    expect(rig.right.requests.filter(({ method }) => method === "POST")).toEqual([]);
  });

  test("for so long that the client needs a sign of life is the last one to be asked", async () => {
    await using rig = await startRouted([{ name: "fast", deployments: BOTH }], { STREAM_KEEPALIVE: "100ms" });
    const gate = createGate();
    rig.left.answer(sse([...opening, ...rest], { gaps: [gate] }));
    const response = await rig.post(path(true), ask(true));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toBe(":\n\n");
    gate.open();
    let text = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) text += Buffer.from(read.value);
    expect(text.replaceAll(": keep-alive\n\n", "")).toBe(bytesOf("chat", true));
    expect(response.headers.get("x-selected-provider")).toBe("left");
  });
});

describe("a client that leaves", () => {
  const PLACES = STALLS.flatMap(([place, script]) => [
    [place, "own", script] as const,
    [place, "simplest", script] as const,
  ]);

  test.each(PLACES)("while the provider is silent %s ends everything (%s router)", async (_, router, script) => {
    await using rig = await ROUTERS[router]([{ name: "fast", deployments: BOTH }]);
    rig.left.answer(script());
    const leaving = new AbortController();
    const asked = rig.post(path(true), ask(true), { signal: leaving.signal }).catch(() => undefined);
    const { connection } = await rig.left.nextRequest();
    leaving.abort();
    await asked;
    await rig.left.connectionClosed(connection);
    const line = await rig.gateway.logged(({ msg, outcome }) => msg === "request" && outcome === "client_gone");
    expect(line).toMatchObject({ alias: "fast", provider: "left" });
    expect(rig.right.requests.filter(({ method }) => method === "POST")).toEqual([]);
    expect(rig.router?.settled ?? []).toEqual([]);
  });

  test("amid a stream settles the lease, and blames nobody", async () => {
    await using rig = await startRouted([{ name: "fast", deployments: BOTH }]);
    rig.left.answer([head(200, EVENT_STREAM), chunk([...opening, rest[0]].join("")), stall()]);
    const leaving = new AbortController();
    const response = await rig.post(path(true), ask(true), { signal: leaving.signal });
    await (response.body as ReadableStream<Uint8Array>).getReader().read();
    leaving.abort();
    await rig.gateway.logged(({ msg, outcome }) => msg === "request" && outcome === "client_gone");
    expect(rig.router.settled.map(({ failure }) => failure)).toEqual([undefined]);
    expect(rig.router.firstTokens).toBe(1);
  });
});

describe("two deployments that are asked at once", () => {
  const HEDGED = [{ name: "fast", deployments: BOTH, hedge: { after: 0 } }];

  test.each([[false], [true]])("the first answer wins, and the other is given up (stream: %p)", async (streams) => {
    await using rig = await startRouted(HEDGED);
    rig.left.answer([stall()]);
    rig.right.answer(answerOf("chat", streams));
    const response = await rig.post(path(streams), ask(streams));
    expect(await response.text()).toBe(bytesOf("chat", streams));
    expect(response.headers.get("x-selected-provider")).toBe("right");
    const { connection } = await rig.left.nextRequest();
    await rig.left.connectionClosed(connection);
    expect(rig.router.settled.map(({ deployment }) => deployment.label)).toEqual(["right/right-model"]);
  });

  test("a client that leaves ends both", async () => {
    await using rig = await startRouted(HEDGED);
    rig.left.answer([stall()]);
    rig.right.answer([stall()]);
    const leaving = new AbortController();
    const asked = rig.post(path(true), ask(true), { signal: leaving.signal }).catch(() => undefined);
    const connections = [await rig.left.nextRequest(), await rig.right.nextRequest()].map((one) => one.connection);
    leaving.abort();
    await asked;
    await rig.left.connectionClosed(connections[0] as number);
    await rig.right.connectionClosed(connections[1] as number);
    expect(rig.router.settled).toEqual([]);
  });
});
