import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json, redirect } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { CHAT, SMALLEST } from "../routes/requests.ts";
import { KEY, type StartedGateway, startBesideProvider } from "../routes/started-gateway.ts";

const TENANT = "tenant-secret-4711";
const QUERY_KEY = "query+secret/0815";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    OPENAI_API_URL: `${url}/v1`,
    OPENAI_API_KEY: KEY,
    OPENAI_HEADERS: `X-Tenant: ${TENANT}, OpenAI-Organization: theirs, User-Agent: mine/1`,
    GROQ_API_URL: `${url}/openai/v1?api-version=2024-10-21&key=${encodeURIComponent(QUERY_KEY)}`,
    GROQ_API_KEY: KEY,
    DEEPSEEK_API_URL: url,
    DEEPSEEK_API_KEY: KEY,
    DEEPSEEK_AUTH_HEADER: "Authorization: Token",
    ANTHROPIC_API_URL: `${url}/v1`,
    ANTHROPIC_API_KEY: KEY,
    ANTHROPIC_AUTH_HEADER: "Authorization: Bearer",
    OLLAMA_API_URL: `${url}/v1`,
    OLLAMA_API_KEY: KEY,
    OLLAMA_AUTH_HEADER: "x-ollama-key",
    CUSTOM_PROVIDERS: "azure,lab,open",
    AZURE_API_URL: `${url}/openai/v1`,
    AZURE_API_KEY: KEY,
    AZURE_AUTH_HEADER: "api-key",
    AZURE_QUERY: "?api-version=preview",
    LAB_API_URL: `${url}/v1`,
    LAB_API_KEY: KEY,
    LAB_APIS: `chat, messages=/anthropic/v1/messages x-api-key, count_tokens, responses=${url}/other/v2/responses, embeddings=/embed`,
    OPEN_API_URL: `${url}/v1`,
    OPEN_HEADERS: "Authorization: Basic dXNlcjpwYXNzd29yZA==",
    OPEN_APIS: "messages",
  }));
});
beforeEach(() => {
  started.takeCalls();
});
afterEach(() => {
  started.answerWith(json(200, {}));
});
afterAll(() => started[Symbol.asyncDispose]());

const chat = (model: string, headers: Record<string, string> = {}, query = "") =>
  started.post(`/v1/chat/completions${query}`, { ...CHAT, model }, headers);

describe("headers of the operator's", () => {
  test("go with every request, whatever the client says", async () => {
    const theirs = { "x-tenant": "other", "openai-organization": "other", "openai-project": "p", "user-agent": "c/1" };
    await chat("openai/m", theirs);
    const relayed = started.takeCall();
    await started.send("GET", "/proxy/openai/files", undefined, theirs);
    const proxied = started.takeCall();
    for (const call of [relayed, proxied]) {
      expect([call.header("x-tenant"), call.header("openai-organization"), call.header("openai-project")]).toEqual([
        TENANT,
        "theirs",
        "p",
      ]);
      expect([call.header("user-agent"), call.header("authorization")]).toEqual(["mine/1", `Bearer ${KEY}`]);
    }
    await started.send("GET", "/v1/models?provider=openai");
    const listing = started.provider.requests.filter(({ target }) => target === "/v1/models");
    expect(listing.some((request) => request.header("x-tenant") === TENANT)).toBe(true);
  });

  test("may be the only credential", async () => {
    await started.post("/v1/messages", { ...SMALLEST["/v1/messages"], model: "open/m" });
    expect(started.takeCall().header("authorization")).toBe("Basic dXNlcjpwYXNzd29yZA==");
  });
});

describe("parameters", () => {
  const own = `api-version=2024-10-21&key=${encodeURIComponent(QUERY_KEY)}`;
  test.each([
    ["", `?${own}`],
    ["?a=1", `?${own}&a=1`],
    ["?api-version=9&a=1&KEY=x", `?${own}&a=1`],
    ["?a=1;key=x&b=%20", `?${own}&b=%20`],
    ["?%6bey=x", `?${own}`],
  ])("of the base URL go with each request, beside %p", async (given, query) => {
    await chat("groq/m", {}, given);
    expect(started.takeCall().target).toBe(`/openai/v1/chat/completions${query}`);
    await started.send("GET", `/proxy/groq/files${given}`);
    expect(started.takeCall().target).toBe(`/openai/v1/files${query}`);
  });

  test("of a setting do so too, and the list of models is asked with them", async () => {
    await chat("azure/m");
    expect(started.takeCall().target).toBe("/openai/v1/chat/completions?api-version=preview");
    await started.send("GET", "/v1/models?provider=azure");
    const targets = started.provider.requests.map(({ target }) => target);
    expect(targets).toContain("/openai/v1/models?api-version=preview");
    expect(targets).toContain(`/openai/v1/models?${own}`);
  });
});

describe("the header of the key", () => {
  test.each([
    ["azure", "/v1/chat/completions", "api-key", KEY],
    ["deepseek", "/v1/chat/completions", "authorization", `Token ${KEY}`],
    ["deepseek", "/v1/messages", "authorization", `Token ${KEY}`],
    ["anthropic", "/v1/messages", "authorization", `Bearer ${KEY}`],
    ["ollama", "/v1/chat/completions", "x-ollama-key", KEY],
    ["lab", "/v1/chat/completions", "authorization", `Bearer ${KEY}`],
    ["lab", "/v1/messages", "x-api-key", KEY],
    ["lab", "/v1/messages/count_tokens", "x-api-key", KEY],
  ] as const)("of %s for %s is %s", async (id, route, name, value) => {
    await started.post(
      route,
      { ...SMALLEST[route], model: `${id}/m` },
      { "api-key": "callers", "x-api-key": "callers" },
    );
    const call = started.takeCall();
    const names = ["authorization", "api-key", "x-api-key", "x-ollama-key"];
    expect(names.flatMap((each) => (call.header(each) === undefined ? [] : [[each, call.header(each)]]))).toEqual([
      [name, value],
    ]);
  });
});

describe("the APIs of a setting", () => {
  test.each([
    ["lab", "/v1/chat/completions", "/v1/chat/completions"],
    ["lab", "/v1/messages", "/anthropic/v1/messages"],
    ["lab", "/v1/messages/count_tokens", "/anthropic/v1/messages/count_tokens"],
    ["lab", "/v1/responses", "/other/v2/responses"],
    ["lab", "/v1/embeddings", "/v1/embed"],
    ["open", "/v1/messages", "/v1/messages"],
  ] as const)("%s has %s at %s", async (id, route, target) => {
    expect((await started.post(route, { ...SMALLEST[route], model: `${id}/m` })).status).toBe(200);
    expect(started.takeCall().target).toBe(target);
  });

  test("are all that there are: embeddings are refused, and tokens are not counted there", async () => {
    const refused = await started.post("/v1/embeddings", { ...SMALLEST["/v1/embeddings"], model: "open/m" });
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining("not supported by this provider"),
    ]);
    const route = "/v1/messages/count_tokens";
    const estimated = await started.post(route, { ...SMALLEST[route], model: "open/m" });
    expect([estimated.headers.get("x-gateway-estimated"), started.takeCalls()]).toEqual(["true", []]);
  });

  test("are where /proxy has them too, with the credential of each", async () => {
    await started.send("POST", "/proxy/lab/anthropic/v1/messages/batches", "{}");
    const call = started.takeCall();
    expect([call.target, call.header("x-api-key"), call.header("authorization")]).toEqual([
      "/anthropic/v1/messages/batches",
      KEY,
      undefined,
    ]);
  });
});

describe("what they hold is masked where the provider repeats it", () => {
  const echo = { error: { message: `no ${TENANT}, no ${QUERY_KEY}, no ${encodeURIComponent(QUERY_KEY)}, no ${KEY}` } };

  test.each(["openai", "groq"])("in errors of %s", async (id) => {
    started.answerWith(json(400, echo));
    const secret = id === "openai" ? [TENANT] : [QUERY_KEY, encodeURIComponent(QUERY_KEY)];
    const texts = [
      await (await chat(`${id}/m`)).text(),
      await (await started.send("GET", `/proxy/${id}/files`)).text(),
      started.gateway.output().stdout,
    ];
    for (const text of texts) for (const each of [...secret, KEY]) expect(text).not.toContain(each);
    expect(texts[0]).toContain("***");
    expect(texts[1]).toContain("***");
  });

  test("in places that it redirects to", async () => {
    for (const to of ["", "?a=1", "#x", "/elsewhere", `/x?key=${encodeURIComponent(QUERY_KEY)}`]) {
      started.answerWith(redirect(to));
      await using client = await openRawClient(started.gateway.port);
      await client.request("GET", "/proxy/groq/files?a=2");
      const { headers } = await client.head();
      expect(JSON.stringify(headers)).not.toMatch(/0815|query/);
    }
  });
});
