import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { POST_ROUTES, SMALLEST } from "./requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

const TOKEN = "a-key-for-tests-0123";

let open: StartedGateway;
let guarded: StartedGateway;

beforeAll(async () => {
  [open, guarded] = await Promise.all([
    startBesideProvider(),
    startBesideProvider((url) => ({
      ...threeProviders(url),
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: TOKEN,
      ALLOWED_MODELS: "nothing",
    })),
  ]);
});
beforeEach(() => {
  open.takeCalls();
  guarded.takeCalls();
});
afterAll(() => Promise.all([open[Symbol.asyncDispose](), guarded[Symbol.asyncDispose]()]));

describe("without /v1", () => {
  test.each(POST_ROUTES)("%s is the same route", async (path) => {
    const short = path.slice("/v1".length);
    const headers = { "content-type": "application/json" };
    for (const asked of [short, `${short}/`]) {
      const id = `short-${asked}`;
      const response = await open.post(asked, SMALLEST[path], { ...headers, "x-request-id": id });
      expect(response.status).toBe(200);
      expect(open.takeCall().target).toEndWith(path);
      expect(await open.gateway.logged((line) => line["request_id"] === id)).toMatchObject({ route: path });
    }
    // Credential, content type and policy are those of the route.
    expect((await guarded.post(short, SMALLEST[path], headers)).status).toBe(401);
    const credential = { authorization: `Bearer ${TOKEN}` };
    expect((await guarded.post(short, SMALLEST[path], { ...headers, ...credential })).status).toBe(403);
    expect((await open.post(short, "{}", { "content-type": "text/plain" })).status).toBe(415);
    expect(guarded.takeCalls()).toEqual([]);
    const wrong = await open.send("PUT", short);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([
      405,
      (await open.send("PUT", path)).headers.get("allow"),
    ]);
  });

  test("/models lists models, and /models/{id} is one of them", async () => {
    expect(await (await open.send("GET", "/models")).json()).toEqual({ object: "list", data: [] });
    const missing = await open.send("GET", "/models/openai/a%2Fb");
    expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, "model_not_found"]);
    expect((await guarded.send("GET", "/models")).status).toBe(401);
    const anthropic = await open.send("GET", "/models", undefined, { "anthropic-version": "2023-06-01" });
    expect(await anthropic.json()).toMatchObject({ has_more: false });
  });

  test("errors of Anthropic's routes are in its envelope", async () => {
    for (const path of ["/messages", "/messages/nothing"]) {
      const response = await open.send("GET", path);
      expect(await response.json()).toMatchObject({ type: "error" });
    }
  });
});

describe("a path that is not there", () => {
  test.each([
    ["POST", "//v1/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/v1//chat/completions", "POST /v1/chat/completions"],
    ["POST", "/v1/v1/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/v1/chat//completions//", "POST /v1/chat/completions"],
    ["POST", "/V1/Chat/Completions", "POST /v1/chat/completions"],
    ["POST", "/v1%2Fchat%2fcompletions", "POST /v1/chat/completions"],
    ["GET", "/v1/v1/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/api/v1/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/openai/deployments/gpt-4o/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/openai/chat/completions", "POST /v1/chat/completions"],
    ["POST", "/v1/v1/messages", "POST /v1/messages"],
    ["POST", "/anthropic/v1/messages/count_tokens", "POST /v1/messages/count_tokens"],
    ["GET", "/api/models", "GET /v1/models"],
    ["GET", "/v1/v1/models/openai/gpt-4o", "GET /v1/models/{id}"],
    ["DELETE", "/v1/v1/responses/r", "DELETE /v1/responses/{id}"],
    ["GET", "//proxy/openai/v1/files", "/proxy/{provider}/{path}"],
    ["GET", "//health", "GET /health"],
    ["POST", "/v1/chat/completion", "POST /v1/chat/completions"],
    ["POST", "/chat/completion", "POST /v1/chat/completions"],
    ["POST", "/v1/embedding", "POST /v1/embeddings"],
    ["GET", "/v1/model", "GET /v1/models"],
    ["POST", "/v1/response", "POST /v1/responses"],
    ["GET", "/v1/mcp/tool", "GET /v1/mcp/tools"],
    // Google's clients with a base URL that has the version already, or a slash too many.
    ["POST", "/v1beta/v1beta/models/openai/m:generateContent", "POST /v1beta/models/{model}:generateContent"],
    ["POST", "//v1beta/models/openai/m:streamGenerateContent", "POST /v1beta/models/{model}:streamGenerateContent"],
    ["POST", "/v1beta/models/m:counttokens", "POST /v1beta/models/{model}:countTokens"],
    ["GET", "/v1beta/v1beta/models", "GET /v1beta/models"],
    // What only Google has.
    ["POST", "/v1beta/models/m:embedContent", "/proxy/{provider}/{path}"],
    ["POST", "/v1beta/v1beta/models/google/m:batchEmbedContents", "/proxy/{provider}/{path}"],
    ["POST", "/v1/models/google/m:batchEmbedContents", "/proxy/{provider}/{path}"],
    ["POST", "/models/google%2Fm%3AembedContent", "/proxy/{provider}/{path}"],
  ])("%s %s is told to be %s", async (method, path, meant) => {
    await using client = await openRawClient(open.gateway.port);
    await client.request(method, path, method === "GET" ? {} : { body: "{}" });
    const { status } = await client.head();
    const body = JSON.parse((await client.body()).text) as { error: string | { message: string } };
    const message = typeof body.error === "string" ? body.error : body.error.message;
    expect([status, message]).toEqual([404, `Requested route is not found. Did you mean ${meant}?`]);
    expect(open.takeCalls()).toEqual([]);
    await using stranger = await openRawClient(guarded.gateway.port);
    await stranger.request(method, path, method === "GET" ? {} : { body: "{}" });
    expect((await stranger.head()).status).toBe(401);
  });

  test.each([
    ...["/v2/nothing", "/favicon.ico", "/v1", "/a".repeat(40) + "/v1/models", "/wp-login.php"],
    // Of OpenAI's other APIs, each no nearer to one of the gateway's than to anything.
    ...["/v1/files", "/v1/moderations", "/v1/realtime", "/v1/videos", "/v1/batches", "/v1/threads", "/v1/rerank"],
  ])("%s is plainly not found", async (path) => {
    const response = await open.send("GET", path);
    expect([response.status, await response.json()]).toMatchObject([404, { error: "Requested route is not found" }]);
  });

  test("takes neither TRACE nor CONNECT", async () => {
    for (const method of ["TRACE", "CONNECT"]) {
      for (const path of ["/nothing", "/v1/models", "/chat/completions", "/v1/responses/r", "/health"]) {
        await using client = await openRawClient(open.gateway.port);
        await client.request(method, path);
        const head = await client.head();
        expect([method, path, head.status, head.header("allow") !== undefined]).toEqual([method, path, 405, true]);
      }
    }
  });
});
