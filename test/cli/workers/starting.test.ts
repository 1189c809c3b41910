import { describe, expect, test } from "bun:test";
import { startGateway } from "../../fixtures/start-gateway.ts";
import { linesOf, runToEnd } from "../run-to-end.ts";

// Every test starts several processes, one after the other, on a machine that may be busy.

const WORKERS = { OPENAI_API_KEY: "sk-test", OPENAI_API_URL: "http://127.0.0.1:9", SERVER_WORKERS: "2" };

describe("what keeps the gateway from serving is told once, as without workers", () => {
  /** A start that fails: its exit code and what it said. */
  async function failure(settings: Readonly<Record<string, string>>): Promise<readonly [number, string[]]> {
    const { code, stdout, stderr } = await runToEnd([], { ...WORKERS, ...settings });
    expect(stdout).toBe("");
    return [code, linesOf(stderr)];
  }

  async function expectSame(settings: Readonly<Record<string, string>>, code: number): Promise<void> {
    const alone = await failure({ ...settings, SERVER_WORKERS: "1" });
    expect(alone).toEqual([code, [expect.any(String)]]);
    expect(await failure(settings)).toEqual(alone);
  }

  test.each(["1", "2"])("an address that a gateway with %s workers has", async (count) => {
    await using first = await startGateway({ ...WORKERS, SERVER_WORKERS: count });
    await expectSame({ SERVER_PORT: String(first.port) }, 1);
    expect(await failure({ SERVER_PORT: String(first.port) })).toEqual([
      1,
      [`cannot listen on 127.0.0.1:${first.port} (SERVER_HOST, SERVER_PORT): it is in use`],
    ]);
    expect((await fetch(`${first.url}/health`)).status).toBe(200);
  });

  test("an address that is not this machine's", () => expectSame({ SERVER_HOST: "192.0.2.1" }, 1));
  test("a name that has no address", async () => {
    await expectSame({ SERVER_HOST: "nothing.invalid", SERVER_PORT: "0" }, 1);
    const metrics = { TELEMETRY_ENABLED: "true", TELEMETRY_METRICS_HOST: "nothing.invalid", SERVER_PORT: "0" };
    await expectSame(metrics, 1);
    expect(await failure(metrics)).toEqual([
      1,
      [expect.stringMatching(/^cannot listen on nothing\.invalid:\d+ \(.*\): no address is known by that name$/)],
    ]);
  });
  test("a bad setting", () => expectSame({ SERVER_PORT: "no" }, 2));
  test("a file that cannot be used", () =>
    expectSame({ SERVER_TLS_CERT_PATH: "/nonexistent", SERVER_TLS_KEY_PATH: "/nonexistent" }, 2));
  test("keys that cannot be read", () => expectSame({ AUTH_ENABLED: "true", AUTH_API_KEYS: "@/nonexistent" }, 2));

  test("a unix socket, which only one process can serve", async () => {
    for (const count of ["2", "auto"]) {
      const [code, lines] = await failure({ SERVER_UNIX_SOCKET: "/tmp/gateway.sock", SERVER_WORKERS: count });
      expect([code, lines.length]).toEqual([2, 1]);
      expect(lines[0]).toContain("SERVER_UNIX_SOCKET");
    }
  });
});

test("warnings are printed once", async () => {
  const { stderr } = await runToEnd(["--check"], { ...WORKERS, SERVER_WORKRES: "2" });
  expect(stderr).toContain("SERVER_WORKERS");
  await using gateway = await startGateway({ ...WORKERS, SERVER_WORKRES: "2" });
  await gateway.stop();
  expect(gateway.output().stderr).toBe(stderr);
});

test("--worker is no option for people", async () => {
  const { code, stderr } = await runToEnd(["--worker=1"], WORKERS);
  expect([code, linesOf(stderr).length]).toEqual([2, 1]);
});

test("auto serves", async () => {
  await using gateway = await startGateway({ ...WORKERS, SERVER_WORKERS: "auto" });
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
});
