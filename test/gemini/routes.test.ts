import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type Answer, type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { chunk, close, head } from "../fixtures/script.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf } from "../translation/provider-traffic.ts";

const KEY = "sk-test-0123456789";
const GATEWAY_KEY = "gateway-key-0123456789";
const BODY = { contents: [{ role: "user", parts: [{ text: "Hi" }] }] };
const WHOLE = {
  candidates: [{ content: { parts: [{ text: "Hi" }], role: "model" }, finishReason: "STOP", index: 0 }],
  usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 1, thoughtsTokenCount: 2, totalTokenCount: 7 },
};

let provider: MockProvider;
let gateway: RunningGateway;
let guarded: RunningGateway;
let refusing: RunningGateway;
let answer: Answer = json(200, WHOLE);
let taken = 0;

const settings = (url: string) => ({
  CUSTOM_PROVIDERS: "native,chatty,messaging,embedding",
  MESSAGING_API_URL: `${url}/v1`,
  MESSAGING_APIS: "messages,count_tokens",
  MESSAGING_API_KEY: KEY,
  NATIVE_API_URL: `${url}/v1beta`,
  NATIVE_API_KEY: KEY,
  NATIVE_APIS: "generate x-goog-api-key, count_generate_tokens",
  CHATTY_API_URL: `${url}/v1`,
  CHATTY_APIS: "chat",
  CHATTY_API_KEY: KEY,
  GOOGLE_API_URL: `${url}/v1beta/openai`,
  GOOGLE_API_KEY: KEY,
  EMBEDDING_API_URL: `${url}/v1`,
  EMBEDDING_APIS: "embeddings",
  EMBEDDING_API_KEY: KEY,
});

beforeAll(async () => {
  provider = await startMockProvider();
  provider.answerAlways((request) => {
    if (request.method === "GET") {
      return json(200, { data: [{ id: "m1", context_length: 1000 }, { id: "m/2" }, { id: "m3" }] });
    }
    return typeof answer === "function" ? answer(request) : answer;
  });
  const own = settings(provider.url);
  const substitutes = { dialects: DIALECTS };
  gateway = await startGateway({ ...own, DISALLOWED_MODELS: "forbidden" }, substitutes);
  refusing = await startGateway({ ...own, COUNT_TOKENS: "refuse" }, substitutes);
  provider.readBy(gateway);
  guarded = await startGateway({ ...own, AUTH_ENABLED: "true", AUTH_API_KEYS: `alice:${GATEWAY_KEY}` }, substitutes);
});
afterAll(async () => {
  await gateway.stop();
  await guarded.stop();
  await refusing.stop();
  await provider.stop();
});

beforeEach(() => void takeCalls());

function takeCalls(): readonly ReceivedRequest[] {
  const calls = provider.requests.slice(taken).filter(({ method }) => method !== "GET");
  taken = provider.requests.length;
  return calls;
}

const send = (path: string, body: unknown = BODY, headers: Record<string, string> = {}, to = gateway) =>
  fetch(to.url + path, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });

interface GoogleError {
  readonly error: { readonly code: number; readonly status: string; readonly message: string };
}

async function refusalOf(response: Response): Promise<readonly [number, number, string]> {
  const { error } = (await response.json()) as GoogleError;
  return [response.status, error.code, error.status];
}

describe("a provider of the same API", () => {
  test.each([
    ["/v1beta/models/native/m1:generateContent", "/v1beta/models/m1:generateContent"],
    ["/v1beta/models/native%2Fm1:generateContent", "/v1beta/models/m1:generateContent"],
    ["/v1beta/models/native/m1%3AgenerateContent", "/v1beta/models/m1:generateContent"],
    ["/v1beta/models/models/native/m1:generateContent/", "/v1beta/models/m1:generateContent"],
    ["/v1beta/models/m1:generateContent?provider=native", "/v1beta/models/m1:generateContent"],
    ["/v1alpha/models/native/m1:generateContent", "/v1beta/models/m1:generateContent"],
    ["/v1/models/native/m1:generateContent?fields=a&key=k", "/v1beta/models/m1:generateContent?fields=a"],
    ["/models/native/m/2:generateContent", "/v1beta/models/m%2F2:generateContent"],
    ["/v1beta/models/native/m1:streamGenerateContent", "/v1beta/models/m1:streamGenerateContent"],
    ["/v1beta/models/native/m1:streamGenerateContent?alt=sse", "/v1beta/models/m1:streamGenerateContent?alt=sse"],
    ["/v1beta/models/native/m1:countTokens?Key=k&access_token=t", "/v1beta/models/m1:countTokens"],
  ])("gets %s as it is", async (path, target) => {
    answer = json(200, WHOLE);
    const text = '{ "contents": [ {"parts":[{"text":"Hi"}]} ] }';
    const response = await send(path, text);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(WHOLE);
    const [call] = takeCalls();
    expect([call?.target, call && bodyText(call)]).toEqual([target, text]);
  });

  test("is sent its own key, and none of the client's", async () => {
    answer = json(200, WHOLE);
    await send(`/v1beta/models/native/m1:generateContent?key=${GATEWAY_KEY}`, BODY, {}, guarded);
    await send("/v1beta/models/native/m1:generateContent", BODY, { "x-goog-api-key": GATEWAY_KEY }, guarded);
    const calls = takeCalls();
    expect(calls.map((call) => call.header("x-goog-api-key"))).toEqual([KEY, KEY]);
    for (const call of calls) expect(JSON.stringify(call)).not.toContain(GATEWAY_KEY);
  });

  test.each([
    ["generateContent", "google/gemini-x", "/v1beta/models/gemini-x:generateContent"],
    ["streamGenerateContent", "google/models/gemini-x", "/v1beta/models/gemini-x:streamGenerateContent"],
    ["countTokens", "google/gemini-x", "/v1beta/models/gemini-x:countTokens"],
  ])("is Google itself: %s of %s", async (verb, model, target) => {
    answer = json(200, WHOLE);
    expect((await send(`/v1beta/models/${model}:${verb}`)).status).toBe(200);
    const [call] = takeCalls();
    expect([call?.target, call?.header("x-goog-api-key"), call?.header("authorization")]).toEqual([
      target,
      KEY,
      undefined,
    ]);
  });

  test("does not see the model that a body names", async () => {
    answer = json(200, WHOLE);
    await send("/v1beta/models/native/m1:generateContent", { model: "models/other", ...BODY });
    const [call] = takeCalls();
    expect(call && JSON.parse(bodyText(call))).toEqual(BODY);
  });

  test("sees its own name of the model within a request whose tokens it counts", async () => {
    answer = json(200, { totalTokens: 3 });
    await send("/v1beta/models/native/m1:countTokens", {
      generateContentRequest: { model: "models/native/m1", ...BODY },
    });
    const [call] = takeCalls();
    expect(call && JSON.parse(bodyText(call))).toEqual({ generateContentRequest: { model: "models/m1", ...BODY } });
  });

  test("streams events as they are, with their usage in the log", async () => {
    const events = [dataEvent({ ...WHOLE, usageMetadata: undefined }), dataEvent(WHOLE)];
    answer = sse(events);
    const response = await send("/v1beta/models/native/m1:streamGenerateContent?alt=sse");
    expect(await response.text()).toBe(events.join(""));
    const line = await gateway.logged(({ streaming, route }) => streaming === true && String(route).includes("stream"));
    expect(line).toMatchObject({
      outcome: "answered",
      input_tokens: 4,
      output_tokens: 3,
      total_tokens: 7,
      model: "m1",
    });
  });

  test("streams an array as it is", async () => {
    const text = `[${JSON.stringify(WHOLE)}\n,\r\n${JSON.stringify(WHOLE)}]\n`;
    answer = json(200, text, { "content-type": "application/json; charset=UTF-8" });
    const response = await send("/v1beta/models/native/m1:streamGenerateContent");
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toBe(text);
  });

  test.each([
    ["?alt=sse", "text/event-stream", 'data: {"candidates":[{"index":0}]}\r\n\r\n'],
    ["", "application/json", '[{"candidates":[{"index":0}]}'],
  ])("that breaks off is told in the stream (%s)", async (query, type, begun) => {
    answer = [head(200, { "content-type": type }), chunk(begun), close()];
    const text = await (await send(`/v1beta/models/native/m1:streamGenerateContent${query}`)).text();
    const told = query === "" ? (JSON.parse(text) as unknown[]).at(-1) : JSON.parse(text.slice(begun.length + 6));
    expect(told).toMatchObject({ error: { code: 502, status: "UNAVAILABLE" } });
  });

  test("does not make it keep white space without end", async () => {
    answer = [
      head(200, [["content-type", "application/json"]]),
      chunk(Buffer.alloc(33 * 1024 * 1024, " ")),
      chunk("["),
      close(),
    ];
    const response = await send("/v1beta/models/native/m1:streamGenerateContent");
    expect(response.status).toBe(502);
    expect(await response.text()).toContain("too long");
  });

  test("may fail within an array", async () => {
    const text = `[{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}]`;
    answer = json(200, text);
    const response = await send("/v1beta/models/native/m1:streamGenerateContent");
    expect(await response.text()).toBe(text);
    await gateway.logged(({ failure, streaming }) => failure === "provider_error" && streaming === true);
  });

  test("loses the seals that others have made", async () => {
    answer = json(200, WHOLE);
    const foreign = Buffer.from("gw1.anthropic/messages.signature.YWJj").toString("base64");
    const contents = [
      { role: "user", parts: [{ text: "Hi" }] },
      {
        role: "model",
        parts: [
          { text: "hm", thought: true, thoughtSignature: foreign },
          { functionCall: { name: "f", args: {} }, thoughtSignature: foreign },
          { text: "a", thoughtSignature: "Z29vZ2xl" },
        ],
      },
      { role: "model", parts: [{ text: "", thought_signature: foreign }] },
    ];
    await send("/v1beta/models/native/m1:generateContent", { contents });
    const [call] = takeCalls();
    expect(call && JSON.parse(bodyText(call))).toEqual({
      contents: [
        contents[0],
        {
          role: "model",
          parts: [{ functionCall: { name: "f", args: {} } }, { text: "a", thoughtSignature: "Z29vZ2xl" }],
        },
      ],
    });
  });

  test("has its errors told with their details", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "3s" }];
    answer = json(429, { error: { code: 429, message: "quota", status: "RESOURCE_EXHAUSTED", details } });
    const response = await send("/v1beta/models/native/m1:generateContent");
    expect(await response.json()).toMatchObject({
      error: { code: 429, message: "quota", status: "RESOURCE_EXHAUSTED", details: expect.arrayContaining(details) },
    });
  });
});

describe("a provider of another API", () => {
  test("answers in a stream of events or in an array, with the same elements", async () => {
    answer = answerOf("chat", true);
    const events = await (await send("/v1beta/models/chatty/m1:streamGenerateContent?alt=sse")).text();
    const response = await send("/v1beta/models/chatty/m1:streamGenerateContent");
    const { headers } = response;
    expect([headers.get("content-type"), headers.get("x-gateway-translated")]).toEqual([
      "application/json",
      "generate->chat",
    ]);
    const array = (await response.json()) as object[];
    const fromEvents = events
      .split("\n\n")
      .filter((event) => event !== "")
      .map((event) => JSON.parse(event.replace("data: ", "")) as object);
    const plain = (elements: object[]) => elements.map((element) => ({ ...element, responseId: "" }));
    expect(plain(array)).toEqual(plain(fromEvents));
    expect(array.length).toBeGreaterThan(2);
    expect(takeCalls().every((call) => call.target === "/v1/chat/completions")).toBe(true);
  });

  test("gets an estimate of its tokens", async () => {
    const response = await send("/v1beta/models/chatty/m1:countTokens");
    expect([response.status, response.headers.get("x-gateway-estimated")]).toEqual([200, "true"]);
    expect(await response.json()).toEqual({ totalTokens: 1 });
  });

  test("counts what its own API counts", async () => {
    answer = json(200, { input_tokens: 17 });
    const counted = { ...BODY, systemInstruction: { parts: [{ text: "Be brief" }] } };
    const whole = { ...counted, model: "models/other", generationConfig: { maxOutputTokens: 5, temperature: 1 } };
    for (const body of [counted, { generateContentRequest: whole }]) {
      const response = await send("/v1beta/models/messaging/m1:countTokens", body);
      expect([response.status, response.headers.get("x-gateway-translated")]).toEqual([
        200,
        "countGenerateTokens->countTokens",
      ]);
      expect(await response.json()).toEqual({ totalTokens: 17 });
      const [call] = takeCalls();
      expect([call?.target, call && JSON.parse(bodyText(call))]).toEqual([
        "/v1/messages/count_tokens",
        {
          model: "m1",
          system: "Be brief",
          messages: [{ role: "user", content: "Hi" }],
        },
      ]);
    }
    answer = json(429, { type: "error", error: { type: "rate_limit_error", message: "slow" } });
    const refused = await send("/v1beta/models/messaging/m1:countTokens");
    expect(await refusalOf(refused)).toEqual([429, 429, "RESOURCE_EXHAUSTED"]);
    answer = json(200, { other: 1 });
    expect((await send("/v1beta/models/messaging/m1:countTokens")).status).toBe(502);
  });

  test("may have no API for this at all", async () => {
    expect(await refusalOf(await send("/v1beta/models/embedding/m1:generateContent"))).toEqual([
      400,
      400,
      "INVALID_ARGUMENT",
    ]);
  });

  test.each([
    [{ tools: [{ googleSearch: {} }] }, "tools[0].googleSearch"],
    [{ tools: [{ code_execution: {} }] }, "tools[0].codeExecution"],
    [{ cachedContent: "cachedContents/1" }, "cachedContent"],
    [{ generationConfig: { responseModalities: ["IMAGE"] } }, "generationConfig.responseModalities"],
  ])("refuses %j, and names it", async (members, name) => {
    const response = await send("/v1beta/models/chatty/m1:generateContent", { ...BODY, ...members });
    const { error } = (await response.json()) as GoogleError;
    expect([response.status, error.message.includes(name)]).toEqual([400, true]);
  });

  test("is named what is left out", async () => {
    answer = answerOf("chat", false);
    const response = await send("/v1beta/models/chatty/m1:generateContent", { ...BODY, safetySettings: [{}], foo: 1 });
    expect(response.headers.get("x-gateway-dropped")).toBe("safetySettings, foo");
  });

  test("fails within a stream in Google's form", async () => {
    const [first = ""] = [dataEvent({ choices: [{ index: 0, delta: { content: "Hi" } }] })];
    answer = sse([first, dataEvent({ error: { message: "too much", type: "rate_limit_error" } })]);
    const text = await (await send("/v1beta/models/chatty/m1:streamGenerateContent?alt=sse")).text();
    const last = text.trim().split("\n\n").at(-1) ?? "";
    expect(JSON.parse(last.replace("data: ", ""))).toEqual({
      error: { code: 429, message: "too much", status: "RESOURCE_EXHAUSTED" },
    });
    answer = sse([first, dataEvent({ error: { message: "too much", type: "rate_limit_error" } })]);
    const array = (await (await send("/v1beta/models/chatty/m1:streamGenerateContent")).json()) as object[];
    expect(array.at(-1)).toHaveProperty("error");
  });
});

describe("errors", () => {
  test.each([
    ["an unknown verb", "POST", "/v1beta/models/chatty/m1:foo", 404, "NOT_FOUND"],
    ["no verb", "POST", "/v1beta/models/chatty/m1", 404, "NOT_FOUND"],
    ["no model", "POST", "/v1beta/models/:generateContent", 404, "NOT_FOUND"],
    ["another collection", "POST", "/v1beta/files", 404, "NOT_FOUND"],
    ["another method", "PUT", "/v1beta/models/chatty/m1:generateContent", 405, "UNIMPLEMENTED"],
    ["a model that is not there", "GET", "/v1beta/models/chatty/none", 404, "NOT_FOUND"],
    ["an encoded dot segment", "POST", "/v1beta/models/native/%2e%2e%2fx:generateContent", 400, "INVALID_ARGUMENT"],
    ["another one", "POST", "/v1beta/models/native%2F..%2Fx:generateContent", 400, "INVALID_ARGUMENT"],
    ["one that is encoded twice", "POST", "/v1beta/models/native/%252e%252e:generateContent", 400, "INVALID_ARGUMENT"],
    ["bad encoding", "POST", "/v1beta/models/native/%zz:generateContent", 400, "INVALID_ARGUMENT"],
    ["a forbidden model", "POST", "/v1beta/models/native/forbidden:generateContent", 403, "PERMISSION_DENIED"],
  ])("of %s are Google's", async (_, method, path, status, word) => {
    const response = await fetch(gateway.url + path, {
      method,
      ...(method !== "GET" && { body: JSON.stringify(BODY), headers: { "content-type": "application/json" } }),
    });
    expect(await refusalOf(response)).toEqual([status, status, word]);
    expect(takeCalls().length).toBe(0);
  });

  test.each([
    ["{", 400],
    ["[]", 400],
    [`{"contents":${"[".repeat(2000)}${"]".repeat(2000)}}`, 400],
    ['{"contents":[],"model":"forbidden"}', 403],
  ])("of a body are Google's: %.20s", async (body, status) => {
    const response = await send("/v1beta/models/native/m1:generateContent", body);
    expect((await refusalOf(response))[0]).toBe(status);
  });

  test("of a missing credential are Google's, on every path of theirs", async () => {
    for (const path of ["/v1beta/models/native/m1:generateContent", "/v1beta/models/x:foo", "/v1beta/x"]) {
      for (const query of ["", "?key=wrong", "?key="]) {
        expect(await refusalOf(await send(path + query, BODY, {}, guarded))).toEqual([401, 401, "UNAUTHENTICATED"]);
      }
    }
  });
});

describe("a credential", () => {
  test("is taken in all of Google's ways, and nowhere in the log", async () => {
    answer = json(200, WHOLE);
    const path = "/v1beta/models/native/m1:generateContent";
    const ways: readonly (readonly [string, Record<string, string>])[] = [
      [`${path}?key=${GATEWAY_KEY}`, {}],
      [`${path}?alt=json&key=${GATEWAY_KEY}`, { authorization: "Bearer other" }],
      [path, { "x-goog-api-key": GATEWAY_KEY }],
      [path, { authorization: `Bearer ${GATEWAY_KEY}` }],
    ];
    for (const [way, headers] of ways) expect((await send(way, BODY, headers, guarded)).status).toBe(200);
    const list = await fetch(`${guarded.url}/v1beta/models?key=${GATEWAY_KEY}`);
    expect(list.status).toBe(200);
    // In the query only on these routes.
    const elsewhere = await fetch(`${guarded.url}/v1/models?key=${GATEWAY_KEY}`);
    expect(elsewhere.status).toBe(401);
    takeCalls();
    const { stdout, stderr } = guarded.output();
    expect(stdout + stderr).not.toContain(GATEWAY_KEY);
  });
});

describe("models", () => {
  interface Page {
    readonly models: readonly { readonly name: string; readonly supportedGenerationMethods: readonly string[] }[];
    readonly nextPageToken?: string;
  }
  const page = async (query: string) => (await (await fetch(`${gateway.url}/v1beta/models${query}`)).json()) as Page;

  test("are listed in pages", async () => {
    const names: string[] = [];
    let token: string | undefined;
    do {
      const got: Page = await page(`?pageSize=2&provider=native${token ? `&pageToken=${token}` : ""}`);
      expect(got.models.length).toBeLessThanOrEqual(2);
      names.push(...got.models.map(({ name }) => name));
      token = got.nextPageToken;
    } while (token !== undefined);
    expect(names).toEqual(["models/native/m1", "models/native/m/2", "models/native/m3"]);
    expect((await page("")).models.length).toBe(15);
    expect(await refusalOf(await fetch(`${gateway.url}/v1beta/models?pageToken=x`))).toEqual([
      400,
      400,
      "INVALID_ARGUMENT",
    ]);
  });

  test.each(["chatty/m1", "models/chatty/m1", "chatty%2Fm1"])("are shown: %s", async (id) => {
    const response = await fetch(`${gateway.url}/v1beta/models/${id}`);
    expect(await response.json()).toEqual({
      name: "models/chatty/m1",
      version: "m1",
      displayName: "m1",
      inputTokenLimit: 1000,
      supportedGenerationMethods: ["generateContent", "countTokens"],
    });
    // Without estimates, only who can count is said to count.
    const exact = await fetch(`${refusing.url}/v1beta/models/${id}`);
    expect(await exact.json()).toMatchObject({ supportedGenerationMethods: ["generateContent"] });
    const native = await fetch(`${refusing.url}/v1beta/models/native/m1`);
    expect(await native.json()).toMatchObject({ supportedGenerationMethods: ["generateContent", "countTokens"] });
  });
});

describe("a client of Google's with another version of the API", () => {
  const headers = { "x-goog-api-client": "google-genai-sdk/2" };

  test("gets lists and models in Google's form", async () => {
    const list = (await (await fetch(`${gateway.url}/v1/models?pageSize=1`, { headers })).json()) as object;
    expect(list).toMatchObject({ models: [{ name: "models/google/m1" }] });
    const model = await (await fetch(`${gateway.url}/v1/models/models/chatty/m1`, { headers })).json();
    expect(model).toMatchObject({ name: "models/chatty/m1" });
    expect(await (await fetch(`${gateway.url}/v1/models`)).json()).toMatchObject({ object: "list" });
  });

  test("has its key taken there, in the header", async () => {
    const key = { "x-goog-api-key": GATEWAY_KEY };
    expect((await fetch(`${guarded.url}/v1/models`, { headers: key })).status).toBe(200);
    expect((await fetch(`${guarded.url}/v1/models?key=${GATEWAY_KEY}`, { headers })).status).toBe(401);
    expect((await fetch(`${guarded.url}/v1/embeddings`, { method: "POST", headers: key, body: "{}" })).status).toBe(
      401,
    );
  });

  test("gets Google's errors", async () => {
    for (const [path, method, status, word] of [
      ["/v1/models/none/x", "GET", 404, "NOT_FOUND"],
      ["/v1/models/native/m1:foo", "POST", 404, "NOT_FOUND"],
      ["/v1/models/native/m1", "POST", 405, "UNIMPLEMENTED"],
      ["/v1/cachedContents", "POST", 404, "NOT_FOUND"],
    ] as const) {
      const response = await fetch(gateway.url + path, { method, headers });
      expect(await refusalOf(response)).toEqual([status, status, word]);
    }
  });
});

test("what can be looked at is refused with images off", async () => {
  await using off = await (async () => {
    const running = await startGateway({ ...settings(provider.url), ENABLE_VISION: "false" }, { dialects: DIALECTS });
    return { running, [Symbol.asyncDispose]: () => running.stop().then(() => {}) };
  })();
  answer = json(200, WHOLE);
  const image = { inlineData: { mimeType: "image/png", data: "AAAA" } };
  const seen = [
    { contents: [{ parts: [image] }] },
    { contents: [{ parts: [{ inline_data: { mime_type: "image/png", data: "AAAA" } }] }] },
    { contents: [{ parts: [{ fileData: { fileUri: "https://example.com/a" } }] }] },
    { contents: [{ parts: [{ functionResponse: { name: "f", response: {}, parts: [image] } }] }] },
    { ...BODY, systemInstruction: { parts: [image] } },
    { ...BODY, system_instruction: { parts: [image] } },
  ];
  for (const body of seen) {
    const response = await send("/v1beta/models/native/m1:generateContent", body, {}, off.running);
    expect([body, (await refusalOf(response))[0]]).toEqual([body, 400]);
  }
  const nested = { generateContentRequest: { contents: [{ parts: [image] }] } };
  expect((await send("/v1beta/models/native/m1:countTokens", nested, {}, off.running)).status).toBe(400);
  const unseen = [
    BODY,
    { contents: [{ parts: [{ functionResponse: { name: "f", response: { image: "nginx:latest" } } }] }] },
    { contents: [{ role: "model", parts: [{ functionCall: { name: "f", args: { image: "nginx:latest" } } }] }] },
    { contents: [{ parts: [{ inlineData: { mimeType: "audio/wav", data: "AAAA" } }] }] },
  ];
  for (const body of unseen) {
    const response = await send("/v1beta/models/native/m1:generateContent", body, {}, off.running);
    expect([body, response.status]).toEqual([body, 200]);
  }
  takeCalls();
});
