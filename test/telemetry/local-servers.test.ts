import { expect, test } from "bun:test";
import { createChangeLog } from "../../src/telemetry/log-changes.ts";
import type { Log } from "../../src/telemetry/log.ts";
import { startBesideProvider } from "../routes/started-gateway.ts";

test.each([
  [{ configured: false, auth: "none" }, undefined, true],
  [{ configured: false, auth: "none" }, 1, true],
  [{ configured: false, auth: "none" }, 2, false],
  [{ configured: true, auth: "none" }, undefined, false],
  [{ configured: false, auth: "bearer" }, undefined, false],
])("%j in worker %p: announced is %p", (known, worker, announced) => {
  const lines: unknown[] = [];
  const info = (line: unknown, text: string): void => void lines.push([line, text]);
  const changes = createChangeLog({ info } as unknown as Log, worker);
  const provider = { id: "ollama", baseUrl: "http://localhost:11434/v1", ...known };
  changes.modelListRead({ provider, models: new Map([["m", {}]]) });
  expect(lines).toEqual(
    announced
      ? [
          [
            { provider: "ollama", url: "http://localhost:11434/v1", models: 1 },
            "a local server answers: its models are ollama/<name>",
          ],
        ]
      : [],
  );
});

test("what is configured is not announced", async () => {
  await using started = await startBesideProvider((url) => ({ OLLAMA_API_URL: `${url}/v1` }));
  await started.send("GET", "/v1/models?provider=ollama");
  expect(started.gateway.output().stdout).not.toContain("a local server answers: its models are ollama");
});
