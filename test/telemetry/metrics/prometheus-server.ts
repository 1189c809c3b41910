import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../fixtures/free-port.ts";

const SERVER = Bun.which("prometheus");
const TOOL = Bun.which("promtool");

if (SERVER === null || TOOL === null)
  console.log("skipped: what needs Prometheus, because prometheus and promtool are not installed");

/** Whether there is a Prometheus for tests. */
export const hasPrometheus = SERVER !== null && TOOL !== null;

/** What promtool says of its input: its exit code, and all that it wrote. */
export async function promtool(args: readonly string[], input = ""): Promise<{ code: number; said: string }> {
  const child = Bun.spawn([TOOL ?? "promtool", ...args], {
    stdin: Buffer.from(input),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, errors, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, said: output + errors };
}

/** A Prometheus of a test's own. */
export interface PrometheusServer extends AsyncDisposable {
  /** What its API answers, under `data`; undefined as long as it does not. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  /** Asks until the answer is accepted. Bound it with `within`. */
  until<T>(
    path: string,
    parameters: Readonly<Record<string, string>>,
    accept: (data: never) => T | undefined,
  ): Promise<T>;
}

const POLL_MS = 50;

/**
 * Starts a Prometheus that reads metrics five times a second.
 * @param target `host:port`
 * @param rules text of a file of rules
 */
export async function startPrometheus(target: string, rules: string): Promise<PrometheusServer> {
  const directory = mkdtempSync(join(tmpdir(), "prometheus-"));
  const port = await freePort();
  writeFileSync(join(directory, "rules.yaml"), rules);
  writeFileSync(
    join(directory, "prometheus.yaml"),
    [
      "global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }",
      "rule_files: [rules.yaml]",
      "scrape_configs:",
      `  - { job_name: gateway, static_configs: [{ targets: ["${target}"] }] }`,
    ].join("\n"),
  );
  const child = Bun.spawn(
    [
      SERVER ?? "prometheus",
      `--config.file=${join(directory, "prometheus.yaml")}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "ignore" },
  );

  const ask: PrometheusServer["ask"] = async (path, parameters = {}) => {
    const url = `http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(parameters)}`;
    const response = await fetch(url).catch(() => undefined);
    if (response?.status !== 200) return undefined;
    return ((await response.json()) as { readonly data: unknown }).data;
  };
  return {
    ask,
    async until(path, parameters, accept) {
      for (;;) {
        const data = await ask(path, parameters);
        const accepted = data === undefined ? undefined : accept(data as never);
        if (accepted !== undefined) return accepted;
        await Bun.sleep(POLL_MS);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
