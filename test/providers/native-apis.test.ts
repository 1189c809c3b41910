import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type BuiltInProviderId, PROVIDER_TABLE } from "../../src/providers/table.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { SMALLEST } from "../routes/requests.ts";
import { TEST_DIALECTS } from "../fixtures/test-dialect.ts";
import { basePathOf, ROWS } from "./rows.ts";
import { bodyText, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

/** All but the clouds, whose APIs depend on the model: see cloud-providers.test.ts. */
const IDS = (Object.keys(PROVIDER_TABLE) as BuiltInProviderId[]).filter((id) => id !== "bedrock" && id !== "vertex");
const keyOf = (id: string): string => `key-of-${id}-0123`;

/** Where it has its own base URL, at the mock provider. */
const baseOf = basePathOf;

let started: StartedGateway;

beforeAll(async () => {
  const settings = (url: string) =>
    Object.fromEntries(
      IDS.flatMap((id) => [
        [`${id.toUpperCase()}_API_URL`, url + baseOf(id)],
        [`${id.toUpperCase()}_API_KEY`, keyOf(id)],
      ]),
    );
  started = await startBesideProvider(settings, { dialects: TEST_DIALECTS });
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

/** Address and credential of a native API; of a provider that is not here there is none. */
type Native = Partial<
  Record<BuiltInProviderId, readonly [target: string, credential: "bearer" | "x-api-key" | "api-key" | "none"]>
>;

const MESSAGES: Native = {
  anthropic: ["/v1/messages", "x-api-key"],
  ollama: ["/v1/messages", "none"],
  ollama_cloud: ["/v1/messages", "bearer"],
  llamacpp: ["/v1/messages", "bearer"],
  vllm: ["/v1/messages", "bearer"],
  deepseek: ["/anthropic/v1/messages", "x-api-key"],
  moonshot: ["/anthropic/v1/messages", "bearer"],
  minimax: ["/anthropic/v1/messages", "bearer"],
  zai: ["/api/anthropic/v1/messages", "bearer"],
  openrouter: ["/api/v1/messages", "bearer"],
  fireworks: ["/inference/v1/messages", "bearer"],
  deepinfra: ["/anthropic/v1/messages", "bearer"],
  sambanova: ["/v1/messages", "bearer"],
  alibaba: ["/apps/anthropic/v1/messages", "bearer"],
  siliconflow: ["/v1/messages", "bearer"],
  baseten: ["/v1/messages", "bearer"],
  databricks: ["/serving-endpoints/anthropic/v1/messages", "bearer"],
  lmstudio: ["/v1/messages", "bearer"],
  sglang: ["/v1/messages", "bearer"],
};

const COUNT_TOKENS: Native = {
  anthropic: ["/v1/messages/count_tokens", "x-api-key"],
  llamacpp: ["/v1/messages/count_tokens", "bearer"],
  vllm: ["/v1/messages/count_tokens", "bearer"],
  sambanova: ["/v1/messages/count_tokens", "bearer"],
  sglang: ["/v1/messages/count_tokens", "bearer"],
};

const RESPONSES: Native = {
  openai: ["/v1/responses", "bearer"],
  ollama: ["/v1/responses", "none"],
  ollama_cloud: ["/v1/responses", "bearer"],
  llamacpp: ["/v1/responses", "bearer"],
  vllm: ["/v1/responses", "bearer"],
  deepseek: ["/responses", "bearer"],
  moonshot: ["/v1/responses", "bearer"],
  minimax: ["/v1/responses", "bearer"],
  groq: ["/openai/v1/responses", "bearer"],
  mistral: ["/v1/responses", "bearer"],
  cloudflare: ["/client/v4/accounts/acc/ai/v1/responses", "bearer"],
  zai: ["/api/v1/responses", "bearer"],
  azure: ["/openai/v1/responses", "api-key"],
  openrouter: ["/api/v1/responses", "bearer"],
  xai: ["/v1/responses", "bearer"],
  fireworks: ["/inference/v1/responses", "bearer"],
  perplexity: ["/v1/responses", "bearer"],
  deepinfra: ["/v1/responses", "bearer"],
  sambanova: ["/v1/responses", "bearer"],
  huggingface: ["/v1/responses", "bearer"],
  alibaba: ["/api/v2/apps/protocols/compatible-mode/v1/responses", "bearer"],
  volcengine: ["/api/v3/responses", "bearer"],
  databricks: ["/serving-endpoints/responses", "bearer"],
  lmstudio: ["/v1/responses", "bearer"],
  sglang: ["/v1/responses", "bearer"],
};

/** Those that are translated to another API than Chat Completions at its usual place. */
const OWN_TARGETS: Partial<Record<BuiltInProviderId, string>> = {
  cohere: "/v2/chat",
};

function credentialOf(call: ReceivedRequest): Record<string, string | undefined> {
  return {
    bearer: call.header("authorization"),
    "x-api-key": call.header("x-api-key"),
    ...(call.header("api-key") !== undefined && { "api-key": call.header("api-key") }),
  };
}

describe.each([
  ["/v1/messages", MESSAGES],
  ["/v1/messages/count_tokens", COUNT_TOKENS],
  ["/v1/responses", RESPONSES],
] as const)("%s", (route, native) => {
  test.each(IDS)("is relayed to %s if it has that API; if not, translated, or refused if it cannot be", async (id) => {
    const body = { ...SMALLEST[route], model: `${id}/some/m` };
    const response = await started.post(route, body, { "x-api-key": "callers", "anthropic-beta": "b-1" });
    const expected = native[id];
    if (!expected && route === "/v1/messages/count_tokens") {
      const targets = started.takeCalls().map((call) => call.target);
      // Counted in the provider's other API, or estimated.
      if (id === "openai") expect(targets).toEqual(["/v1/responses/input_tokens"]);
      else if (id === "google") expect(targets).toEqual(["/v1beta/models/some%2Fm:countTokens"]);
      else expect([response.headers.get("x-gateway-estimated"), targets]).toEqual(["true", []]);
      return;
    }
    const call = started.takeCall();
    if (!expected) {
      // Responses or Messages if they are for all of its models, or an API of its own, or else Chat Completions.
      const other = ROWS[id].wires ? {} : route === "/v1/messages" ? RESPONSES : MESSAGES;
      const [target = OWN_TARGETS[id]] = other[id] ?? [];
      expect([response.status, call.target]).toEqual([200, target ?? `${baseOf(id)}/chat/completions`]);
      return;
    }
    const [target, credential] = expected;
    expect([response.status, call.target]).toEqual([200, target]);
    expect(bodyText(call)).toBe(JSON.stringify({ ...body, model: "some/m" }));
    expect(credentialOf(call)).toEqual({
      bearer: credential === "bearer" ? `Bearer ${keyOf(id)}` : undefined,
      "x-api-key": credential === "x-api-key" ? keyOf(id) : undefined,
      ...(credential === "api-key" && { "api-key": keyOf(id) }),
    });
    expect([call.header("anthropic-version"), call.header("anthropic-beta")]).toEqual([
      route.startsWith("/v1/messages") || id === "anthropic" ? "2023-06-01" : undefined,
      "b-1",
    ]);
  });
});

test("the version of the Messages API that a client asks for is kept", async () => {
  await started.post(
    "/v1/messages",
    { ...SMALLEST["/v1/messages"], model: "deepseek/m" },
    { "anthropic-version": "9" },
  );
  expect(started.takeCall().header("anthropic-version")).toBe("9");
});

test("a server on this machine answers all three APIs without any key", async () => {
  await using bare = await startBesideProvider((url) => ({ LLAMACPP_API_URL: `${url}/v1` }));
  for (const route of ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"] as const) {
    expect((await bare.post(route, { ...SMALLEST[route], model: "llamacpp/m" })).status).toBe(200);
    const call = bare.takeCall();
    expect([call.target, credentialOf(call)]).toEqual([route, { bearer: undefined, "x-api-key": undefined }]);
  }
});
