import { expect, test } from "bun:test";
import { createChangeLog } from "../../src/telemetry/log-changes.ts";
import type { Log } from "../../src/telemetry/log.ts";

test("a deployment that cools, and one that answers again, make one line each", () => {
  const lines: unknown[] = [];
  const write =
    (level: string) =>
    (line: unknown, text: string): void =>
      void lines.push([level, line, text]);
  const changes = createChangeLog({ info: write("info"), warn: write("warn") } as unknown as Log, 2);
  const deployment = { label: "openai/gpt-4o#2", key: "sk-secret" };
  changes.deploymentCooling(deployment, "429", Date.UTC(2026, 10, 30, 8));
  changes.deploymentRecovered(deployment);
  changes.deploymentCooling(deployment, "connect_timeout", Number.MAX_VALUE);
  expect(lines).toEqual([
    [
      "warn",
      { deployment: "openai/gpt-4o#2", why: "429", until: "2026-11-30T08:00:00.000Z" },
      "the deployment cools; it is not asked until then",
    ],
    ["info", { deployment: "openai/gpt-4o#2" }, "the deployment answers again"],
    [
      "warn",
      { deployment: "openai/gpt-4o#2", why: "connect_timeout", until: "+275760-09-13T00:00:00.000Z" },
      "the deployment cools; it is not asked until then",
    ],
  ]);
});
