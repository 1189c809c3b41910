import { expect, test } from "bun:test";
import { announce } from "../../src/cli/announce.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { createLog } from "../../src/telemetry/log.ts";

/** What the log says when a gateway with these settings and providers listens. */
function linesOf(environment: Readonly<Record<string, string>>, providers: readonly string[]) {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  let text = "";
  const log = createLog({ level: "info", environment: "test" }, { write: (line: string) => void (text += line) });
  announce(log, loaded.config.settings, { url: "http://127.0.0.1:8080", providers, version: "1" });
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const { level, msg } = JSON.parse(line) as Record<string, unknown>;
      return [level, msg];
    });
}

test("without a provider it says how to add one", () => {
  expect(linesOf({}, [])).toContainEqual([
    "warn",
    "no provider is configured: set a key such as OPENAI_API_KEY, or start with --demo",
  ]);
  expect(linesOf({}, ["openai"]).filter(([level]) => level === "warn")).toEqual([]);
});
