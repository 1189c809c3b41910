import { afterAll, describe, expect, test } from "bun:test";
import { connectToEach, workerPids } from "../../cli/workers/worker-processes.ts";
import type { RunningGateway } from "../../fixtures/start-gateway.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { hasRedis } from "../../response-store/stores.ts";
import { startServer } from "./answering-redis.ts";
import { withModels } from "../../routing-requests/routed-gateway.ts";
import { ask, ASKED, openConfigs, PATIENT_TIMERS, start, startProvider } from "./limited-gateways.ts";

const configs = openConfigs();
const { writeConfig } = configs;
afterAll(configs.remove);

const TWO_WORKERS = { SERVER_WORKERS: "2" };

/** Does something from beginning to end in one minute of the clock: again, if that ended meanwhile. */
async function inOneMinute(run: () => Promise<() => void>): Promise<void> {
  for (;;) {
    const minute = Math.floor(Date.now() / 60_000);
    const check = await run();
    if (Math.floor(Date.now() / 60_000) === minute) return check();
  }
}

const burst = (gateway: RunningGateway, count: number): Promise<Response[]> =>
  Promise.all(Array.from({ length: count }, () => ask(gateway.url)));

const providersOf = (answers: readonly Response[], id: string): number =>
  answers.filter(({ headers }) => headers.get("x-selected-provider") === id).length;

describe("two workers", () => {
  test.each([
    [30, 60],
    [30, 600],
    [1, 60],
    [3, 60],
  ])("with %i requests per minute let exactly as many of a burst of %i pass", async (limit, count) => {
    await inOneMinute(async () => {
      await using left = startProvider(200);
      const config = writeConfig({ left: left.url }, `{ requests_per_minute: ${limit} }`);
      await using gateway = await start(config, TWO_WORKERS);
      const answers = await burst(gateway, count);
      const refused = answers.filter(({ status }) => status === 429);
      return () => {
        expect([left.seen.all, refused.length]).toEqual([limit, count - limit]);
        for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      };
    });
  });

  test("let the rest of a burst go to the next deployment, and not before the first one is full", async () => {
    await inOneMinute(async () => {
      await using left = startProvider(200);
      await using right = startProvider(200);
      const config = writeConfig({ left: left.url, right: right.url }, "{ requests_per_minute: 30 }");
      await using gateway = await start(config, TWO_WORKERS);
      const few = await burst(gateway, 20);
      const all = [...few, ...(await burst(gateway, 30))];
      return () => {
        expect([providersOf(few, "left"), providersOf(all, "left"), providersOf(all, "right")]).toEqual([20, 30, 20]);
        expect([left.seen.all, right.seen.all]).toEqual([30, 20]);
      };
    });
  });

  test("keep the tokens of a minute, which are estimated before and settled after", async () => {
    // Estimated as a quarter of the bytes; each answer counts five.
    const estimate = Math.ceil(ASKED.length / 4);
    const limit = 10 * estimate;
    await inOneMinute(async () => {
      await using left = startProvider(200);
      await using gateway = await start(
        writeConfig({ left: left.url }, `{ tokens_per_minute: ${limit} }`),
        TWO_WORKERS,
      );
      const passed = (await burst(gateway, 100)).filter(({ status }) => status === 200).length;
      return () => {
        expect(passed).toBe(left.seen.all);
        // As many as fit by the estimate; more as the first ones are settled, but never beyond what they used.
        expect(passed).toBeGreaterThanOrEqual(10);
        expect(passed * 5).toBeLessThanOrEqual(limit);
      };
    });
  });

  test("let no more than the limit pass when one of them is killed, and hardly less", async () => {
    await inOneMinute(async () => {
      await using left = startProvider(200);
      await using gateway = await start(writeConfig({ left: left.url }, "{ requests_per_minute: 30 }"), TWO_WORKERS);
      const [first] = await connectToEach(gateway);
      for (let each = 0; each < 2; each += 1) {
        await first?.client.request("POST", "/v1/chat/completions", { body: ASKED });
        expect((await first?.client.head())?.status).toBe(200);
        await first?.client.body();
      }
      process.kill(workerPids(gateway).get(1) ?? 0, "SIGKILL");
      await gateway.logged(({ msg, worker }) => msg === "worker ended, starting it again" && worker === 1);
      await gateway.logged(({ msg, worker }) => msg === "worker is up" && worker === 1, 10_000);
      await burst(gateway, 60);
      // What it may have used in its last moment counts as used, at most an eighth of what was left.
      return () => expect([left.seen.all >= 27, left.seen.all <= 30]).toEqual([true, true]);
    });
  });
});

describe.skipIf(!hasRedis)("two gateways with Redis", () => {
  /** Whose minute does not end. */
  const startOne = (left: string, redis: string): Promise<RunningGateway> =>
    startGateway(
      {
        ...{ CUSTOM_PROVIDERS: "left", LEFT_APIS: "chat", REDIS_URL: redis },
        ...{ LEFT_API_URL: left, LEFT_API_KEY: "sk-left-0123456789" },
      },
      {
        ...withModels([{ name: "fast", deployments: [{ provider: "left" }], limits: { requestsPerMinute: 30 } }]),
        ...{ clock: () => 6_000_000, timers: PATIENT_TIMERS },
      },
    );

  test.each([60, 600])("let exactly as many of a burst of %i pass as the limit says", async (count) => {
    await using redis = await startServer();
    await using left = startProvider(200);
    await using one = await startOne(left.url, redis.url);
    await using other = await startOne(left.url, redis.url);
    const answers = (await Promise.all([burst(one, count / 2), burst(other, count / 2)])).flat();
    const refused = answers.filter(({ status }) => status === 429);
    expect([left.seen.all, refused.length]).toEqual([30, count - 30]);
    for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
