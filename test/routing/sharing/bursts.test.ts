import { afterAll, describe, expect, test } from "bun:test";
import { ask, openConfigs, start, startProvider } from "./limited-gateways.ts";

const configs = openConfigs();
const { writeConfig } = configs;
afterAll(configs.remove);

/** Does something from beginning to end in one minute of the clock: again, if that ended meanwhile. */
async function inOneMinute(run: () => Promise<() => void>): Promise<void> {
  for (;;) {
    const minute = Math.floor(Date.now() / 60_000);
    const check = await run();
    if (Math.floor(Date.now() / 60_000) === minute) return check();
  }
}

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
      await using gateway = await start(config, { SERVER_WORKERS: "2" });
      const answers = await Promise.all(Array.from({ length: count }, () => ask(gateway.url)));
      const refused = answers.filter(({ status }) => status === 429);
      return () => {
        expect([left.seen.all, refused.length]).toEqual([limit, count - limit]);
        for (const { headers } of refused) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      };
    });
  });
});
