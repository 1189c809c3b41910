import { expect, test } from "bun:test";
import { loadConfig } from "../../src/config/load-config.ts";
import { checkHealth } from "../../src/server/check-health.ts";

/** What `--healthcheck` says where this answers at the gateway's address. */
async function checkBeside(answer: (request: Request) => Response): Promise<string | undefined> {
  await using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer });
  const loaded = loadConfig({ SERVER_PORT: String(server.port) });
  if (!loaded.ok) throw new Error(loaded.problems.join());
  return await checkHealth(loaded.config.settings);
}

test("a redirect is no health, wherever it leads", async () => {
  const problem = await checkBeside(({ url }) =>
    url.endsWith("/health")
      ? new Response(null, { status: 302, headers: { location: "/elsewhere" } })
      : new Response("OK"),
  );
  expect(problem).toMatch(/^unhealthy: http:\/\/127\.0\.0\.1:\d+\/health answered with status 302$/);
});

test.each([200, 404, 503])("status %i is told unless it is good", async (status) => {
  const problem = await checkBeside(() => new Response("{}", { status }));
  expect(problem?.endsWith(`answered with status ${status}`) ?? false).toBe(status !== 200);
});
