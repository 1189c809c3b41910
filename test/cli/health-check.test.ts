import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../fixtures/load-config.ts";
import { checkHealth } from "../../src/cli/health-check.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

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

test.each(["SERVER_PORT", "SERVER_UNIX_SOCKET"])(
  "a gateway that serves HTTPS is asked by it, at %s too",
  async (name) => {
    const folder = scratchFolder("gateway-health");
    const paths = { SERVER_TLS_CERT_PATH: join(folder, "cert.pem"), SERVER_TLS_KEY_PATH: join(folder, "key.pem") };
    const { cert, key } = await createSelfSignedCertificate();
    writeFileSync(paths.SERVER_TLS_CERT_PATH, cert);
    writeFileSync(paths.SERVER_TLS_KEY_PATH, key);
    const unix = join(folder, "s.sock");
    const address = name === "SERVER_PORT" ? { hostname: "127.0.0.1", port: 0 } : { unix };
    await using server = Bun.serve({ ...address, tls: { cert, key }, fetch: () => new Response("{}") });
    const loaded = loadConfig({ ...paths, [name]: name === "SERVER_PORT" ? String(server.port) : unix });
    if (!loaded.ok) throw new Error(loaded.problems.join());
    expect(await checkHealth(loaded.config.settings)).toBeUndefined();
  },
);
