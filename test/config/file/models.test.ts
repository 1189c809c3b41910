import { describe, expect, test } from "bun:test";
import { modelOptions } from "../../../src/config/module-options.ts";
import { createModelTable } from "../../../src/routing/models/model-table.ts";
import type { ModelOptions } from "../../../src/routing/models/model-options.ts";
import { configOf, loadFile, problemsOf } from "./load-file.ts";

const PROVIDERS = `providers:
  openai: { api_keys: [sk-one-0123456789, sk-two-0123456789] }
  left: { base_url: http://10.0.0.5:8000/v1 }
`;

const model = async (text: string, name = "fast"): Promise<ModelOptions | undefined> => {
  const { models } = await configOf(
    `${PROVIDERS}models:\n  fast: ${text}\n  smart: { deployments: [{ provider: left, model: s }] }\n  long: { deployments: [{ provider: left, model: l }] }\n`,
  );
  // What is configured is what routing takes.
  return models.find((one: ModelOptions) => one.name === name);
};

describe("a model", () => {
  test("of the words of the file", async () => {
    const fast = await model(`
    strategy: priority
    deployments:
      - { provider: left, model: qwen3-8b, weight: 3 }
      - { provider: openai, model: gpt-4o-mini, params: { temperature: 0.2 }, key: 1, price: { input: 0.15, output: 0.6 }, prefill: as_is }
    fallbacks: [smart]
    context_fallbacks: [long]
    retries: { attempts: 3, on: [429, 5xx, connect, first_token], repeat_sent: false, backoff: 1s }
    timeouts: { first_token: 8s, idle: 60s, total: 5m }
    cooldown: { failures: 3, for: 30s }
    limits: { max_in_flight: 8, queue: { length: 64, timeout: 10s } }
    hedge: { after: p95 }
    health_check: { interval: 30, request: { messages: [{ role: user, content: hi }], max_tokens: 1 } }
    resume: true`);
    expect(fast).toEqual({
      name: "fast",
      strategy: "priority",
      deployments: [
        { provider: "left", model: "qwen3-8b", weight: 3, priority: 0 },
        {
          ...{ provider: "openai", model: "gpt-4o-mini", key: 1, weight: 1, priority: 1 },
          params: { defaults: { temperature: 0.2 }, overrides: {} },
          price: { input: 0.15, output: 0.6 },
          prefill: "as_is",
        },
      ],
      fallbacks: ["smart"],
      contextFallbacks: ["long"],
      contentFallbacks: [],
      retries: {
        attempts: 3,
        on: new Set(["429", "500", "502", "503", "504", "529", "connect", "first_token"] as const),
        ...{ repeatsSent: false, backoffMs: 1000, maxBackoffMs: 5000 },
      },
      timeouts: { firstTokenMs: 8000, idleMs: 60_000, totalMs: 300_000 },
      cooldown: { failures: 3, rate: 0.5, forMs: 30_000, maxMs: 600_000, slowStartMs: 0, whenAll: "try" },
      limits: { maxInFlight: 8 },
      queue: { length: 64, timeoutMs: 10_000 },
      hedge: { after: "p95" },
      healthCheck: {
        ...{ intervalMs: 30_000, timeoutMs: 5000 },
        request: { messages: [{ role: "user", content: "hi" }], max_tokens: 1 },
      },
      resumes: true,
    });
  });

  test.each([
    ["{ provider: left, model: m }", 1, false],
    ["{ provider: openai, model: m, key: 0 }", 1, false],
    ["{ provider: openai, model: m }", 3, true],
    ["{ provider: left, model: m }, { provider: left, model: n }", 3, true],
  ])("with the deployments %s gets %d attempts", async (deployments, attempts, repeatsSent) => {
    const fast = await model(`{ deployments: [${deployments}] }`);
    expect(fast).toMatchObject({ strategy: "round_robin", retries: { attempts, repeatsSent } });
    expect(fast?.retries.on.size).toBe(14);
  });

  test("may fall back although it has one deployment", async () => {
    const fast = await model("{ deployments: [{ provider: left, model: m }], fallbacks: [smart] }");
    expect(fast?.retries).toMatchObject({ attempts: 3, repeatsSent: true });
  });

  test("is filled in from elsewhere, also where no text goes", async () => {
    const text = `${PROVIDERS}models: { fast: { strategy: "\${S}", deployments: [{ provider: left, model: "\${M:-m}", weight: "\${W}", params: { user: "\${U}", seed: 1, stop: ["$$"] } }], timeouts: { idle: "\${I}" }, resume: "\${R:-}" } }\n`;
    const { models } = await configOf(text, { S: "STICKY", W: "2.5", U: "u-1", I: "1m" });
    expect(models[0]).toMatchObject({
      strategy: "sticky",
      sticky: { by: "conversation", loadFactor: 1.25 },
      deployments: [{ model: "m", weight: 2.5, params: { defaults: { user: "u-1", seed: 1, stop: ["$"] } } }],
      timeouts: { idleMs: 60_000 },
      resumes: false,
    });
  });
});

describe("a provider", () => {
  test("with several keys is routed, and is otherwise the one with the first", async () => {
    const config = await configOf(PROVIDERS);
    const openai = config.providers.find(({ id }) => id === "openai");
    const table = createModelTable(modelOptions(config));
    const deployments = table.forProvider("openai", "gpt-4o")?.model.deployments ?? [];
    expect(deployments.map(({ label, provider }) => [label, provider.key])).toEqual([
      ["openai/*", "sk-one-0123456789"],
      ["openai/*#2", "sk-two-0123456789"],
    ]);
    expect(deployments[0]?.provider).toBe(openai as NonNullable<typeof openai>);
    expect(table.forProvider("left", "m")).toBeUndefined();
    for (const { provider } of deployments) {
      expect(provider.apis.chat?.fixed["authorization"]).toBe(`Bearer ${provider.key}`);
      expect(provider.endpointKey).toBe(openai?.endpointKey ?? "");
      const secrets = provider.secrets.flatMap(({ texts }) => texts);
      expect(secrets).toEqual(expect.arrayContaining(["sk-one-0123456789", "sk-two-0123456789"]));
    }
  });

  test("has one key if the environment says one that the list does not, or only one is filled in", async () => {
    const one = await configOf(PROVIDERS, { OPENAI_API_KEY: "sk-e" });
    expect([one.keyedProviders.size, one.plainModels]).toEqual([0, []]);
    const own = 'providers: { openai: { api_keys: ["${OPENAI_API_KEY}", "${B}"] } }\n';
    const both = await configOf(own, { OPENAI_API_KEY: "sk-e", B: "sk-b" });
    expect(both.keyedProviders.get("openai")?.map(({ key }) => key)).toEqual(["sk-e", "sk-b"]);
    const text = 'providers: { openai: { api_keys: ["${A:-}", "${B}"] } }\n';
    const { providers, keyedProviders } = await configOf(text, { B: "sk-b" });
    expect([providers.find(({ id }) => id === "openai")?.key, keyedProviders.size]).toEqual(["sk-b", 0]);
  });

  test("with limits is routed, with times only it is not", async () => {
    const { providers, providerRoutings, plainModels } = await configOf(`providers:
  left:
    base_url: http://h/v1
    limits: { max_in_flight: 4, requests_per_minute: 60, queue: { length: 2 } }
    timeouts: { connect: 2s, header: 1m }
  openai: { api_key: k, timeouts: { total: 5m } }
`);
    const limits = { maxInFlight: 4, requestsPerMinute: 60 };
    const queue = { length: 2, timeoutMs: 10_000 };
    expect(providerRoutings).toEqual([
      { id: "left", limits, queue, timeouts: { connectMs: 2000, responseHeaderMs: 60_000 } },
      { id: "openai", limits: {}, timeouts: { totalMs: 300_000 } },
    ]);
    // Calls of them wait so long whether they are routed or not.
    expect(providers.find(({ id }) => id === "openai")?.timeouts).toEqual({
      totalMs: 300_000,
      saidBy: { totalMs: "timeouts.total of provider openai" },
    });
    expect(providers.filter(({ timeouts }) => timeouts !== undefined).map(({ id }) => id)).toEqual(["openai", "left"]);
    expect(plainModels).toHaveLength(1);
    expect(plainModels[0]).toMatchObject({ name: "left/*", queue, limits: {}, retries: { attempts: 1 } });
  });
});

const ONE = "deployments: [{ provider: left, model: m }]";
const TWO = "deployments: [{ provider: left, model: m }, { provider: left, model: n }]";

describe("a problem is one line that names its place", () => {
  test.each([
    [
      "fast: { deployments: [] }",
      "F:5:24: models.fast.deployments is not accepted: expected a list of at least one deployment, each with provider and model, found a list",
    ],
    ["fast:", /^F:5:8: models\.fast\.deployments is not there: expected a list of at least one/],
    ["fast: {}", /models\.fast\.deployments is not there/],
    [`fast: { ${ONE}, stratgy: x }`, /models\.fast\.stratgy is not known \(did you mean models\.fast\.strategy\?\)/],
    [
      `fast: { ${ONE}, strategy: fastset }`,
      /models\.fast\.strategy is not accepted: expected one of round_robin, .*found text \(did you mean fastest\?\)/,
    ],
    [
      `fast: { ${ONE}, timeouts: { idle: soon } }`,
      /models\.fast\.timeouts\.idle="soon" is not accepted: expected a duration \(300ms, 1h30m, plain seconds\) from 1ms to 24h/,
    ],
    [
      `fast: { ${ONE}, timeouts: { first: 1s } }`,
      /models\.fast\.timeouts\.first is not known: expected one of connect, header, first_token, idle, total/,
    ],
    [`fast: { ${ONE}, timeouts: 5s }`, /models\.fast\.timeouts is not accepted: expected times, found text/],
    [
      "fast: { deployments: [{ provider: left, model: m, weight: 0 }] }",
      "F:5:61: models.fast.deployments[0].weight is not accepted: expected a number above 0, at most 1000000, found a number",
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, weight: '${W}' }] }",
      /models\.fast\.deployments\[0\]\.weight="\*\*\*" is not accepted: expected a number above 0/,
    ],
    [
      "fast: { deployments: [{ provider: left }] }",
      /models\.fast\.deployments\[0\]\.model is not there: expected the name of a model/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: '${E:-}' }] }",
      /models\.fast\.deployments\[0\]\.model is blank: expected the name of a model/,
    ],
    [
      "fast: { deployments: [{ provider: lift, model: m }] }",
      "F:5:37: models.fast.deployments[0].provider is no provider (did you mean left?): expected the id of one that is built in, or is in providers",
    ],
    [
      "fast: { deployments: [{ provider: groq, model: m }] }",
      "F:5:37: models.fast.deployments[0].provider cannot be called: groq needs GROQ_API_KEY",
    ],
    [
      "fast: { deployments: [{ provider: openai, model: m, key: 2 }] }",
      "F:5:60: models.fast.deployments[0].key is no key of openai: expected 0 to 1",
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, key: 1 }] }",
      /key is no key of left: expected 0, because it has one key/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: '*' }] }",
      /models\.fast\.deployments\[0\]\.model is \*, which stands for/,
    ],
    ["'f*': { deployments: [{ provider: left, model: 'a*' }] }", /models\.f\*\.deployments\[0\]\.model has a \*/],
    [
      "'f*a*': { deployments: [{ provider: left, model: '*' }] }",
      "F:5:3: models.f*a* has more than one *: expected a name with one * at most",
    ],
    [
      `openai/gpt: { ${ONE} }`,
      "F:5:3: models.openai/gpt begins with openai/, which names a provider: expected another name, or one with a *",
    ],
    [`Left/gpt: { ${ONE} }`, /models\.Left\/gpt begins with left\//],
    [
      `"a b": { ${ONE} }`,
      'F:5:3: models."a b" is no name that can be used here: expected 1 to 256 characters without spaces',
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, params: { model: x } }] }",
      /models\.fast\.deployments\[0\]\.params\.model is not accepted/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, override_params: { stream: true } }] }",
      /override_params\.stream is not accepted/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, params: { messages: [] } }] }",
      /params\.messages is not accepted/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, params: [] }] }",
      /params is not accepted: expected keys and values, found a list/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: m, params: { a: 1 }, override_params: { a: 2 } }] }",
      /params\.a can do nothing/,
    ],
    [
      "fast: { deployments: [{ provider: left, model: m }, { provider: left, model: m }] }",
      /models\.fast\.deployments\[1\] is the same provider, model and key as deployments\[0\]/,
    ],
    [
      "fast: { deployments: [{ provider: openai, model: m, key: 1 }, { provider: openai, model: m }] }",
      /deployments\[1\] is the same/,
    ],
    [
      `fast: { ${ONE}, fallbacks: [smrt] }\n  smart: { ${ONE} }`,
      /models\.fast\.fallbacks\[0\] is no model of this file \(did you mean smart\?\): expected a name of models/,
    ],
    [`fast: { ${ONE}, fallbacks: [s, s] }\n  s: { ${ONE} }`, /models\.fast\.fallbacks\[1\] is there twice/],
    [`fast: { ${ONE}, fallbacks: ['s*'] }\n  's*': { ${ONE} }`, /models\.fast\.fallbacks\[0\] has a \*/],
    [
      `fast: { ${ONE}, fallbacks: [fast] }`,
      /models\.fast\.fallbacks\[0\] leads back to where it began \(fast → fast\): expected a way that ends/,
    ],
    [
      `a: { ${ONE}, fallbacks: [b] }\n  b: { ${ONE}, context_fallbacks: [c] }\n  c: { ${ONE}, content_fallbacks: [a] }`,
      /^F:7:\d+: models\.c\.content_fallbacks\[0\] leads back to where it began \(a → b → c → a\)/,
    ],
    [
      `fast: { ${TWO}, sticky: { by: identity } }`,
      /models\.fast\.sticky can do nothing with the strategy round_robin: expected strategy: sticky/,
    ],
    [
      `fast: { ${TWO}, strategy: sticky, sticky: { by: "header:a b" } }`,
      /models\.fast\.sticky\.by="header:a b" is not accepted/,
    ],
    [`fast: { ${ONE}, hedge: { after: 1s } }`, /models\.fast\.hedge can do nothing with one deployment/],
    [
      `fast: { ${TWO}, hedge: { after: 1s }, retries: { attempts: 1 } }`,
      /models\.fast\.hedge can do nothing with retries\.attempts 1/,
    ],
    [
      `fast: { ${TWO}, hedge: { after: p99 } }`,
      /models\.fast\.hedge\.after="p99" is not accepted: expected a duration .*, or p95/,
    ],
    [`fast: { ${TWO}, hedge: { } }`, /models\.fast\.hedge\.after is not there/],
    [`fast: { ${ONE}, resume: true }`, /models\.fast\.resume can do nothing/],
    [`fast: { ${ONE}, limits: { queue: { length: 4 } } }`, /models\.fast\.limits\.queue can do nothing/],
    [
      `fast: { ${ONE}, limits: { max_in_flight: 0 } }`,
      /models\.fast\.limits\.max_in_flight is not accepted: expected a whole number from 1/,
    ],
    [
      `fast: { ${ONE}, retries: { on: [400] } }`,
      /models\.fast\.retries\.on\[0\] is not accepted: expected one of connect, /,
    ],
    [`fast: { ${ONE}, retries: { backoff: 9s } }`, undefined],
    [
      `fast: { ${ONE}, retries: { backoff: 9s, max_backoff: 1s } }`,
      /models\.fast\.retries\.backoff is longer than max_backoff/,
    ],
    [`fast: { ${ONE}, cooldown: { for: 2m, max: 1m } }`, /models\.fast\.cooldown\.for is longer than max/],
    [
      `fast: { ${ONE}, health_check: { interval: 1s, timeout: 2s } }`,
      /models\.fast\.health_check\.timeout is longer than interval/,
    ],
    [
      `fast: { ${ONE}, health_check: { interval: 1s, request: { model: x } } }`,
      /models\.fast\.health_check\.request\.model is not accepted/,
    ],
    [
      "'f*': { deployments: [{ provider: left, model: '*' }], health_check: { interval: 1s, request: { n: 1 } } }",
      /models\.f\*\.health_check\.request can do nothing for a deployment whose model is \*/,
    ],
    [
      "fast: { deployments: [{ provider: OpenAI, model: m }] }",
      /models\.fast\.deployments\[0\]\.provider is no provider \(did you mean openai\?\)/,
    ],
    [`fast: { ${ONE} }\n  fast: { ${ONE} }`, "F:6:3: fast is there twice, first in line 5"],
    [`fast: { ${ONE}, resume: '\${NOT_SET}' }`, /models\.fast\.resume: NOT_SET is not set/],
  ] as const)("%s", async (text, expected) => {
    const problems = await problemsOf(`${PROVIDERS}models:\n  ${text}\n`, { W: "0" });
    expect(problems).toHaveLength(expected === undefined ? 0 : 1);
    if (typeof expected === "string") expect(problems).toEqual([expected]);
    else if (expected) expect(problems[0]).toMatch(expected);
  });

  test.each([
    [
      "openai: { api_keys: [k, k] }",
      "F:1:38: providers.openai.api_keys[1] is the same key as providers.openai.api_keys[0]: expected another one",
    ],
    [
      'openai: { api_keys: [k, "a\\nb"] }',
      /providers\.openai\.api_keys="\*\*\*" is not accepted: expected printable ASCII/,
    ],
    ["openai: { api_key: k, limits: { queue: { length: 1 } } }", /providers\.openai\.limits\.queue can do nothing/],
    [
      "openai: { api_key: k, limits: { max: 1 } }",
      /providers\.openai\.limits\.max is not known \(did you mean|providers\.openai\.limits\.max is not known: expected one of max_in_flight/,
    ],
    [
      "openai: { api_key: k, timeouts: { connect: -1 } }",
      /providers\.openai\.timeouts\.connect is not accepted: expected a duration/,
    ],
  ] as const)("providers: %s", async (text, expected) => {
    const problems = await problemsOf(`providers: { ${text} }\n`);
    expect(problems).toHaveLength(1);
    if (typeof expected === "string") expect(problems).toEqual([expected]);
    else expect(problems[0]).toMatch(expected);
  });

  test("all at once; what has a problem is a name nevertheless", async () => {
    const text = `${PROVIDERS}models:\n  a: { ${ONE}, fallbacks: [b, c] }\n  b: { strategy: x, ${ONE} }\n`;
    const problems = await problemsOf(text);
    expect(problems.map((line) => line.replace(/^(F:\d+:\d+: [\w.[\]]+).*/, "$1"))).toEqual([
      "F:5:68: models.a.fallbacks[1]",
      "F:6:18: models.b.strategy",
    ]);
  });

  test("so many deployments that nobody means them are refused", async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    const deployments = Array.from({ length: 60 }, (_, index) => `{ provider: openai, model: m${index} }`);
    const text = `providers: { openai: { api_keys: [${keys.join(", ")}] } }\nmodels: { fast: { deployments: [${deployments.join(", ")}] } }\n`;
    expect(await problemsOf(text)).toEqual([
      expect.stringMatching(/^F:2:\d+: models\.fast\.deployments are more than 10000/),
    ]);
  });

  test("a priority that nothing looks at is warned about", async () => {
    const text = `${PROVIDERS}models: { fast: { deployments: [{ provider: left, model: m, priority: 1 }] } }\n`;
    const { warnings } = await loadFile(text);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^F:4:\d+: models\.fast\.deployments\[0\]\.priority has no effect with the strategy round_robin/,
      ),
    ]);
  });
});
