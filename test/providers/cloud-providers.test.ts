import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { eventFrame, eventStream } from "../fixtures/aws-event-stream.ts";
import { type AwsCallers, findSignatureFault } from "../fixtures/aws-signature.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { startTokenServer, type TokenServer } from "../fixtures/token-server.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { openReloadable } from "../reload/reloadable.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SESSION = "IQoJb3JpZ2luX2VjEXAMPLE/session+token==";
const ANSWER = { id: "x", object: "chat.completion", choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } };
const MESSAGE = { type: "message", content: [], usage: { input_tokens: 1, output_tokens: 1 } };
const CONVERSED = [
  eventFrame("messageStart", { role: "assistant" }),
  eventFrame("contentBlockDelta", { contentBlockIndex: 0, delta: { text: "hello" } }),
  eventFrame("contentBlockStop", { contentBlockIndex: 0 }),
  eventFrame("messageStop", { stopReason: "end_turn" }),
  eventFrame("metadata", { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }),
];
const GENERATED = { candidates: [{ content: { role: "model", parts: [{ text: "hi" }] }, finishReason: "STOP" }] };
const HELLO = [{ role: "user", content: "hi" }];

let provider: MockProvider;
let tokens: TokenServer;
let gateway: RunningGateway;

/** Of AWS, which refuses what is not signed as it must be, and says what it has checked, as AWS does. */
function asAws(request: ReceivedRequest) {
  const callers: AwsCallers = {
    region: "eu-west-1",
    service: "bedrock",
    secrets: { AKIAEXAMPLE: SECRET },
    now: Date.now() / 1000,
  };
  const fault = findSignatureFault(request, callers);
  if (fault !== undefined) return json(403, { message: `The signature does not match: ${fault}` });
  if (request.target.startsWith("/foundation-models")) {
    return json(200, { modelSummaries: [{ modelId: "amazon.titan-v1:0", providerName: "Amazon" }] });
  }
  if (request.target.startsWith("/inference-profiles")) {
    const isFirst = !request.target.includes("nextToken");
    const inferenceProfileId = isFirst ? "eu.anthropic.claude-x-v1:0" : "eu.anthropic.claude-y-v1:0";
    return json(200, { inferenceProfileSummaries: [{ inferenceProfileId }], ...(isFirst && { nextToken: "a/b=" }) });
  }
  if (/\/converse(-stream)?$/.test(request.target) && bodyText(request).includes('"hi"')) {
    if (request.target.endsWith("-stream")) return eventStream(CONVERSED);
    const message = { role: "assistant", content: [{ text: "hello" }] };
    const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
    return json(200, { output: { message }, stopReason: "end_turn", usage });
  }
  if (request.target.includes("refused")) {
    return json(400, { message: `token was ${request.header("x-amz-security-token")}` });
  }
  return json(200, ANSWER);
}

function asGoogle(request: ReceivedRequest) {
  const credential = request.header("authorization") ?? "";
  if (!/^Bearer ya29\.token-number-\d+$/.test(credential)) return json(401, { error: { message: "no token" } });
  const [, publisher] = /^\/v1beta1\/publishers\/(\w+)\/models\?pageSize=200$/.exec(request.target) ?? [];
  if (publisher !== undefined) {
    const model = publisher === "google" ? "gemini-x" : "claude-x";
    return json(200, { publisherModels: [{ name: `publishers/${publisher}/models/${model}` }] });
  }
  if (bodyText(request).includes("echo")) return json(400, { error: { message: `you sent ${credential}` } });
  if (request.target.includes(":streamRawPredict")) {
    const start = { type: "message_start", message: MESSAGE };
    return sse([dataEvent(start, "message_start"), dataEvent({ type: "message_stop" }, "message_stop")]);
  }
  if (request.target.includes(":streamGenerateContent")) return sse([dataEvent(GENERATED)]);
  if (request.target.includes(":generateContent")) return json(200, GENERATED);
  return json(200, request.target.includes("anthropic") ? MESSAGE : ANSWER);
}

beforeAll(async () => {
  let issued = 0;
  tokens = startTokenServer(() => Response.json({ access_token: `ya29.token-number-${++issued}`, expires_in: 3600 }));
  provider = await startMockProvider();
  provider.answerAlways((request) => (request.target.startsWith("/v1") ? asGoogle(request) : asAws(request)));
  gateway = await startGateway({
    BEDROCK_API_URL: provider.url,
    BEDROCK_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_SESSION_TOKEN: SESSION,
    VERTEX_API_URL: `${provider.url}/v1/projects/p-1/locations/eu`,
    GCE_METADATA_HOST: tokens.url.slice("http://".length),
    SERVER_MAX_REQUEST_BODY_SIZE: "20000",
  });
});
let taken = 0;
beforeEach(async () => {
  // What the gateway itself asks for when it starts is over.
  await fetch(`${gateway.url}/v1/models`);
  taken = provider.requests.length;
});
afterAll(async () => {
  await gateway.stop();
  await provider.stop();
  await tokens[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: "Bearer callers", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

/** The request that reached the provider. */
function takeCall(): ReceivedRequest {
  const calls = provider.requests.slice(taken);
  taken = provider.requests.length;
  const [call] = calls;
  if (!call || calls.length > 1) throw new Error(`${calls.length} calls`);
  return call;
}

const idsOf = async (id: string): Promise<readonly string[]> => {
  const answer = (await (await fetch(`${gateway.url}/v1/models?provider=${id}`)).json()) as { data: { id: string }[] };
  return answer.data.map((model) => model.id);
};

describe("bedrock", () => {
  test("is asked in OpenAI's API for OpenAI's models, signed", async () => {
    const body = { model: "bedrock/openai.gpt-oss-120b-1:0", messages: HELLO };
    const response = await post("/v1/chat/completions", body);
    expect(response.status).toBe(200);
    const call = takeCall();
    expect(call.target).toBe("/openai/v1/chat/completions");
    expect(JSON.parse(bodyText(call))).toEqual({ ...body, model: "openai.gpt-oss-120b-1:0" });
    expect([call.header("x-amz-security-token"), Buffer.from(call.head).toString().includes("callers")]).toEqual([
      SESSION,
      false,
    ]);
  });

  test.each([
    ["/v1/chat/completions", "eu.anthropic.claude-x-v1:0", false],
    ["/v1/messages", "eu.anthropic.claude-x-v1:0", true],
    ["/v1/messages", "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x-v1:0", false],
    ["/v1/responses", "amazon.nova-x-v1:0", true],
  ])("is asked in Converse for all others: %s, %s (stream: %p)", async (path, model, stream) => {
    const talk = path === "/v1/responses" ? { input: "hi" } : { max_tokens: 9, messages: HELLO };
    const response = await post(path, { model: `bedrock/${model}`, stream, ...talk });
    expect(response.headers.get("x-gateway-translated")).toEndWith("->converse");
    expect(await response.text()).toContain("hello");
    const call = takeCall();
    expect(call.target).toBe(`/model/${encodeURIComponent(model)}/converse${stream ? "-stream" : ""}`);
    expect(JSON.parse(bodyText(call))).toMatchObject({ messages: [{ role: "user", content: [{ text: "hi" }] }] });
  });

  test("and for those of others only if they can be asked", async () => {
    const response = await post("/v1/embeddings", { model: "bedrock/amazon.titan-v1:0", input: "x" });
    expect(response.status).toBe(400);
  });

  test.each([
    ["/model/anthropic.claude-v1%3A0/converse", "{}"],
    ["/model/anthropic.claude-v1:0/converse-stream", '{"messages":[]}'],
    ["/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x/invoke", "{}"],
    ["/openai/v1/responses?a=b%20c&A=", "{}"],
  ])("takes what /proxy passes to %s, signed with its body", async (path, body) => {
    const response = await post(`/proxy/bedrock${path}`, body, { "content-type": "application/json" });
    expect([response.status, await response.json()]).toEqual([200, ANSWER]);
    const call = takeCall();
    expect([call.target, bodyText(call), call.header("content-length")]).toEqual([path, body, String(body.length)]);
  });

  test("takes an upload in pieces, which is read whole first, up to the limit of bodies", async () => {
    const upload = (length: number) =>
      fetch(`${gateway.url}/proxy/bedrock/model/m/invoke`, {
        method: "POST",
        body: new ReadableStream({
          pull(controller) {
            controller.enqueue(Buffer.alloc(length / 2, "x"));
            if (--pieces === 0) controller.close();
          },
        }),
      });
    let pieces = 2;
    expect((await upload(10_000)).status).toBe(200);
    expect(takeCall().body).toHaveLength(10_000);
    pieces = 2;
    expect((await upload(30_000)).status).toBe(413);
    expect(provider.requests).toHaveLength(taken);
  });

  test("lists the models that can be asked: those on demand, and its profiles, page by page", async () => {
    expect(await idsOf("bedrock")).toEqual([
      "bedrock/amazon.titan-v1:0",
      "bedrock/eu.anthropic.claude-x-v1:0",
      "bedrock/eu.anthropic.claude-y-v1:0",
    ]);
  });

  test("is not repeated with what it says of the session token", async () => {
    for (const path of ["/proxy/bedrock/model/refused/invoke", "/proxy/bedrock/refused"]) {
      const response = await post(path, "{}");
      const text = await response.text();
      expect([response.status, text.includes("***"), text.includes(SESSION)]).toEqual([400, true, false]);
    }
  });
});

describe("vertex", () => {
  const ROOT = "/v1/projects/p-1/locations/eu";
  const RAW = `${ROOT}/publishers/anthropic/models/claude-x`;

  test.each([
    ["claude-x", false],
    ["anthropic/claude-x", false],
    ["claude-x", true],
  ])("is asked for %s as its publisher has it (stream: %p)", async (model, stream) => {
    const body = `{"x": 1.0, "model":"vertex/${model}", "max_tokens": 9, "stream":${stream}, "messages":${JSON.stringify(HELLO)}}`;
    const response = await post("/v1/messages", body, { "anthropic-beta": "b-1" });
    expect(response.status).toBe(200);
    const call = takeCall();
    expect(call.target).toBe(`${RAW}:${stream ? "streamRawPredict" : "rawPredict"}`);
    expect(bodyText(call)).not.toContain('"model"');
    const { model: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
    expect(JSON.parse(bodyText(call))).toEqual({ anthropic_version: "vertex-2023-10-16", ...rest });
    expect(bodyText(call)).toContain('"x": 1.0');
    expect([call.header("authorization"), call.header("anthropic-beta")]).toEqual([
      "Bearer ya29.token-number-1",
      "b-1",
    ]);
  });

  test("keeps the version that a client asks for", async () => {
    const body = { anthropic_version: "vertex-9", model: "vertex/claude-x", max_tokens: 9, messages: HELLO };
    expect((await post("/v1/messages", body)).status).toBe(200);
    expect(JSON.parse(bodyText(takeCall()))).toEqual({ anthropic_version: "vertex-9", max_tokens: 9, messages: HELLO });
  });

  test("counts the tokens of a model that the body names", async () => {
    const body = { model: "vertex/claude-x", messages: HELLO };
    expect((await post("/v1/messages/count_tokens", body)).status).toBe(200);
    const call = takeCall();
    expect(call.target).toBe(`${ROOT}/publishers/anthropic/models/count-tokens:rawPredict`);
    expect(JSON.parse(bodyText(call))).toEqual({
      anthropic_version: "vertex-2023-10-16",
      model: "claude-x",
      messages: HELLO,
    });
  });

  test("is asked for Claude by clients of another API, translated", async () => {
    const response = await post("/v1/chat/completions", { model: "vertex/claude-x", messages: HELLO });
    expect([response.status, response.headers.get("x-gateway-translated")]).toEqual([200, "chat->messages"]);
    const call = takeCall();
    expect(call.target).toBe(`${RAW}:rawPredict`);
    const sent = JSON.parse(bodyText(call)) as object;
    expect([Object.hasOwn(sent, "model"), Object.entries(sent)[0]]).toEqual([
      false,
      ["anthropic_version", "vertex-2023-10-16"],
    ]);
  });

  test.each([
    ["gemini-x", "google/gemini-x"],
    ["google/gemini-x", "google/gemini-x"],
    ["meta/llama-x", "meta/llama-x"],
  ])("is asked for %s in OpenAI's API", async (model, named) => {
    const body = { model: `vertex/${model}`, messages: HELLO };
    expect((await post("/v1/chat/completions", body)).status).toBe(200);
    const call = takeCall();
    expect([call.target, JSON.parse(bodyText(call))]).toEqual([
      `${ROOT}/endpoints/openapi/chat/completions`,
      { ...body, model: named },
    ]);
  });

  test.each([false, true])(
    "is asked for Gemini in its own API by clients of another one (stream: %p)",
    async (stream) => {
      const body = { model: "vertex/google/gemini-x", max_tokens: 9, messages: HELLO, stream };
      const response = await post("/v1/messages", body);
      expect(response.headers.get("x-gateway-translated")).toBe("messages->generate");
      const call = takeCall();
      expect([call.target, call.header("authorization")]).toEqual([
        `${ROOT}/publishers/google/models/gemini-x:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
        "Bearer ya29.token-number-1",
      ]);
      expect(JSON.parse(bodyText(call))).toMatchObject({ contents: [{ role: "user", parts: [{ text: "hi" }] }] });
    },
  );

  test("is reached through /proxy, uploads in pieces too", async () => {
    const path = "/publishers/google/models/gemini-x:generateContent";
    expect((await post(`/proxy/vertex${path}`, "{}")).status).toBe(200);
    const call = takeCall();
    expect([call.target, call.header("authorization")]).toEqual([ROOT + path, "Bearer ya29.token-number-1"]);
  });

  test("lists the models of both publishers", async () => {
    expect(await idsOf("vertex")).toEqual(["vertex/gemini-x", "vertex/claude-x"]);
  });

  test("is not repeated with what it says of the token", async () => {
    const body = { model: "vertex/gemini-x", messages: [{ role: "user", content: "echo" }] };
    for (const path of ["/v1/chat/completions", "/proxy/vertex/endpoints/openapi/chat/completions"]) {
      const text = await (await post(path, body)).text();
      expect([text.includes("***"), text.includes("token-number")]).toEqual([true, false]);
    }
  });

  test("has got one token for all of that", () => {
    expect(tokens.calls).toHaveLength(1);
  });
});

test("a token survives a change of settings, and goes with those that it was got with", async () => {
  let issued = 0;
  await using server = startTokenServer(() =>
    Response.json({ access_token: `ya29.token-number-${++issued}`, expires_in: 3600 }),
  );
  const settings = {
    VERTEX_API_URL: `${provider.url}/v1/projects/p-1/locations/eu`,
    GCE_METADATA_HOST: server.url.slice("http://".length),
  };
  await using reloadable = await openReloadable(settings);
  const sent = async (): Promise<string | undefined> => {
    expect((await reloadable.chat("vertex/gemini-x")).status).toBe(200);
    return provider.requests.findLast(({ target }) => target.includes("openapi"))?.header("authorization");
  };
  expect(await sent()).toBe("Bearer ya29.token-number-1");
  await reloadable.apply({ ...settings, VERTEX_HEADERS: "x-goog-user-project: other-project" });
  expect(await sent()).toBe("Bearer ya29.token-number-1");
  await using other = startTokenServer(() => Response.json({ access_token: "ya29.token-number-7", expires_in: 3600 }));
  await reloadable.apply({ ...settings, GCE_METADATA_HOST: other.url.slice("http://".length) });
  expect(await sent()).toBe("Bearer ya29.token-number-7");
  await reloadable.apply(settings);
  expect(await sent()).toBe("Bearer ya29.token-number-2");
});

test("a credential that cannot be had is an error that says so, and a line in the log", async () => {
  await using server = startTokenServer(() => new Response("no service account", { status: 404 }));
  await using broken = await startGateway({
    VERTEX_API_URL: `${provider.url}/v1/projects/p-1/locations/eu`,
    GCE_METADATA_HOST: server.url.slice("http://".length),
  });
  const body = JSON.stringify({ model: "vertex/gemini-x", messages: HELLO });
  const response = await fetch(`${broken.url}/v1/chat/completions`, { method: "POST", body });
  expect(response.status).toBe(502);
  expect(await response.json()).toMatchObject({
    code: "provider_credentials_invalid",
    error: "The gateway lacks valid credentials: the metadata server of Google Cloud answered with status 404",
  });
  const listed = await fetch(`${broken.url}/v1/models?provider=vertex`);
  expect(listed.status).toBe(502);
  const lines = broken.log.filter(({ msg }) => String(msg).startsWith("credentials for providers"));
  expect(lines).toMatchObject([
    {
      credentials: "google",
      problem: "the metadata server of Google Cloud answered with status 404: no service account",
    },
  ]);
});
