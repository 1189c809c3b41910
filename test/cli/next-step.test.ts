import { expect, test } from "bun:test";
import { nextStep } from "../../src/cli/announce.ts";
import { loadConfig } from "../fixtures/load-config.ts";

function stepOf(environment: Readonly<Record<string, string>>, url: string, providers: readonly string[]): string {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  return nextStep(loaded.config.settings, { url, providers });
}

test.each([
  [{}, "http://127.0.0.1:8080", ["openai"], "curl http://127.0.0.1:8080/v1/models"],
  [{}, "http://[::1]:8080", [], "curl http://[::1]:8080/v1/models"],
  [{ SERVER_HOST: "0.0.0.0" }, "http://0.0.0.0:80", ["openai"], "curl http://localhost:80/v1/models"],
  [{ SERVER_HOST: "::" }, "http://[::]:80", ["openai"], "curl http://localhost:80/v1/models"],
  [
    {},
    "http://localhost:8080",
    ["openai", "demo"],
    `curl http://localhost:8080/v1/chat/completions -H 'Content-Type: application/json' -d '{"model":"demo/demo-chat","messages":[{"role":"user","content":"Hello"}]}'`,
  ],
  [
    { AUTH_ENABLED: "true", AUTH_API_KEYS: "marked-key-0123456789" },
    "http://localhost:8080",
    ["openai"],
    'curl -H "Authorization: Bearer $GATEWAY_KEY" http://localhost:8080/v1/models',
  ],
  [
    { SERVER_UNIX_SOCKET: "/run/it's.sock" },
    "unix:/run/it's.sock",
    ["openai"],
    `curl --unix-socket '/run/it'\\''s.sock' http://localhost/v1/models`,
  ],
] as const)("%j at %s with %j: %s", (environment, url, providers, step) => {
  expect(stepOf(environment, url, providers)).toBe(step);
});
