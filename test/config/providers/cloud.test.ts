import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEntra } from "../../../src/config/providers/cloud/read-entra.ts";
import type { Environment } from "../../../src/config/environment.ts";
import { loadConfig } from "../../fixtures/load-config.ts";
import { loadProviders } from "../../fixtures/load-providers.ts";
import { chooseWire } from "../../../src/routing/choose-way.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "AKIA1", AWS_SECRET_ACCESS_KEY: "secret/key" };

function load(id: string, environment: Environment): Provider {
  const { providers, problems } = loadProviders(environment, []);
  expect(problems).toEqual([]);
  const found = providers.find((provider) => provider.id === id);
  if (!found) throw new Error(`no provider ${id}`);
  return found;
}

const sourceOf = (id: string, environment: Environment) => {
  const { credential } = load(id, environment);
  return credential && "source" in credential.settings ? credential.settings.source : undefined;
};

describe("variables of a cloud alone", () => {
  test.each([
    ["bedrock", { ...KEYS, AWS_REGION: "us-east-1", AWS_PROFILE: "p" }, "BEDROCK_REGION"],
    ["bedrock", { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: "r", AWS_REGION: "us-east-1" }, "BEDROCK_REGION"],
    ["vertex", { GOOGLE_APPLICATION_CREDENTIALS: "/key.json", GOOGLE_CLOUD_PROJECT: "p" }, "VERTEX_PROJECT"],
  ])("do not mean %s: %j", (id, environment, missing) => {
    const { configured, callable, credential, missingVariables } = load(id, environment);
    expect({ configured, callable, credential, missingVariables }).toEqual({
      configured: false,
      callable: false,
      credential: undefined,
      missingVariables: [missing],
    });
  });
});

describe("bedrock", () => {
  test.each<[Environment, string]>([
    [{ BEDROCK_REGION: "eu-west-1", AWS_REGION: "us-east-1" }, "eu-west-1"],
    [{ BEDROCK_API_KEY: "key-0123456789", AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-west-2" }, "us-east-1"],
    [{ BEDROCK_API_KEY: "key-0123456789", AWS_DEFAULT_REGION: "us-gov-west-1" }, "us-gov-west-1"],
  ])("has its address from the region: %j", (environment, region) => {
    const { baseUrl, callable, configured, lists } = load("bedrock", environment);
    expect([baseUrl, callable, configured]).toEqual([`https://bedrock-runtime.${region}.amazonaws.com`, true, true]);
    expect(lists?.endpoint.baseUrl).toBe(`https://bedrock.${region}.amazonaws.com`);
    expect(lists?.endpoint.endpointKey).not.toBe(load("bedrock", environment).endpointKey);
    expect(lists?.urls).toEqual([
      `https://bedrock.${region}.amazonaws.com/foundation-models?byInferenceType=ON_DEMAND`,
      `https://bedrock.${region}.amazonaws.com/inference-profiles?maxResults=1000`,
    ]);
  });

  test("is called with its key, if it has one, in place of any other credential", () => {
    const { credential, apis, key } = load("bedrock", {
      BEDROCK_API_KEY: "key-0123456789",
      BEDROCK_REGION: "eu-west-1",
      ...KEYS,
    });
    expect([credential, key, apis.models.fixed]).toEqual([
      undefined,
      "key-0123456789",
      { authorization: "Bearer key-0123456789" },
    ]);
    const loaded = loadConfig({ AWS_BEARER_TOKEN_BEDROCK: "key-0123456789", AWS_REGION: "us-east-1" });
    expect(loaded.warnings).toEqual(["AWS_BEARER_TOKEN_BEDROCK is read as BEDROCK_API_KEY"]);
  });

  const BEDROCK = { BEDROCK_REGION: "eu-west-1", HOME: "/home/u" };
  const FILES = { credentials: "/home/u/.aws/credentials", config: "/home/u/.aws/config" };
  const STS = "https://sts.eu-west-1.amazonaws.com";

  test.each<[string, Environment, object]>([
    [
      "static keys",
      KEYS,
      { from: "keys", accessKeyId: "AKIA1", secretAccessKey: "secret/key", sessionToken: undefined },
    ],
    [
      "keys of a session, before a profile",
      { ...KEYS, AWS_SESSION_TOKEN: "token", AWS_PROFILE: "p" },
      { from: "keys", accessKeyId: "AKIA1", secretAccessKey: "secret/key", sessionToken: "token" },
    ],
    [
      "its own profile, before keys",
      { ...KEYS, BEDROCK_PROFILE: "own", AWS_PROFILE: "p" },
      { from: "profile", name: "own", files: FILES, stsUrl: STS },
    ],
    ["the profile of all tools", { AWS_PROFILE: "p" }, { from: "profile", name: "p", files: FILES, stsUrl: STS }],
    [
      "files elsewhere",
      { AWS_PROFILE: "p", AWS_CONFIG_FILE: "/c", AWS_SHARED_CREDENTIALS_FILE: "/s" },
      { from: "profile", name: "p", files: { credentials: "/s", config: "/c" }, stsUrl: STS },
    ],
    [
      "a web identity",
      { AWS_WEB_IDENTITY_TOKEN_FILE: "/t", AWS_ROLE_ARN: "arn", AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9/" },
      {
        ...{ from: "web_identity", roleArn: "arn", tokenFile: "/t", sessionName: "inference-gateway" },
        stsUrl: "http://127.0.0.1:9",
      },
    ],
    [
      "the agent of ECS",
      { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" },
      { from: "container", url: "http://169.254.170.2/v2/credentials/1", authorization: undefined },
    ],
    [
      "the agent of EKS",
      {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
        AWS_CONTAINER_AUTHORIZATION_TOKEN: "token",
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/file",
      },
      { from: "container", url: "http://169.254.170.23/v1/credentials", authorization: { tokenFile: "/file" } },
    ],
    ["the machine", {}, { from: "machine", files: FILES, stsUrl: STS, metadataUrl: "http://169.254.169.254" }],
    [
      "the machine without metadata",
      { AWS_EC2_METADATA_DISABLED: "true" },
      { from: "machine", files: FILES, stsUrl: STS, metadataUrl: undefined },
    ],
  ])("finds %s", (_, environment, source) => {
    expect(sourceOf("bedrock", { ...BEDROCK, ...environment })).toEqual(source as never);
  });

  test("has its region from the profile, if nothing else says one", () => {
    const folder = scratchFolder("aws-files");
    const config = join(folder, "config");
    writeFileSync(config, "[default]\nregion=us-east-2\n[profile own]\nregion=ap-south-1\n");
    const environment = { BEDROCK_PROFILE: "own", AWS_CONFIG_FILE: config, HOME: folder };
    expect(load("bedrock", environment).baseUrl).toBe("https://bedrock-runtime.ap-south-1.amazonaws.com");
  });

  test.each([{ BEDROCK_PROFILE: "p" }, { BEDROCK_API_URL: "http://127.0.0.1:1" }])(
    "needs a region: %j",
    (environment) => {
      const { providers, warnings } = loadProviders({ ...environment, HOME: "/nowhere" }, []);
      const { configured, callable, missingVariables } = providers.find(({ id }) => id === "bedrock") as Provider;
      expect([configured, callable, missingVariables]).toEqual([true, false, ["BEDROCK_REGION"]]);
      expect(warnings).toEqual(["BEDROCK_REGION is not set, and nothing else says a region: bedrock cannot be called"]);
    },
  );

  test("has its region from its own address", () => {
    const vpc = "https://vpce-1.bedrock-runtime.us-west-2.vpce.amazonaws.com";
    expect(load("bedrock", { BEDROCK_API_URL: vpc }).credential?.settings).toMatchObject({ region: "us-west-2" });
  });

  test.each<[Environment, string]>([
    [{ BEDROCK_REGION: "Virginia" }, 'BEDROCK_REGION="Virginia" is not accepted: expected a region of AWS'],
    [{ BEDROCK_PROFILE: "p", AWS_REGION: "a/b" }, 'AWS_REGION="a/b" is not accepted'],
    [
      { BEDROCK_REGION: "us-east-1", AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://evil.example/" },
      'AWS_CONTAINER_CREDENTIALS_FULL_URI="***" is not accepted',
    ],
    [
      { BEDROCK_REGION: "us-east-1", AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.2.evil.example/" },
      'AWS_CONTAINER_CREDENTIALS_FULL_URI="***" is not accepted',
    ],
    [
      { BEDROCK_REGION: "us-east-1", AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.2:80@evil.example/" },
      'AWS_CONTAINER_CREDENTIALS_FULL_URI="***" is not accepted',
    ],
    [
      { BEDROCK_REGION: "us-east-1", AWS_ENDPOINT_URL_STS: "http://evil.example/" },
      'AWS_ENDPOINT_URL_STS="***" is not accepted',
    ],
    [
      { BEDROCK_REGION: "us-east-1", AWS_EC2_METADATA_SERVICE_ENDPOINT: "nowhere" },
      'AWS_EC2_METADATA_SERVICE_ENDPOINT="***" is not accepted',
    ],
    [
      { BEDROCK_REGION: "us-east-1", ...KEYS, BEDROCK_HEADERS: "Authorization: Bearer other-0123456789" },
      "BEDROCK_HEADERS sets authorization, which carries the credentials that bedrock is called with",
    ],
  ])("refuses %j", (environment, problem) => {
    const { problems } = loadProviders(environment, []);
    expect(problems[0]).toStartWith(problem);
  });
});

test("an operator who lists the APIs of a cloud means them for all of its models", () => {
  const wire = (more: Environment, model: string) =>
    chooseWire(load("bedrock", { BEDROCK_REGION: "eu-west-1", ...more }), "chat", model);
  expect([wire({}, "openai.gpt-oss-20b"), wire({}, "qwen.qwen3")]).toEqual(["chat", wire({}, "amazon.nova")]);
  const apis = { BEDROCK_APIS: "chat=/openai/v1/chat/completions" };
  expect([wire(apis, "openai.gpt-oss-20b"), wire(apis, "qwen.qwen3")]).toEqual(["chat", "chat"]);
  const environment = { BEDROCK_REGION: "eu-west-1", ...apis };
  expect(Bun.deepEquals(load("bedrock", environment), load("bedrock", environment))).toBeTrue();
});

describe("vertex", () => {
  test.each([
    [undefined, "https://aiplatform.googleapis.com/v1/projects/p-1/locations/global"],
    ["europe-west1", "https://europe-west1-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west1"],
    ["eu", "https://aiplatform.eu.rep.googleapis.com/v1/projects/p-1/locations/eu"],
  ])("has its address from project and location %p", (location, baseUrl) => {
    const provider = load("vertex", { VERTEX_PROJECT: "p-1", ...(location && { VERTEX_LOCATION: location }) });
    expect([provider.baseUrl, provider.rootUrl, provider.callable]).toEqual([baseUrl, baseUrl, true]);
    expect(provider.lists?.urls).toEqual([
      `${new URL(baseUrl).origin}/v1beta1/publishers/google/models?pageSize=200`,
      `${new URL(baseUrl).origin}/v1beta1/publishers/anthropic/models?pageSize=200`,
    ]);
  });

  const VERTEX = { VERTEX_PROJECT: "p", HOME: "/home/u" };
  test.each<[Environment, object | undefined]>([
    [
      { VERTEX_CREDENTIALS: "/own.json", GOOGLE_APPLICATION_CREDENTIALS: "/k" },
      { from: "file", path: "/own.json" },
    ],
    [{ GOOGLE_APPLICATION_CREDENTIALS: "/key.json" }, { from: "file", path: "/key.json" }],
    [
      { GCE_METADATA_HOST: "127.0.0.1:8080" },
      {
        from: "machine",
        path: "/home/u/.config/gcloud/application_default_credentials.json",
        metadataUrl: "http://127.0.0.1:8080",
      },
    ],
    [
      { CLOUDSDK_CONFIG: "/sdk" },
      {
        from: "machine",
        path: "/sdk/application_default_credentials.json",
        metadataUrl: "http://169.254.169.254",
      },
    ],
    [{ VERTEX_API_KEY: "key-0123456789" }, undefined],
  ])("finds tokens by %j", (environment, source) => {
    expect(sourceOf("vertex", { ...VERTEX, ...environment })).toEqual(source as never);
  });

  test.each<[Environment, string]>([
    [{ VERTEX_PROJECT: "a/b" }, 'VERTEX_PROJECT="a/b" is not accepted: expected the id of a project'],
    [{ VERTEX_PROJECT: "p", VERTEX_LOCATION: "x.evil.example/" }, "VERTEX_LOCATION="],
    [{ VERTEX_PROJECT: "p", GCE_METADATA_HOST: "evil.example/?" }, "GCE_METADATA_HOST="],
  ])("refuses %j", (environment, problem) => {
    expect(loadProviders(environment, []).problems[0]).toStartWith(problem);
  });
});

describe("entra", () => {
  const APP = { AZURE_TENANT_ID: "tenant", AZURE_CLIENT_ID: "client" };
  test("is sent by azure, if there is no key, and its resource is then all that must be known", () => {
    const environment = { AZURE_RESOURCE: "mine", ...APP, AZURE_CLIENT_SECRET: "secret-0123" };
    const { baseUrl, callable, configured, credential, apis } = load("azure", environment);
    expect([baseUrl, callable, configured, credential?.settings.kind, apis.models.fixed]).toEqual([
      "https://mine.openai.azure.com/openai/v1",
      true,
      true,
      "entra",
      {},
    ]);
    expect(load("azure", { ...environment, AZURE_API_KEY: "key-0123456789" }).credential).toBeUndefined();
    const { callable: bare, missingVariables } = load("azure", { AZURE_RESOURCE: "mine", ...APP });
    expect([bare, missingVariables]).toEqual([false, ["AZURE_API_KEY"]]);
  });

  const read = (environment: Environment, more: { hasKey?: boolean; ownUrl?: string | undefined } = {}) => {
    const findings = { problems: [], warnings: [] };
    const url = "https://RESOURCE.openai.azure.com";
    const { credential } = readEntra({ environment, id: "azure", url, ownUrl: url, hasKey: false, findings, ...more });
    return credential ?? findings.problems[0];
  };

  test.each<[Environment, object | undefined]>([
    [
      { ...APP, AZURE_CLIENT_SECRET: "s" },
      { authority: "https://login.microsoftonline.com", proof: { clientSecret: "s" } },
    ],
    [{ ...APP, AZURE_FEDERATED_TOKEN_FILE: "/f" }, { proof: { tokenFile: "/f" } }],
    [
      { ...APP, AZURE_CLIENT_SECRET: "s", AZURE_AUTHORITY_HOST: "https://login.example/" },
      { authority: "https://login.example" },
    ],
  ])("is an application: %j", (environment, expected) => {
    expect(read(environment)).toMatchObject({ kind: "entra", tenantId: "tenant", clientId: "client", ...expected });
  });

  test("is nothing beside a key, without an address, or without a proof", () => {
    const whole = { ...APP, AZURE_CLIENT_SECRET: "s" };
    expect([read(whole, { hasKey: true }), read(whole, { ownUrl: undefined }), read(APP)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test.each([
    { AZURE_TENANT_ID: "a/../b", AZURE_CLIENT_ID: "c", AZURE_CLIENT_SECRET: "s" },
    { ...APP, AZURE_CLIENT_SECRET: "s", AZURE_AUTHORITY_HOST: "http://login.example" },
  ])("refuses %j", (environment) => {
    expect(String(read(environment))).toContain("is not accepted");
  });
});

test("the variables of clouds are known, and a change of one is named without its value", () => {
  const before = loadConfig({ BEDROCK_REGION: "us-east-1", ...KEYS });
  if (!before.ok) throw new Error(before.problems.join());
  expect(before.warnings).toEqual([]);
  expect(before.config.variables.get("AWS_ACCESS_KEY_ID")).toBe("AKIA1");
});
