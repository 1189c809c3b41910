import { describe, expect, test } from "bun:test";
import type { Environment } from "../../../src/config/environment.ts";
import { loadConfig } from "../../fixtures/load-config.ts";

function load(environment: Environment) {
  const loaded = loadConfig(environment);
  if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
  const { settings, providers } = loaded.config;
  const find = (id: string) => providers.find((provider) => provider.id === id);
  return { settings, find, warnings: loaded.warnings };
}

describe("names of other tools are understood", () => {
  test.each<[environment: Environment, id: string, key: string | undefined, url: string]>([
    [{ GEMINI_API_KEY: "k-1" }, "google", "k-1", "https://generativelanguage.googleapis.com/v1beta/openai"],
    [
      { GOOGLE_GENERATIVE_AI_API_KEY: "k-1" },
      "google",
      "k-1",
      "https://generativelanguage.googleapis.com/v1beta/openai",
    ],
    [{ GROK_API_KEY: "k-1" }, "xai", "k-1", "https://api.x.ai/v1"],
    [{ DASHSCOPE_API_KEY: "k-1" }, "alibaba", "k-1", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"],
    [{ ARK_API_KEY: "k-1" }, "volcengine", "k-1", "https://ark.cn-beijing.volces.com/api/v3"],
    [
      { AZURE_OPENAI_API_KEY: "k-1", AZURE_OPENAI_ENDPOINT: "https://mine.openai.azure.com/" },
      "azure",
      "k-1",
      "https://mine.openai.azure.com/openai/v1",
    ],
    [
      { AZURE_OPENAI_ENDPOINT: "https://mine.openai.azure.com/", OPENAI_API_VERSION: "2024-10-21" },
      "azure",
      undefined,
      "https://mine.openai.azure.com/openai",
    ],
    [{ CO_API_KEY: "k-1" }, "cohere", "k-1", "https://api.cohere.ai"],
    [{ OPENAI_BASE_URL: "https://a.example/v1" }, "openai", undefined, "https://a.example/v1"],
    [{ OPENAI_API_BASE: "https://a.example/v1" }, "openai", undefined, "https://a.example/v1"],
    [{ GROQ_BASE_URL: "https://a.example/v1" }, "groq", undefined, "https://a.example/v1"],
    [{ ANTHROPIC_BASE_URL: "https://a.example" }, "anthropic", undefined, "https://a.example/v1"],
    [{ ANTHROPIC_BASE_URL: "https://a.example/x/v1/" }, "anthropic", undefined, "https://a.example/x/v1"],
    [{ OLLAMA_HOST: "gpu-box" }, "ollama", undefined, "http://gpu-box:11434/v1"],
    [{ OLLAMA_HOST: "0.0.0.0" }, "ollama", undefined, "http://127.0.0.1:11434/v1"],
    [{ OLLAMA_HOST: "0.0.0.0:9" }, "ollama", undefined, "http://127.0.0.1:9/v1"],
    [{ OLLAMA_HOST: ":9" }, "ollama", undefined, "http://127.0.0.1:9/v1"],
    [{ OLLAMA_HOST: "https://o.example/" }, "ollama", undefined, "https://o.example/v1"],
    [
      { CUSTOM_PROVIDERS: "xai", XAI_BASE_URL: "https://api.x.ai/v1", GROK_API_KEY: "k-1" },
      "xai",
      "k-1",
      "https://api.x.ai/v1",
    ],
  ])("%j", (environment, id, key, url) => {
    const { find, warnings } = load(environment);
    expect(find(id)).toMatchObject({ key, baseUrl: url, configured: true });
    expect(warnings.every((line) => line.includes(" is read as "))).toBe(true);
  });

  test("PORT is the port", () => {
    expect(load({ PORT: "1234" })).toMatchObject({
      settings: { SERVER_PORT: 1234 },
      warnings: ["PORT is read as SERVER_PORT"],
    });
  });
});

test("the gateway's own name wins, and it says so", () => {
  const { settings, find, warnings } = load({
    PORT: "1",
    SERVER_PORT: "2",
    GEMINI_API_KEY: "theirs",
    GOOGLE_API_KEY: "own",
    OPENAI_BASE_URL: "https://theirs.example/v1",
    OPENAI_API_BASE: "https://older.example/v1",
    OPENAI_API_URL: "https://own.example/v1",
  });
  expect([settings.SERVER_PORT, find("google")?.key, find("openai")?.baseUrl]).toEqual([
    2,
    "own",
    "https://own.example/v1",
  ]);
  expect(warnings.toSorted()).toEqual([
    "GEMINI_API_KEY is ignored, because GOOGLE_API_KEY is set too",
    "OPENAI_API_BASE is ignored, because OPENAI_API_URL is set too",
    "OPENAI_BASE_URL is ignored, because OPENAI_API_URL is set too",
    "PORT is ignored, because SERVER_PORT is set too",
  ]);
});

test.each([
  [{ OPENAI_BASE_URL: "http://localhost:8080/v1" }],
  [{ ANTHROPIC_BASE_URL: "http://127.0.0.1:99", SERVER_PORT: "99" }],
  [{ OPENAI_BASE_URL: "http://[::1]:99/v1", PORT: "99" }],
])("%j is what clients of the gateway have, and is not followed", (environment) => {
  const { find, warnings } = load(environment);
  expect([find("openai")?.configured, find("anthropic")?.configured]).toEqual([false, false]);
  expect(warnings.join()).toContain("BASE_URL is ignored, because it is the address of this gateway");
});

describe("GITHUB_API_URL as GitHub's runners have it", () => {
  test.each(["https://api.github.com", "https://git.example/api/v3"])("%s is no provider", (url) => {
    const { find, warnings } = load({ GITHUB_API_URL: url });
    expect([find("github")?.configured, warnings]).toEqual([false, []]);
  });

  test("is ignored aloud if the provider is wanted", () => {
    const { find, warnings } = load({ GITHUB_API_URL: "https://api.github.com", GITHUB_API_KEY: "k-1" });
    expect(find("github")?.baseUrl).toBe("https://models.github.ai/inference");
    expect(warnings).toEqual(["GITHUB_API_URL is ignored, because it is the address of GitHub's REST API"]);
  });

  test("is kept if it is another", () => {
    expect(load({ GITHUB_API_URL: "https://models.example/v1" }).find("github")?.baseUrl).toBe(
      "https://models.example/v1",
    );
  });
});

describe("what looks like a provider's is warned about", () => {
  const meant = (name: string, right: string) =>
    `${name} is not a setting of this version and is ignored (did you mean ${right}?)`;
  test.each([
    ["GROQ_APIKEY", meant("GROQ_APIKEY", "GROQ_API_KEY")],
    ["groq_api_key", meant("groq_api_key", "GROQ_API_KEY")],
    ["OPENAI_KEY", meant("OPENAI_KEY", "OPENAI_API_KEY")],
    ["MISTRAL_TOKEN", meant("MISTRAL_TOKEN", "MISTRAL_API_KEY")],
    ["OPENAIAPIKEY", meant("OPENAIAPIKEY", "OPENAI_API_KEY")],
    ["groq_url", meant("groq_url", "GROQ_API_URL")],
    ["VLLM_URL", meant("VLLM_URL", "VLLM_API_URL")],
    ["OPENAI_HEADER", meant("OPENAI_HEADER", "OPENAI_HEADERS")],
    ["OPANAI_API_KEY", meant("OPANAI_API_KEY", "OPENAI_API_KEY")],
    [
      "XYZ_API_KEY",
      "XYZ_API_KEY looks like the key of a provider, and there is none of that name: to add it, set CUSTOM_PROVIDERS=xyz, XYZ_API_URL=...",
    ],
  ])("%s", (name, line) => {
    expect(load({ [name]: "a-value-that-is-not-shown" }).warnings).toEqual([line]);
  });

  test("key and base URL of a custom provider that CUSTOM_PROVIDERS does not name", () => {
    expect(load({ LAB_API_KEY: "secret", LAB_API_URL: "http://127.0.0.1:9/v1" }).warnings).toEqual([
      "LAB_API_KEY looks like the key of a provider, and there is none of that name: to add it, set CUSTOM_PROVIDERS=lab",
      "LAB_API_URL looks like the base URL of a provider, and there is none of that name: to add it, set CUSTOM_PROVIDERS=lab",
    ]);
    // Alone it may be anybody's, except in the gateway's own file.
    expect(load({ LAB_API_URL: "http://127.0.0.1:9/v1" }).warnings).toEqual([]);
  });

  test.each([
    ...["LANGSMITH_API_KEY", "DD_API_KEY", "TAVILY_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "STRIPE_API_KEY"],
    ...["OPENAI_ORG_ID", "OPENAI_LOG", "ANTHROPIC_MODEL", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT"],
    ...["OLLAMA_MODELS", "OLLAMA_DEBUG", "VLLM_USE_V1", "NVIDIA_VISIBLE_DEVICES", "HOST", "HOSTNAME", "SSH_KEY"],
    ...["GOOGLE_MAPS_API_KEY", "OPENAI_ADMIN_KEY", "TELEGRAM_BOT_TOKEN", "SOME_API_TOKEN", "HF_TOKEN"],
    ...["DATABRICKS_TOKEN", "HUGGINGFACE_TOKEN", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"],
    ...["GITHUB_ACTIONS", "GITHUB_HEAD_REF", "GITHUB_SHA", "GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "GITHUB_PATH"],
  ])("%s is not", (name) => {
    expect(load({ [name]: "1" }).warnings).toEqual([]);
  });
});
