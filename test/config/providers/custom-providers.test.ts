import { describe, expect, test } from "bun:test";
import type { Environment } from "../../../src/config/environment.ts";
import { loadProviders } from "../../fixtures/load-providers.ts";
import { CUSTOM_PROVIDER_ROW, FORMERLY_CUSTOM, PROVIDER_TABLE } from "../../../src/providers/table.ts";

const KEY = "sk-0123456789abcdef";

function load(environment: Environment, customIds: readonly string[]) {
  const { providers, problems, warnings } = loadProviders(environment, customIds);
  const find = (id: string) => {
    const [found, ...others] = providers.filter((provider) => provider.id === id);
    expect(others).toEqual([]);
    return found;
  };
  return { providers, problems, warnings, find };
}

const variable = (id: string, end: string): string => `${id.toUpperCase()}_${end}`;

describe.each([...FORMERLY_CUSTOM])("%s, which is built in and was not always", (id) => {
  const environment = { [variable(id, "API_URL")]: "http://lab.internal/v1" };

  test("may be a custom provider as before, in place of the built-in one", () => {
    const { providers, problems, warnings, find } = load(environment, [id.toUpperCase()]);
    expect([problems, warnings]).toEqual([[], []]);
    expect(find(id)).toMatchObject({ callable: true, configured: true, key: undefined, auth: "none" });
    expect(Object.keys(find(id)?.apis ?? {}).toSorted()).toEqual(Object.keys(CUSTOM_PROVIDER_ROW.paths).toSorted());
    expect(find(id)?.encodedSlashes).toBe(true);
    expect(providers.at(-1)?.id).toBe(id);
    expect(providers).toHaveLength(Object.keys(PROVIDER_TABLE).length);
  });

  test("then has the credential that its settings say", () => {
    const withKey = { ...environment, [variable(id, "API_KEY")]: KEY };
    expect(load(withKey, [id]).find(id)?.apis.chat?.fixed).toEqual({ authorization: `Bearer ${KEY}` });
    const withType = { ...withKey, [variable(id, "AUTH_TYPE")]: "x-header" };
    expect(load(withType, [id]).find(id)?.apis.chat?.fixed).toEqual({ "x-api-key": KEY });
  });

  test("is built in if CUSTOM_PROVIDERS does not name it", () => {
    expect(load({ ...environment, [variable(id, "API_KEY")]: KEY }, []).find(id)).toMatchObject({
      configured: true,
      // In ARNs.
      encodedSlashes: id === "bedrock",
    });
  });
});

test.each(["xai", "OpenRouter", "azure"])("%s without a base URL is the built-in one, and it says so", (name) => {
  const id = name.toLowerCase();
  const { problems, warnings, find } = load({ [variable(id, "API_KEY")]: KEY, AZURE_RESOURCE: "mine" }, [name]);
  expect([problems, warnings]).toEqual([[], [`CUSTOM_PROVIDERS need not name ${id}: ${id} is built in`]]);
  expect(find(id)).toMatchObject({ callable: true, configured: true, key: KEY });
});

test.each(["tgi", "sglang", "lmstudio"])("%s without a base URL is asked for one", (id) => {
  const { problems } = load({}, [id]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toStartWith(`${variable(id, "API_URL")} is not set, but CUSTOM_PROVIDERS names ${id}`);
});

test("an id that has the variables of a built-in one takes its place", () => {
  const { providers, find } = load({ CLOUDFLARE_GATEWAY_API_URL: "https://gw.example/v1" }, ["cloudflare-gateway"]);
  expect(find("cloudflare-gateway")).toMatchObject({ baseUrl: "https://gw.example/v1", callable: true });
  expect(find("cloudflare_gateway")).toBeUndefined();
  expect(providers).toHaveLength(Object.keys(PROVIDER_TABLE).length);
});

describe("a custom provider at the address of a built-in one", () => {
  test.each([
    ["https://api.openai.com/v1", ["responses", "inputTokens"]],
    ["https://api.fireworks.ai/inference/v1/", ["messages", "responses"]],
    ["https://api.moonshot.ai/v1", ["messages", "responses"]],
  ])("%s has its APIs too", (url, further) => {
    const { find } = load({ TEAM_API_URL: url, TEAM_API_KEY: KEY }, ["team"]);
    expect(Object.keys(find("team")?.apis ?? {}).toSorted()).toEqual(
      ["models", "chat", "completions", "embeddings", ...further].toSorted(),
    );
    expect(find("team")?.apis.chat?.fixed).toEqual({ authorization: `Bearer ${KEY}` });
  });

  test("refuses what that refuses, and lists as that lists", () => {
    const { find } = load({ TEAM_API_URL: "https://api.cohere.ai", TEAM_API_KEY: KEY }, ["team"]);
    expect(find("team")).toMatchObject({ refusesStreamOptions: true, listing: "cohere" });
  });

  test.each([
    "http://localhost:8000/v1",
    "https://api.openai.com/v2",
    "https://api.openai.com.evil.example/v1",
    "unix:/a.sock:/v1",
  ])("%s is none", (url) => {
    const { find } = load({ TEAM_API_URL: url }, ["team"]);
    expect(Object.keys(find("team")?.apis ?? {}).toSorted()).toEqual(["chat", "completions", "embeddings", "models"]);
  });

  test("has what its own setting says instead", () => {
    const { find } = load({ TEAM_API_URL: "https://api.openai.com/v1", TEAM_APIS: "chat" }, ["team"]);
    expect(Object.keys(find("team")?.apis ?? {}).toSorted()).toEqual(["chat", "models"]);
  });
});

describe("what fills in base URLs", () => {
  test.each<[id: string, Environment, baseUrl: string]>([
    [
      "databricks",
      { DATABRICKS_HOST: "adb-1.2.azuredatabricks.net" },
      "https://adb-1.2.azuredatabricks.net/serving-endpoints",
    ],
    [
      "databricks",
      { DATABRICKS_HOST: "https://dbc-1.cloud.databricks.com/" },
      "https://dbc-1.cloud.databricks.com/serving-endpoints",
    ],
    [
      "cloudflare_gateway",
      { CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_GATEWAY_ID: "gw" },
      "https://gateway.ai.cloudflare.com/v1/acc/gw/compat",
    ],
  ])("of %s: %j", (id, environment, baseUrl) => {
    const { problems, warnings, find } = load({ ...environment, [variable(id, "API_KEY")]: KEY }, []);
    expect([problems, warnings]).toEqual([[], []]);
    expect(find(id)).toMatchObject({ baseUrl, callable: true });
  });

  test.each<[Environment, missing: string[]]>([
    [{}, ["CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID"]],
    [{ CLOUDFLARE_ACCOUNT_ID: "acc" }, ["CLOUDFLARE_GATEWAY_ID"]],
  ])("is named where it is missing: %j", (environment, missing) => {
    const { warnings, find } = load({ ...environment, CLOUDFLARE_GATEWAY_API_KEY: KEY }, []);
    expect(warnings).toEqual([
      `CLOUDFLARE_GATEWAY_API_KEY is set, but ${missing.join(" and ")} is not: cloudflare_gateway cannot be called`,
    ]);
    expect(find("cloudflare_gateway")).toMatchObject({ callable: false, missingVariables: missing });
  });

  test.each([
    ["DATABRICKS_HOST", "http://insecure.example"],
    ["DATABRICKS_HOST", "https://user:pw@h.example"],
    ["DATABRICKS_HOST", "h.example/path"],
    ["DATABRICKS_HOST", "localhost"],
    ["CLOUDFLARE_GATEWAY_ID", "../x"],
  ])("is refused if it is none: %s=%s", (name, value) => {
    const { problems } = load({ [name]: value }, []);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(name);
    expect(problems[0]).not.toContain(value);
  });
});
