import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { KEY, type StartedGateway, startBesideProvider } from "./started-gateway.ts";

const PROVIDERS = [
  "google",
  "groq",
  "zai",
  "deepseek",
  "moonshot",
  "minimax",
  "openai",
  "cohere",
  "mistral",
  "anthropic",
];

const settings = (url: string): Record<string, string> => ({
  LLAMACPP_API_URL: `${url}/v1`,
  VLLM_API_URL: `${url}/v1`,
  OLLAMA_API_URL: `${url}/v1`,
  OLLAMA_CLOUD_API_URL: `${url}/v1`,
  GOOGLE_API_URL: `${url}/v1beta/openai`,
  GROQ_API_URL: `${url}/openai/v1`,
  ZAI_API_URL: `${url}/api/paas/v4`,
  DEEPSEEK_API_URL: url,
  MOONSHOT_API_URL: `${url}/v1`,
  MINIMAX_API_URL: `${url}/v1`,
  OPENAI_API_URL: `${url}/v1`,
  COHERE_API_URL: url,
  MISTRAL_API_URL: `${url}/v1`,
  ANTHROPIC_API_URL: `${url}/v1`,
  CLOUDFLARE_API_URL: `${url}/client/v4/accounts/acc/ai`,
  CLOUDFLARE_API_KEY: KEY,
  ...Object.fromEntries([...PROVIDERS, "ollama_cloud"].map((id) => [`${id.toUpperCase()}_API_KEY`, KEY])),
  CUSTOM_PROVIDERS: "bedrock,compat,deepinfra,azure,tgi,mounted,strict,bare",
  BEDROCK_API_URL: url,
  BEDROCK_API_KEY: KEY,
  COMPAT_API_URL: `${url}/openai/v1`,
  DEEPINFRA_API_URL: `${url}/v1/openai`,
  AZURE_API_URL: `${url}/openai/v1?api-version=2024-10-21`,
  TGI_API_URL: `${url}/v1`,
  MOUNTED_API_URL: `${url}/team/v1`,
  STRICT_API_URL: `${url}/v1`,
  STRICT_ENCODED_SLASHES: "false",
  BARE_API_URL: `${url}/v1`,
  BARE_ROOT_PATHS: "*",
});

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider(settings);
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

async function ask(target: string, method = "POST") {
  await using client = await openRawClient(started.gateway.port);
  const body = method === "GET" ? undefined : "{}";
  await client.request(method, target, {
    headers: { "x-goog-api-key": "callers" },
    ...(body !== undefined && { body }),
  });
  return (await client.head()).status;
}

describe("a path below the provider's root", () => {
  test.each([
    ["/proxy/llamacpp/props", "/props"],
    ["/proxy/llamacpp/slots/0?action=save", "/slots/0?action=save"],
    ["/proxy/llamacpp/tokenize", "/tokenize"],
    ["/proxy/llamacpp/completion", "/completion"],
    ["/proxy/llamacpp/health", "/health"],
    ["/v1/proxy/llamacpp/apply-template", "/apply-template"],
    ["/proxy/llamacpp/models/load", "/models/load"],
    ["/proxy/vllm/tokenize", "/tokenize"],
    ["/proxy/vllm/metrics", "/metrics"],
    ["/proxy/vllm/v2/rerank", "/v2/rerank"],
    ["/proxy/ollama/api/chat", "/api/chat"],
    ["/proxy/ollama_cloud/api/tags", "/api/tags"],
    ["/proxy/google/v1beta/models/x:generateContent", "/v1beta/models/x:generateContent"],
    ["/proxy/google/v1/models/x:generateContent", "/v1/models/x:generateContent"],
    ["/proxy/google/upload/v1beta/files", "/upload/v1beta/files"],
    ["/proxy/groq/openai/v1/chat/completions", "/openai/v1/chat/completions"],
    ["/proxy/zai/api/anthropic/v1/messages", "/api/anthropic/v1/messages"],
    ["/proxy/zai/api/paas/v4/chat/completions", "/api/paas/v4/chat/completions"],
    ["/proxy/zai/paas/v4/chat/completions", "/api/paas/v4/chat/completions"],
    ["/proxy/deepseek/anthropic/v1/messages", "/anthropic/v1/messages"],
    ["/proxy/moonshot/anthropic/v1/messages", "/anthropic/v1/messages"],
    ["/proxy/cohere/v2/chat", "/v2/chat"],
    ["/proxy/mistral/v1/fim/completions", "/v1/fim/completions"],
    ["/proxy/cloudflare/client/v4/accounts/acc/ai/run/@cf/x", "/client/v4/accounts/acc/ai/run/@cf/x"],
    ["/proxy/tgi/generate_stream", "/generate_stream"],
    ["/proxy/tgi/info", "/info"],
    ["/proxy/compat/model/m/converse", "/model/m/converse"],
    ["/proxy/compat/openai/v1/chat/completions", "/openai/v1/chat/completions"],
    ["/proxy/deepinfra/v1/inference/m", "/v1/inference/m"],
    ["/proxy/deepinfra/openai/chat/completions", "/v1/openai/chat/completions"],
    [
      "/proxy/azure/openai/deployments/m/chat/completions?api-version=1",
      "/openai/deployments/m/chat/completions?api-version=2024-10-21",
    ],
    ["/proxy/google/v1beta/openai", "/v1beta/openai/"],
    ["/proxy/groq/openai", "/openai"],
    ["/proxy/mounted/api/tags", "/team/api/tags"],
    ["/proxy/mounted/team/v1/x", "/team/v1/x"],
    ["/proxy/bare/anything", "/anything"],
    ["/proxy/bare/v1/chat/completions", "/v1/chat/completions"],
  ])("%s reaches %s", async (path, target) => {
    expect(await ask(path)).toBe(200);
    expect(started.takeCall().target).toBe(target);
  });
});

describe("the short form goes on to be below the base URL", () => {
  test.each([
    ["/proxy/openai/chat/completions", "/v1/chat/completions"],
    ["/proxy/openai/v1/chat/completions", "/v1/chat/completions"],
    ["/proxy/openai/x", "/v1/x"],
    ["/proxy/groq/chat/completions", "/openai/v1/chat/completions"],
    ["/proxy/groq/v1/chat/completions", "/openai/v1/chat/completions"],
    ["/proxy/google/chat/completions", "/v1beta/openai/chat/completions"],
    ["/proxy/google/openai/chat/completions", "/v1beta/openai/chat/completions"],
    ["/proxy/google/v1beta/openai/chat/completions", "/v1beta/openai/chat/completions"],
    ["/proxy/zai/chat/completions", "/api/paas/v4/chat/completions"],
    ["/proxy/llamacpp/chat/completions", "/v1/chat/completions"],
    ["/proxy/llamacpp/models", "/v1/models"],
    ["/proxy/llamacpp/things", "/v1/things"],
    ["/proxy/llamacpp/cors-proxy?url=http://a", "/v1/cors-proxy?url=http://a"],
    ["/proxy/vllm/collective_rpc", "/v1/collective_rpc"],
    ["/proxy/tgi/get_server_info", "/v1/get_server_info"],
    ["/proxy/cloudflare/run/@cf/x", "/client/v4/accounts/acc/ai/run/@cf/x"],
    ["/proxy/mounted/x", "/team/v1/x"],
  ])("%s reaches %s", async (path, target) => {
    expect(await ask(path, path.endsWith("/models") ? "POST" : "GET")).toBe(200);
    expect(started.takeCall().target).toBe(target);
  });
});

describe("the key goes as the API of the path takes it, once", () => {
  test.each([
    ["/proxy/google/v1beta/models/x:generateContent", "x-goog-api-key"],
    ["/proxy/google/upload/v1beta/files", "x-goog-api-key"],
    ["/proxy/google/chat/completions", "authorization"],
    ["/proxy/google/v1beta/openai/chat/completions", "authorization"],
    ["/proxy/deepseek/anthropic/v1/messages", "x-api-key"],
    ["/proxy/deepseek/chat/completions", "authorization"],
    ["/proxy/deepseek/anthropicx/y", "authorization"],
    ["/proxy/zai/api/anthropic/v1/messages", "authorization"],
    ["/proxy/anthropic/v1/messages", "x-api-key"],
    ["/proxy/groq/openai/v1/chat/completions", "authorization"],
  ])("%s: %s", async (path, name) => {
    expect(await ask(path)).toBe(200);
    const call = started.takeCall();
    const names = ["authorization", "x-api-key", "x-goog-api-key"].filter((each) => call.header(each) !== undefined);
    expect(names).toEqual([name]);
    expect(call.header(name)).toBe(name === "authorization" ? `Bearer ${KEY}` : KEY);
  });
});

describe("an encoded slash", () => {
  const ARN = "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc";

  test("goes as it stands to a custom provider", async () => {
    expect(await ask(`/proxy/bedrock/model/${ARN}/converse`)).toBe(200);
    expect(started.takeCall().target).toBe(`/model/${ARN}/converse`);
  });

  test.each([
    `/proxy/strict/model/${ARN}/converse`,
    "/proxy/openai/a%2Fb",
    "/proxy/bedrock/a/..%2F..%2Fb",
    "/proxy/bedrock/a%252Fb",
    "/proxy/bedrock/a%5Cb",
  ])("%s is refused", async (path) => {
    expect(await ask(path)).toBe(400);
    expect(started.takeCalls()).toEqual([]);
  });
});

describe("the policy judges what is below the root as well", () => {
  let policed: StartedGateway;
  beforeAll(async () => {
    policed = await startBesideProvider((url) => ({ ...settings(url), ALLOWED_MODELS: "good" }));
  });
  afterAll(() => policed[Symbol.asyncDispose]());

  test.each<[method: string, path: string, body: string | undefined]>([
    ["POST", "/proxy/ollama/api/chat", '{"model":"bad"}'],
    ["POST", "/proxy/ollama/api/chat", '{"model":"registry.ollama.ai/library/bad:latest"}'],
    ["POST", "/proxy/ollama/api/create", '{"model":"good","from":"bad"}'],
    ["POST", "/proxy/ollama/api/create", '{"name":"good","modelfile":"FROM bad"}'],
    ["POST", "/proxy/ollama/api/copy", '{"source":"bad","destination":"good"}'],
    ["POST", "/proxy/llamacpp/completion", '{"model":"bad"}'],
    ["POST", "/proxy/llamacpp/completion", '{"prompt":"x"}'],
    ["POST", "/proxy/llamacpp/api/chat", '{"model":"bad"}'],
    ["GET", "/proxy/llamacpp/props?model=bad", undefined],
    ["GET", "/proxy/llamacpp/props", undefined],
    ["POST", "/proxy/llamacpp/models/load", '{"model":"bad"}'],
    ["POST", "/proxy/google/v1beta/models/bad:generateContent", "{}"],
    ["POST", "/proxy/google/v1/models/bad:streamGenerateContent?alt=sse", "{}"],
    ["POST", "/proxy/google/v1beta/%6dodels/bad:generateContent", "{}"],
    ["POST", "/proxy/deepseek/anthropic/v1/messages", '{"model":"bad"}'],
    ["POST", "/proxy/zai/api/anthropic/v1/messages", '{"model":"bad"}'],
    ["POST", "/proxy/groq/openai/v1/chat/completions", '{"model":"bad"}'],
    ["POST", "/proxy/tgi/generate", '{"model":"bad"}'],
    ["POST", "/proxy/tgi/generate", '{"inputs":"x"}'],
    ["POST", "/proxy/tgi/api/create", '{"model":"good","from":"bad"}'],
    ["POST", "/proxy/tgi/api/copy", '{"model":"good","source":"bad"}'],
    ["POST", "/proxy/bedrock/model/bad%2Fx/converse", "{}"],
    ["POST", "/proxy/bedrock/model%2Fbad/converse", "{}"],
    ["POST", "/proxy/bedrock/v1%2Fmodels%2Fbad/converse", "{}"],
    ["POST", "/proxy/bedrock/x%2Fy", '{"model":"bad"}'],
  ])("%s %s with %p is refused", async (method, path, body) => {
    const response = await policed.send(method, path, body, { "content-type": "application/json" });
    expect([400, 403]).toContain(response.status);
    expect(policed.takeCalls()).toEqual([]);
  });

  test.each([
    ["/proxy/ollama/api/chat", '{"model":"good:latest"}', "/api/chat"],
    ["/proxy/google/v1beta/models/good:generateContent", "{}", "/v1beta/models/good:generateContent"],
    ["/proxy/zai/api/anthropic/v1/messages", '{"model":"good"}', "/api/anthropic/v1/messages"],
    ["/proxy/bedrock/model/good/converse", "{}", "/model/good/converse"],
  ])("%s with %p is passed", async (path, body, target) => {
    expect((await policed.send("POST", path, body, { "content-type": "application/json" })).status).toBe(200);
    expect(policed.takeCall().target).toBe(target);
  });
});
