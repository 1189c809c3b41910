import { expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { stall, wait } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { within } from "../fixtures/within.ts";

const list = (id: string) => json(200, { data: [{ id }] });

function start(provider: MockProvider, now?: () => number): Promise<RunningGateway> {
  const environment = { OPENAI_API_URL: provider.url, OPENAI_API_KEY: "k", MODELS_CACHE_TTL: "1h" };
  return startGateway(environment, now && { now });
}

async function ids(gateway: RunningGateway, query = "?provider=openai"): Promise<string[]> {
  const response = await fetch(`${gateway.url}/v1/models${query}`);
  const { data } = (await response.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

test("concurrent callers share one fetch, and callers within the TTL cause none", async () => {
  await using provider = await startMockProvider();
  const gate = createGate();
  provider.answerAlways(() => [wait(gate), ...list("a")]);
  await using gateway = await start(provider);
  const callers = Array.from({ length: 20 }, (_, index) => ids(gateway, index % 2 ? "" : "?provider=openai"));
  await provider.nextRequest();
  gate.open();
  for (const answer of await Promise.all(callers)) expect(answer).toEqual(["openai/a"]);
  await ids(gateway);
  expect(provider.requests).toHaveLength(1);
});

test("a stale list is served while one refresh runs, and the new one after it", async () => {
  await using provider = await startMockProvider();
  const gate = createGate();
  const clock = createManualClock();
  let listings = 0;
  provider.answerAlways(() => (++listings === 1 ? list("old") : [wait(gate), ...list("new")]));
  await using gateway = await start(provider, clock.now);
  expect(await ids(gateway)).toEqual(["openai/old"]);
  await clock.advance(3_600_000);
  expect(await within(ids(gateway), 1000, "the stale list")).toEqual(["openai/old"]);
  expect(await within(ids(gateway), 1000, "the stale list")).toEqual(["openai/old"]);
  // The stale list does not wait for the refresh to reach the provider.
  await provider.nextRequest();
  await provider.nextRequest();
  expect(provider.requests).toHaveLength(2);
  gate.open();
  const untilNew = async (): Promise<void> => {
    while ((await ids(gateway))[0] !== "openai/new") await Bun.sleep(5);
  };
  await within(untilNew(), 2000, "the new list");
  expect(provider.requests).toHaveLength(2);
});

test("a failure is not kept: the next caller asks again", async () => {
  await using provider = await startMockProvider();
  let broken = true;
  provider.answerAlways(() => (broken ? json(503, {}) : list("a")));
  await using gateway = await start(provider);
  expect((await fetch(`${gateway.url}/v1/models?provider=openai`)).status).toBe(502);
  broken = false;
  expect(await ids(gateway)).toEqual(["openai/a"]);
});

test("a caller that leaves does not end the fetch that others wait for", async () => {
  await using provider = await startMockProvider();
  const gate = createGate();
  provider.answerAlways(() => [wait(gate), ...list("a")]);
  await using gateway = await start(provider);
  const leaving = new AbortController();
  const left = fetch(`${gateway.url}/v1/models`, { signal: leaving.signal }).catch(() => "left");
  const staying = ids(gateway);
  await provider.nextRequest();
  leaving.abort();
  expect(await left).toBe("left");
  gate.open();
  expect(await staying).toEqual(["openai/a"]);
  expect(provider.requests).toHaveLength(1);
});

test("a model named with its provider does not wait for the lists of others", async () => {
  await using provider = await startMockProvider();
  provider.answerAlways(({ target }) => (target === "/openai/models" ? list("a") : [stall()]));
  await using gateway = await startGateway({
    OPENAI_API_URL: `${provider.url}/openai`,
    OPENAI_API_KEY: "k",
    GROQ_API_URL: `${provider.url}/groq`,
    GROQ_API_KEY: "k",
    MODELS_TIMEOUT: "1h",
  });
  const found = await within(fetch(`${gateway.url}/v1/models/openai/a`), 1000, "the model");
  expect(await found.json()).toMatchObject({ id: "openai/a" });
});
