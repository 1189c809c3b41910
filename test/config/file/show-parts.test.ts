import { expect, test } from "bun:test";
import { showParts } from "../../../src/config/models/show-parts.ts";
import { printConfig } from "../../../src/cli/print-config.ts";
import { configOf } from "./load-file.ts";

const TEXT = `providers:
  openai: { api_keys: [sk-one-0123456789, sk-two-0123456789], limits: { max_in_flight: 4 }, timeouts: { connect: 2 } }
models:
  fast:
    deployments:
      - { provider: openai, model: gpt-4o-mini, params: { user: "\${MARKED}" }, override_params: { temperature: 0.2 } }
    fallbacks: [smart]
    timeouts: { first_token: 90s }
    retries: { on: [429, 5xx] }
  smart: { deployments: [{ provider: openai, model: gpt-4o, key: 1 }], strategy: priority }
`;

test("--print-config says models and providers with where each value comes from, and no secret", async () => {
  const config = await configOf(TEXT, { MARKED: "sk-marked-0123456789" });
  const lines = showParts(config.writtenParts).map((line) => line.replace(/ # \S*\.yaml:/, " # F:"));
  for (const line of [
    "providers.openai.limits.max_in_flight=4  # F:2:88: providers.openai.limits.max_in_flight",
    "providers.openai.timeouts.connect=2s  # F:2:114: providers.openai.timeouts.connect",
    "models.fast.strategy=round_robin  # default",
    "models.fast.deployments[0].provider=openai  # F:6:21: models.fast.deployments[0].provider",
    "models.fast.deployments[0].weight=1  # default",
    "models.fast.deployments[0].params=***  # F:6:57: models.fast.deployments[0].params",
    'models.fast.deployments[0].override_params={"temperature":0.2}  # F:6:97: models.fast.deployments[0].override_params',
    "models.fast.fallbacks=smart  # F:7:16: models.fast.fallbacks",
    "models.fast.timeouts.first_token=1m30s  # F:8:30: models.fast.timeouts.first_token",
    "models.fast.retries.attempts=3  # default",
    "models.fast.retries.on=429,5xx  # F:9:20: models.fast.retries.on",
    "models.fast.cooldown.for=30s  # default",
    "models.smart.deployments[0].key=1  # F:10:66: models.smart.deployments[0].key",
    "models.smart.retries.attempts=1  # default",
    "models.smart.resume=false  # default",
  ])
    expect(lines).toContain(line);
  expect(lines.filter((line) => line.includes("fallbacks"))).toHaveLength(1);
  const printed = printConfig(config, undefined, lines);
  expect(printed).toContain("OPENAI_API_KEY=***6789\nOPENAI_API_KEY=***6789\n");
  expect(printed).not.toMatch(/sk-one|sk-two|sk-marked/);
});
