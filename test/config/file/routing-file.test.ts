import { expect, test } from "bun:test";
import { loadSource, readSource } from "../../../src/config/config-source.ts";
import { writeFile } from "./load-file.ts";

const PROVIDERS = { OPENAI_API_KEY: "sk-o", GROQ_API_KEY: "gsk-g" };

async function load(text: string | undefined, { config, ...more }: Readonly<Record<string, string>> = {}) {
  const path = text === undefined ? undefined : writeFile(text);
  const environment = { ...PROVIDERS, ROUTING_ENABLED: "true", ...(path && { ROUTING_CONFIG_PATH: path }), ...more };
  const configFile = config === undefined ? undefined : writeFile(config);
  const read = await readSource(environment, { envFile: undefined, configFile });
  if (!read.ok) throw new Error(read.problem);
  // As it comes to another process.
  const loaded = loadSource(structuredClone(read.source));
  const named = (lines: readonly string[]) =>
    lines.map((line) => line.replaceAll(path ?? "\0", "R").replaceAll(configFile ?? "\0", "F"));
  const models = loaded.ok ? loaded.config.models.map(({ name }) => name) : [];
  const problems = loaded.ok ? [] : named(loaded.problems);
  return { models, problems, warnings: named(loaded.warnings), loaded };
}

const REFERENCE = `models:
  my-model:
    strategy: round_robin
    deployments:
      - provider: openai
        model: gpt-4o
      - provider: groq
        model: llama-3.3-70b
`;

test("the file of the reference gateway is read as it is", async () => {
  const { models, problems, warnings, loaded } = await load(REFERENCE);
  expect([models, problems, warnings]).toEqual([["my-model"], [], []]);
  expect(loaded.ok && loaded.config.models[0]).toMatchObject({
    strategy: "round_robin",
    deployments: [
      { provider: "openai", model: "gpt-4o", weight: 1 },
      { provider: "groq", model: "llama-3.3-70b", weight: 1 },
    ],
    retries: { attempts: 3, repeatsSent: true },
  });
});

test.each([
  ["models: {}", []],
  [
    "models: { a: { deployments: [] } }",
    [/^R:1:29: models\.a\.deployments is not accepted: expected a list of at least one/],
  ],
  [
    "models: { a: { deployments: [{ provider: grok, model: m }] } }",
    [/^R:1:42: models\.a\.deployments\[0\]\.provider is no provider \(did you mean groq\?\)/],
  ],
  [
    "models: { a: { deployments: [{ provider: xai, model: m }] } }",
    [/^R:1:42: models\.a\.deployments\[0\]\.provider cannot be called: xai needs XAI_API_KEY/],
  ],
  [
    "models: { openai/a: { deployments: [{ provider: groq, model: m }] } }",
    [/^R:1:11: models\.openai\/a begins with openai\//],
  ],
  ["model: {}", [/^R:1:1: model is not known \(did you mean models\?\)/]],
  ["models: [", [/^R:\d+:\d+: this is no YAML/]],
  ["", [/^R:1:1: the file is empty/]],
] as const)("%j", async (text, expected) => {
  const { problems } = await load(text);
  expect(problems).toEqual(expected.map((line) => expect.stringMatching(line)));
});

test("without a file, or without being switched on", async () => {
  expect((await load(undefined)).problems).toEqual([
    "ROUTING_ENABLED=true needs ROUTING_CONFIG_PATH, the file that names models",
  ]);
  const missing = await load(undefined, { ROUTING_CONFIG_PATH: "/nowhere/routing.yaml" });
  expect(missing.problems).toEqual(['ROUTING_CONFIG_PATH="/nowhere/routing.yaml" cannot be read: no such file']);
  const off = await load(REFERENCE, { ROUTING_ENABLED: "false" });
  expect([off.models, off.warnings]).toEqual([[], ["ROUTING_CONFIG_PATH has no effect without ROUTING_ENABLED=true"]]);
});

test("names of the configuration file win, and each may fall back to the other's", async () => {
  const config = `models:
  my-model: { deployments: [{ provider: groq, model: m }], fallbacks: [other] }
`;
  const routing = `${REFERENCE}  other: { deployments: [{ provider: openai, model: o }] }\n`;
  const { models, problems, warnings, loaded } = await load(routing, { config });
  expect([models, problems]).toEqual([["my-model", "other"], []]);
  expect(warnings).toEqual(["R:2:3: models.my-model is not used, because F has it too"]);
  expect(loaded.ok && loaded.config.models[0]?.deployments).toHaveLength(1);
});

test("problems of both files are said", async () => {
  const config = "models: { a: { deployments: [{ provider: x, model: m }], strategy: y } }\n";
  const { problems } = await load("models: { b: { strategy: z } }", { config });
  expect(problems.map((line) => line.replace(/^(\w:\d+:\d+: [\w.]+).*/, "$1"))).toEqual([
    ...["F:1:68: models.a.strategy", "R:1:26: models.b.strategy", "R:1:14: models.b.deployments"].sort(),
  ]);
});
