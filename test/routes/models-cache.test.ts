import { describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { type Script, stall, wait } from "../fixtures/script.ts";
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

/** A gateway on a clock of its own with openai, which answers, and groq, which does what the test says. */
async function startBeside(groq: () => Script) {
  const provider = await startMockProvider();
  provider.answerAlways(({ target }) => (target.startsWith("/groq") ? groq() : list("a")));
  const clock = createManualClock();
  const gateway = await startGateway(
    {
      OPENAI_API_URL: `${provider.url}/openai`,
      OPENAI_API_KEY: "k",
      GROQ_API_URL: `${provider.url}/groq`,
      GROQ_API_KEY: "k",
    },
    { now: clock.now, timers: clock },
  );
  return {
    clock,
    gateway,
    /** How often groq was asked. */
    asked: () => provider.requests.filter(({ target }) => target.startsWith("/groq")).length,
    provider,
    failures: () => gateway.log.filter(({ msg, provider: of }) => /could not list/.test(String(msg)) && of === "groq"),
    async [Symbol.asyncDispose]() {
      const stopping = gateway.stop();
      await clock.advance(60_000);
      await stopping;
      await provider.stop();
    },
  };
}

test("a provider that goes on failing has one line in the log, another failure and its return one each", async () => {
  let answer: () => Script = () => json(503, {});
  await using rig = await startBeside(() => answer());
  for (let round = 0; round < 3; round += 1) expect(await ids(rig.gateway, "")).toEqual(["openai/a"]);
  expect([rig.asked() >= 3, rig.failures().length]).toEqual([true, 1]);
  answer = () => json(401, {});
  for (let round = 0; round < 2; round += 1) await ids(rig.gateway, "");
  expect(rig.failures()).toHaveLength(2);
  answer = () => list("b");
  expect(await ids(rig.gateway, "")).toEqual(["openai/a", "groq/b"]);
  const back = rig.gateway.log.filter(({ msg }) => /can be listed again/.test(String(msg)));
  expect(back).toMatchObject([{ level: "info", provider: "groq" }]);
});

describe("a provider that hangs", () => {
  test("costs the callers of all lists nothing once a second has passed, and is left alone for a while", async () => {
    let isHanging = true;
    await using rig = await startBeside(() => (isHanging ? [stall()] : list("b")));
    const { clock, gateway } = rig;
    const first = ids(gateway, "");
    while (rig.asked() === 0) await rig.provider.nextRequest();
    await clock.advance(999);
    await ids(gateway, "?provider=openai");
    // Some providers answer late, and the first caller waits a little for them.
    await clock.advance(1);
    expect(await first).toEqual(["openai/a"]);
    expect(await ids(gateway, "")).toEqual(["openai/a"]);
    await clock.advance(4000);
    const line = await gateway.logged(({ failure }) => failure === "models_timeout");
    expect(line).toMatchObject({ level: "warn", provider: "groq" });
    // Known to be slow: nobody waits, nor asks it again, until three times its limit has passed.
    expect(await ids(gateway, "")).toEqual(["openai/a"]);
    const refused = await fetch(`${gateway.url}/v1/models?provider=groq`);
    expect(refused.status).toBe(504);
    await clock.advance(14_999);
    expect(await ids(gateway, "")).toEqual(["openai/a"]);
    expect([rig.asked(), rig.failures().length]).toEqual([1, 1]);
    await clock.advance(1);
    isHanging = false;
    expect(await ids(gateway, "")).toEqual(["openai/a"]);
    while (rig.asked() < 2) await rig.provider.nextRequest();
    const untilBack = async (): Promise<void> => {
      while ((await ids(gateway, "")).length < 2) await Bun.sleep(5);
    };
    await within(untilBack(), 2000, "the list to be back");
    expect(await ids(gateway, "")).toEqual(["openai/a", "groq/b"]);
  });

  test("is told as one whichever deadline comes first", async () => {
    await using provider = await startMockProvider();
    provider.answerAlways(() => [stall()]);
    await using gateway = await startGateway({
      GROQ_API_URL: provider.url,
      GROQ_API_KEY: "k",
      CLIENT_RESPONSE_HEADER_TIMEOUT: "20ms",
    });
    const response = await fetch(`${gateway.url}/v1/models?provider=groq`);
    expect([response.status, await response.json()]).toMatchObject([
      504,
      { error: "Request timed out", code: "models_timeout", provider: "groq" },
    ]);
  });

  test("is shown with its last list, while one that fails is not", async () => {
    let answer: () => Script = () => list("b");
    await using rig = await startBeside(() => answer());
    const { clock, gateway } = rig;
    expect(await ids(gateway, "")).toEqual(["openai/a", "groq/b"]);
    answer = () => [stall()];
    await clock.advance(60_000);
    expect(await ids(gateway, "")).toEqual(["openai/a", "groq/b"]);
    while (rig.asked() < 2) await rig.provider.nextRequest();
    await clock.advance(5000);
    await gateway.logged(({ failure }) => failure === "models_timeout");
    expect(await ids(gateway, "")).toEqual(["openai/a", "groq/b"]);
    expect(await ids(gateway, "?provider=groq")).toEqual(["groq/b"]);
    expect(rig.asked()).toBe(2);
    answer = () => json(503, {});
    await clock.advance(15_000);
    expect(await ids(gateway, "")).toEqual(["openai/a", "groq/b"]);
    await gateway.logged(({ failure }) => failure === "provider_error");
    expect(await ids(gateway, "")).toEqual(["openai/a"]);
  });
});
