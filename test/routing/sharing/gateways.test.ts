import { afterAll, describe, expect, test } from "bun:test";
import { connectToEach } from "../../cli/workers/worker-processes.ts";
import { hasRedis } from "../../response-store/stores.ts";
import { startServer } from "./answering-redis.ts";
import { ask, openConfigs, start, startProvider } from "./limited-gateways.ts";

const configs = openConfigs();
const { writeConfig } = configs;
afterAll(configs.remove);

interface Routing {
  readonly data: readonly {
    readonly deployments: readonly { readonly provider: string; readonly state: string }[];
  }[];
}
const stateOf = ({ data }: Routing, id: string): string | undefined =>
  data[0]?.deployments.find(({ provider }) => provider === id)?.state;

describe("two workers", () => {
  test.each([1, 3])("keep %i slots of a model, whoever gets the requests", async (slots) => {
    await using provider = startProvider(200);
    const config = writeConfig(
      { left: provider.url },
      `{ max_in_flight: ${slots}, queue: { length: 64, timeout: 30s } }`,
    );
    await using gateway = await start(config, { SERVER_WORKERS: "2" });
    const statuses = await Promise.all(Array.from({ length: 40 }, async () => (await ask(gateway.url)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect([provider.seen.all, provider.seen.most]).toEqual([40, slots]);
  });

  test("know which deployment cools, although only one has asked it", async () => {
    await using left = startProvider(429, { "retry-after": "60" });
    await using right = startProvider(200);
    await using gateway = await start(writeConfig({ left: left.url, right: right.url }, ""), { SERVER_WORKERS: "2" });
    expect((await ask(gateway.url)).headers.get("x-selected-provider")).toBe("right");
    for (const { client } of await connectToEach(gateway)) {
      let state: string | undefined;
      while (state !== "open") {
        await client.request("GET", "/v1/routing");
        await client.head();
        state = stateOf(JSON.parse((await client.body()).text) as Routing, "left");
      }
      client.leave();
    }
    for (let count = 0; count < 10; count += 1) await (await ask(gateway.url)).text();
    expect([left.seen.all, right.seen.all]).toEqual([1, 11]);
  });
});

/** Redis may be heard too late on a busy machine: who asks then is refused, and is to ask again. */
async function askUntilPassed(url: string): Promise<Response> {
  for (;;) {
    const response = await ask(url);
    await response.text();
    if (response.status !== 429) return response;
  }
}

describe.skipIf(!hasRedis)("two gateways", () => {
  test("know which deployment cools, and how much of a minute is used", async () => {
    await using redis = await startServer();
    await using left = startProvider(429, { "retry-after": "60" });
    await using right = startProvider(200);
    const settings = { REDIS_URL: redis.url };
    const config = writeConfig({ left: left.url, right: right.url }, "{ requests_per_minute: 1000 }");
    await using one = await start(config, settings);
    await askUntilPassed(one.url);
    // It began later, and hears of what was before.
    await using other = await start(config, settings);
    const routing = async (): Promise<Routing> => (await (await fetch(`${other.url}/v1/routing`)).json()) as Routing;
    while (stateOf(await routing(), "left") !== "open") await Bun.sleep(5);
    expect((await askUntilPassed(other.url)).headers.get("x-selected-provider")).toBe("right");
    expect(left.seen.all).toBe(1);
    // In this minute it has been asked itself once at most.
    let minute: number | undefined;
    for (
      let isKnown = false;
      !isKnown;
      isKnown = /"requests_per_minute"[^}]*"used":[3-9]/.test(JSON.stringify(await routing()))
    ) {
      const now = Math.floor(Date.now() / 60_000);
      for (let count = 0; count < 3 && now !== minute; count += 1) await askUntilPassed(one.url);
      minute = now;
      await Bun.sleep(5);
    }
    await redis.kill();
    await other.logged(({ msg }) => String(msg).startsWith("Redis does not answer"));
    expect((await ask(other.url)).status).toBe(200);
    await redis.start();
    await other.logged(({ msg }) => String(msg).startsWith("Redis answers again"));
  });
});
