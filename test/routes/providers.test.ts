import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProviderRow } from "../../src/providers/provider-row.ts";
import { type BuiltInProviderId, PROVIDER_TABLE } from "../../src/providers/table.ts";
import { json } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { CHAT, SMALLEST } from "./requests.ts";
import { bodyText, type StartedGateway, startBesideProvider } from "./started-gateway.ts";

/** They have models of many makers, and lists of their own: see cloud-providers.test.ts. */
const CLOUDS = ["bedrock", "vertex"] as const;

/** What contract section 3 says of each provider; written out here, so that a slip in the table is seen. */
const EXPECTED: Readonly<
  Record<Exclude<BuiltInProviderId, (typeof CLOUDS)[number]>, { readonly models: string; readonly chat: string }>
> = {
  openai: { models: "/models", chat: "/chat/completions" },
  anthropic: { models: "/models?limit=1000", chat: "/chat/completions" },
  cohere: { models: "/v1/models?page_size=1000", chat: "/compatibility/v1/chat/completions" },
  groq: { models: "/models", chat: "/chat/completions" },
  cloudflare: { models: "/models/search?per_page=1000", chat: "/v1/chat/completions" },
  ollama: { models: "/models", chat: "/chat/completions" },
  deepseek: { models: "/models", chat: "/chat/completions" },
  mistral: { models: "/models", chat: "/chat/completions" },
  moonshot: { models: "/models", chat: "/chat/completions" },
  google: { models: "/models", chat: "/chat/completions" },
  nvidia: { models: "/models", chat: "/chat/completions" },
  minimax: { models: "/models", chat: "/chat/completions" },
  zai: { models: "/models", chat: "/chat/completions" },
  ollama_cloud: { models: "/models", chat: "/chat/completions" },
  llamacpp: { models: "/models", chat: "/chat/completions" },
  vllm: { models: "/models", chat: "/chat/completions" },
  azure: { models: "/models", chat: "/chat/completions" },
  openrouter: { models: "/models", chat: "/chat/completions" },
  xai: { models: "/models", chat: "/chat/completions" },
  together: { models: "/models", chat: "/chat/completions" },
  fireworks: { models: "/models", chat: "/chat/completions" },
  perplexity: { models: "/v1/models", chat: "/chat/completions" },
  deepinfra: { models: "/models", chat: "/chat/completions" },
  cerebras: { models: "/models", chat: "/chat/completions" },
  sambanova: { models: "/models", chat: "/chat/completions" },
  huggingface: { models: "/models", chat: "/chat/completions" },
  github: { models: "/catalog/models", chat: "/chat/completions" },
  nebius: { models: "/models", chat: "/chat/completions" },
  hyperbolic: { models: "/models", chat: "/chat/completions" },
  alibaba: { models: "/models", chat: "/chat/completions" },
  volcengine: { models: "/models", chat: "/chat/completions" },
  siliconflow: { models: "/models", chat: "/chat/completions" },
  baseten: { models: "/models", chat: "/chat/completions" },
  databricks: { models: "/api/2.0/serving-endpoints", chat: "/chat/completions" },
  cloudflare_gateway: { models: "/models", chat: "/chat/completions" },
  lmstudio: { models: "/models", chat: "/chat/completions" },
  sglang: { models: "/models", chat: "/chat/completions" },
  tgi: { models: "/models", chat: "/chat/completions" },
};
const IDS = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[];
/** Of which two could be built in, too. */
const CUSTOM = ["tgi", "sglang", "open-tgi"] as const;
/** Those that keep their place in the table. */
const BUILT_IN = IDS.filter((id) => id !== "tgi" && id !== "sglang");
const REFUSES_STREAM_OPTIONS = ["cohere", "mistral"];

const keyOf = (id: string): string => `key-of-${id}`;
const baseOf = (id: string): string => `/at/${id}`;
const variable = (id: string, rest: string): string => `${id.toUpperCase().replaceAll("-", "_")}_${rest}`;

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...Object.fromEntries(
      [...BUILT_IN, ...CUSTOM].flatMap((id) => [
        [variable(id, "API_URL"), url + baseOf(id)],
        [variable(id, "API_KEY"), keyOf(id)],
      ]),
    ),
    CUSTOM_PROVIDERS: CUSTOM.join(","),
    SGLANG_AUTH_TYPE: "x-header",
    OPEN_TGI_AUTH_TYPE: "none",
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

/** The credentials among a request's headers. */
function credentials(call: ReceivedRequest): Record<string, string> {
  const names = ["authorization", "x-api-key", "api-key", "anthropic-version", "cf-aig-authorization"];
  return Object.fromEntries(names.flatMap((name) => (call.header(name) ? [[name, call.header(name) ?? ""]] : [])));
}

function expectedCredentials(id: string): Record<string, string> {
  if (id === "anthropic") return { "x-api-key": keyOf(id), "anthropic-version": "2023-06-01" };
  if (id === "azure") return { "api-key": keyOf(id) };
  if (id === "cloudflare_gateway") return { "cf-aig-authorization": `Bearer ${keyOf(id)}` };
  if (id === "sglang") return { "x-api-key": keyOf(id) };
  if (id === "ollama" || id === "open-tgi") return {};
  return { authorization: `Bearer ${keyOf(id)}` };
}

test("the list of providers is the contract's, in its order", () => {
  expect(Object.keys(PROVIDER_TABLE).filter((id) => !CLOUDS.some((cloud) => cloud === id))).toEqual(IDS);
});

describe.each([...BUILT_IN, ...CUSTOM])("%s", (id) => {
  const expected = EXPECTED[id as keyof typeof EXPECTED] ?? { models: "/models", chat: "/chat/completions" };
  const isCustom = CUSTOM.some((custom) => custom === id);
  const row: ProviderRow | undefined = isCustom ? undefined : PROVIDER_TABLE[id as BuiltInProviderId];

  test("is asked for chat at its own path, with its own credential and the client's bytes", async () => {
    const body = `{"x": 1.0,"model":"${id}/some/model","messages":[{"role":"user","content":"\\u00e9"}],"n":12345678901234567890}`;
    const response = await started.post("/v1/chat/completions", body, {
      authorization: "Bearer callers",
      "x-api-key": "callers",
      cookie: "a=callers",
      "content-type": "application/json; charset=utf-8",
    });
    expect(response.status).toBe(200);
    const call = started.takeCall();
    expect([call.method, call.target]).toEqual(["POST", baseOf(id) + expected.chat]);
    expect(credentials(call)).toEqual(expectedCredentials(id));
    expect(Buffer.from(call.head).toString()).not.toContain("callers");
    expect(call.header("content-type")).toBe("application/json");
    expect(call.header("accept-encoding")).toBe("identity");
    expect(call.header("host")).toBe(new URL(started.provider.url).host);
    expect(bodyText(call)).toBe(body.replace(`${id}/some/model`, "some/model"));
    expect(call.header("content-length")).toBe(String(call.body.length));
  });

  test("gets stream_options as the client set them, unless it refuses them", async () => {
    const body = `{"model":"x","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"x"}]}`;
    await started.post(`/v1/chat/completions?provider=${id}`, body);
    const without = body.replace('"stream_options":{"include_usage":true},', "");
    expect(bodyText(started.takeCall())).toBe(REFUSES_STREAM_OPTIONS.includes(id) ? without : body);
  });

  test("is asked for models at its own path, with its own credential", async () => {
    expect((await started.send("GET", `/v1/models?provider=${id}`)).status).toBe(200);
    const call = started.provider.requests.find(
      ({ method, target }) => method === "GET" && target === baseOf(id) + expected.models,
    );
    expect(call && credentials(call)).toEqual(expectedCredentials(id));
  });

  test("is asked for embeddings if it has them", async () => {
    const response = await started.post("/v1/embeddings", { ...SMALLEST["/v1/embeddings"], model: `${id}/e` });
    if (row && !row.paths.embeddings) {
      expect([response.status, started.takeCalls()]).toEqual([400, []]);
      return;
    }
    const prefix = id === "cohere" ? "/compatibility/v1" : id === "cloudflare" || id === "perplexity" ? "/v1" : "";
    const call = started.takeCall();
    expect([call.target, bodyText(call)]).toEqual([`${baseOf(id)}${prefix}/embeddings`, '{"model":"e","input":"hi"}']);
    expect(credentials(call)).toEqual(expectedCredentials(id));
  });
});

test("local and custom providers without a key are called without a credential", async () => {
  await using bare = await startBesideProvider((url) => ({
    LLAMACPP_API_URL: `${url}/llamacpp/v1`,
    VLLM_API_URL: `${url}/vllm/v1/`,
    CUSTOM_PROVIDERS: "TGI",
    TGI_API_URL: `${url}/tgi/v1`,
  }));
  for (const id of ["llamacpp", "vllm", "tgi"]) {
    expect((await bare.post("/v1/chat/completions", { ...CHAT, model: `${id}/m` })).status).toBe(200);
    const call = bare.takeCall();
    expect([call.target, credentials(call)]).toEqual([`/${id}/v1/chat/completions`, {}]);
  }
});

test("CLOUDFLARE_ACCOUNT_ID fills the placeholder; without it there is nobody to call", async () => {
  await using filled = await startBesideProvider((url) => ({
    CLOUDFLARE_API_URL: `${url}/accounts/{ACCOUNT_ID}/ai`,
    CLOUDFLARE_API_KEY: "k",
    CLOUDFLARE_ACCOUNT_ID: "abc123",
  }));
  await filled.post("/v1/chat/completions", { ...CHAT, model: "cloudflare/@cf/x" });
  expect(filled.takeCall().target).toBe("/accounts/abc123/ai/v1/chat/completions");
  await using open = await startBesideProvider(() => ({ CLOUDFLARE_API_KEY: "k" }));
  expect((await open.post("/v1/chat/completions", { ...CHAT, model: "cloudflare/@cf/x" })).status).toBe(400);
  expect(open.gateway.output().stderr).toContain("CLOUDFLARE_ACCOUNT_ID is not");
});

test("a unix socket serves as a base URL, with and without a path of its own", async () => {
  const path = join(tmpdir(), `gateway-test-${crypto.randomUUID()}.sock`);
  await using provider = await startMockProvider({ unix: path });
  provider.answerAlways(({ method }) => (method === "GET" ? json(200, { data: [{ id: "m" }] }) : json(200, "{}")));
  await using gateway = await startGateway({
    VLLM_API_URL: `unix:${path}`,
    CUSTOM_PROVIDERS: "side",
    SIDE_API_URL: `unix:${path}:/base/v2`,
    SIDE_API_KEY: "k",
  });
  for (const [id, base] of [
    ["vllm", "/v1"],
    ["side", "/base/v2"],
  ]) {
    const body = JSON.stringify({ ...CHAT, model: `${id}/m` });
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
    expect([response.status, provider.requests.at(-1)?.target]).toEqual([200, `${base}/chat/completions`]);
    const proxied = await fetch(`${gateway.url}/proxy/${id}/things`, { method: "DELETE" });
    expect([proxied.status, provider.requests.at(-1)?.target]).toEqual([200, `${base}/things`]);
    const listed = await fetch(`${gateway.url}/v1/models?provider=${id}`);
    expect(await listed.json()).toMatchObject({ data: [{ id: `${id}/m` }] });
  }
});
