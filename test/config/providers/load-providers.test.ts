import { describe, expect, test } from "bun:test";
import type { Environment } from "../../../src/config/environment.ts";
import { secretPatterns } from "../../../src/core/redact/secret-patterns.ts";
import { loadProviders } from "../../fixtures/load-providers.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import { PROVIDER_TABLE } from "../../../src/providers/table.ts";

const KEY = "sk-0123456789abcdef";

function loadOne(id: string, environment: Environment, customIds: readonly string[] = []): Provider {
  const { providers, problems } = loadProviders(environment, customIds);
  expect(problems).toEqual([]);
  const found = providers.find((provider) => provider.id === id);
  if (found === undefined) throw new Error(`no provider ${id}`);
  return found;
}

describe("refuses with one line", () => {
  test.each<[Environment, string[], string, string]>([
    [{ OPENAI_API_KEY: `${KEY}\r\nX-Evil: 1` }, [], "OPENAI_API_KEY", "printable ASCII"],
    [{ OPENAI_API_KEY: `${KEY}\u0000${KEY}` }, [], "OPENAI_API_KEY", "printable ASCII"],
    [{ OPENAI_API_KEY: `“${KEY}”` }, [], "OPENAI_API_KEY", "printable ASCII"],
    [{ OPENAI_API_URL: `https://u:${KEY}@host/v1` }, [], "OPENAI_API_URL", "http or https"],
    [{ OPENAI_API_URL: `https://host/v1?${KEY}` }, [], "OPENAI_API_URL", "its query has no parameters"],
    [{ OPENAI_API_URL: `https://host/v1#${KEY}` }, [], "OPENAI_API_URL", "http or https"],
    [{ OPENAI_HEADERS: KEY }, [], "OPENAI_HEADERS", "an entry has no name"],
    [{ OPENAI_HEADERS: `X-A: ${KEY}, X-A: ${KEY}` }, [], "OPENAI_HEADERS", "x-a is there twice"],
    [{ OPENAI_HEADERS: `X-A: ${KEY}\u00e9` }, [], "OPENAI_HEADERS", "x-a is empty or not printable"],
    [{ OPENAI_HEADERS: "X-A:" }, [], "OPENAI_HEADERS", "x-a is empty"],
    [{ OPENAI_HEADERS: "Host: evil.example" }, [], "OPENAI_HEADERS", "host is the gateway's own"],
    [{ OPENAI_HEADERS: "Content_Length: 5" }, [], "OPENAI_HEADERS", "content_length is the gateway's own"],
    [{ OPENAI_HEADERS: "Content-Type: x" }, [], "OPENAI_HEADERS", "content-type is the gateway's own"],
    [{ OPENAI_HEADERS: `Authorization: ${KEY}`, OPENAI_API_KEY: KEY }, [], "OPENAI_HEADERS", "carries OPENAI_API_KEY"],
    [{ OPENAI_QUERY: KEY }, [], "OPENAI_QUERY", "parameters as in a URL"],
    [{ OPENAI_QUERY: `a=${KEY} b` }, [], "OPENAI_QUERY", "parameters as in a URL"],
    [{ OPENAI_AUTH_HEADER: `Authorization: Bearer ${KEY}` }, [], "OPENAI_AUTH_HEADER", "it is no header"],
    [{ OPENAI_AUTH_HEADER: "host" }, [], "OPENAI_AUTH_HEADER", "it is no header"],
    [{ OPENAI_APIS: "chat,speech" }, [], "OPENAI_APIS", "there is no such API as entry 2"],
    [{ OPENAI_APIS: "chat,chat" }, [], "OPENAI_APIS", "chat is there twice"],
    [
      { OPENAI_APIS: "messages=https://evil.example/v1/messages" },
      [],
      "OPENAI_APIS",
      "the host of messages is not that of the base URL",
    ],
    [
      { OPENAI_APIS: "messages=https://api.openai.com.evil.example/" },
      [],
      "OPENAI_APIS",
      "the host of messages is not that of the base URL",
    ],
    [{ OPENAI_APIS: "messages=//evil.example/v1" }, [], "OPENAI_APIS", "the path of messages is none"],
    [{ OPENAI_APIS: "messages=/a/../b" }, [], "OPENAI_APIS", "the path of messages is none"],
    [{ OPENAI_APIS: "messages=v1/messages" }, [], "OPENAI_APIS", "the path of messages is none"],
    [{ OPENAI_APIS: "chat host" }, [], "OPENAI_APIS", "no header"],
    [{ OPENAI_ROOT_PATHS: "a/../b" }, [], "OPENAI_ROOT_PATHS", "no path"],
    [{ OPENAI_ENCODED_SLASHES: "some" }, [], "OPENAI_ENCODED_SLASHES", "true or false"],
    [{ OPENAI_API_URL: KEY }, [], "OPENAI_API_URL", "http or https"],
    [{ CLOUDFLARE_ACCOUNT_ID: "a/../b" }, [], "CLOUDFLARE_ACCOUNT_ID", "letters, digits, - and _"],
    [{ CLOUDFLARE_API_URL: `https://u:${KEY}@host/{ACCOUNT_ID}` }, [], "CLOUDFLARE_API_URL", "http or https"],
    [{ OPENAI_HTTP2: "h2" }, [], 'OPENAI_HTTP2="h2"', "expected true or false"],
    [{ OPENAI_HTTP2: "true", OPENAI_API_URL: "http://a/v1" }, [], "OPENAI_HTTP2=true", "needs an https URL"],
    [{ OLLAMA_HTTP2: "on" }, [], "OLLAMA_HTTP2=on", "needs an https URL"],
    [{ TGI_HTTP2: "1", TGI_API_URL: "unix:/run/tgi.sock" }, ["tgi"], "TGI_HTTP2=1", "needs an https URL"],
    [{ TGI_HTTP2: "1", TGI_API_URL: KEY }, ["tgi"], "TGI_API_URL", "http or https"],
    [{}, ["tgi"], "TGI_API_URL", "http or https"],
    [{ TGI_API_URL: " " }, ["tgi"], "TGI_API_URL", "http or https"],
    [{ TGI_API_URL: "http://a", TGI_AUTH_TYPE: KEY }, ["tgi"], "TGI_AUTH_TYPE", "one of bearer, x-header, none"],
    [{}, ["9lives"], "CUSTOM_PROVIDERS", "ids that begin with a letter"],
    [{}, ["a/b"], "CUSTOM_PROVIDERS", "ids that begin with a letter"],
    [{}, ["demo"], "CUSTOM_PROVIDERS", "taken"],
    [{}, ["OpenAI"], "CUSTOM_PROVIDERS", "taken"],
    [{}, ["ollama-cloud"], "CUSTOM_PROVIDERS", "taken"],
    [{ A_B_API_URL: "http://a" }, ["a-b", "a_b"], "CUSTOM_PROVIDERS", "A_B_API_URL"],
    [{ TGI_API_URL: "http://a" }, ["tgi", "TGI"], "CUSTOM_PROVIDERS", "TGI_API_URL"],
  ])("%j with custom ids %j", (environment, customIds, name, expected) => {
    const { problems } = loadProviders(environment, customIds);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith(name);
    expect(problems[0]).toContain(expected);
    expect(problems[0]).not.toContain("\n");
    expect(problems[0]).not.toContain(KEY.slice(0, 8));
  });

  test.each([
    ["https://user:pw@h", "https://***@h/"],
    ["https://user:pw@h/v1?api-version=1&pw", "https://***@h/v1?api-version=***&***"],
    ["https://h/v1#pw", "https://h/v1#***"],
    ["https://user:p/w@h", "***"],
    ["https://user:1?pw@h", "***"],
    ["pw@h", "***"],
  ])("the secrets of a URL, of which host and path are shown: %s", (url, shown) => {
    const { problems } = loadProviders({ OPENAI_API_URL: url }, []);
    expect(problems[0]).toStartWith(`OPENAI_API_URL="${shown}" is not accepted (it`);
  });
});

test("lists every provider of the table in its order, then custom ones as named", () => {
  const environment = { ZED_API_URL: "http://z/v1", ACE_API_URL: "http://a/v1" };
  const { providers } = loadProviders(environment, ["zed", "Ace"]);
  expect(providers.map(({ id }) => id)).toEqual([...Object.keys(PROVIDER_TABLE), "zed", "ace"]);
});

test("freezes what it returns, without freezing the table", () => {
  const { providers } = loadProviders({}, []);
  expect(Object.isFrozen(providers)).toBe(true);
  for (const provider of providers) {
    const { apis, bases, secrets, rootPaths } = provider;
    expect([provider, apis, bases, secrets, rootPaths, apis.models.fixed, bases[0]].every(Object.isFrozen)).toBe(true);
  }
});

test("takes from the row what makes a provider differ", () => {
  const anthropic = { defaults: { "anthropic-version": "2023-06-01" }, fixed: { "x-api-key": KEY } };
  expect(loadOne("anthropic", { ANTHROPIC_API_KEY: KEY })).toEqual({
    id: "anthropic",
    endpointKey: expect.any(String),
    baseUrl: "https://api.anthropic.com/v1",
    unixSocket: undefined,
    http2: false,
    transport: "auto",
    auth: "x-header",
    authHeader: "x-api-key",
    key: KEY,
    rootUrl: "https://api.anthropic.com",
    query: "",
    secrets: [secretPatterns(KEY)],
    apis: {
      models: { ...anthropic, url: "https://api.anthropic.com/v1/models?limit=1000" },
      chat: { ...anthropic, url: "https://api.anthropic.com/v1/chat/completions" },
      messages: { ...anthropic, url: "https://api.anthropic.com/v1/messages" },
      countTokens: { ...anthropic, url: "https://api.anthropic.com/v1/messages/count_tokens" },
    },
    bases: [
      { ...anthropic, path: "/v1" },
      { ...anthropic, path: "" },
    ],
    rootPaths: [],
    encodedSlashes: false,
    shownSettings: [],
    relayedHeaders: ["anthropic-"],
    extraRequestHeaders: [],
    listing: "anthropic",
    refusesStreamOptions: false,
    callable: true,
    configured: true,
  });
  expect(loadOne("mistral", {}).refusesStreamOptions).toBe(true);
});

describe("callable and configured", () => {
  test.each<[string, Environment, boolean, boolean, string]>([
    ["openai", {}, false, false, "bearer"],
    ["openai", { OPENAI_API_KEY: "" }, false, false, "bearer"],
    ["openai", { OPENAI_API_KEY: " \n" }, false, false, "bearer"],
    ["openai", { OPENAI_API_KEY: KEY }, true, true, "bearer"],
    ["openai", { OPENAI_API_URL: "http://a/v1" }, false, true, "bearer"],
    ["ollama", {}, true, false, "none"],
    ["ollama", { OLLAMA_API_URL: "http://a/v1" }, true, true, "none"],
    ["vllm", {}, true, false, "none"],
    ["vllm", { VLLM_API_KEY: KEY }, true, true, "bearer"],
    ["cloudflare", { CLOUDFLARE_API_KEY: KEY }, false, true, "bearer"],
    ["cloudflare", { CLOUDFLARE_ACCOUNT_ID: "acc" }, false, false, "bearer"],
    ["cloudflare", { CLOUDFLARE_API_KEY: KEY, CLOUDFLARE_ACCOUNT_ID: "acc" }, true, true, "bearer"],
    ["cloudflare", { CLOUDFLARE_API_KEY: KEY, CLOUDFLARE_API_URL: "http://a" }, true, true, "bearer"],
    ["cloudflare", { CLOUDFLARE_API_KEY: KEY, CLOUDFLARE_API_URL: "http://a/{ACCOUNT_ID}" }, false, true, "bearer"],
  ])("%s with %j: callable %p, configured %p, auth %s", (id, environment, callable, configured, auth) => {
    const provider = loadOne(id, environment);
    expect({ callable: provider.callable, configured: provider.configured, auth: provider.auth as string }).toEqual({
      callable,
      configured,
      auth,
    });
  });
});

describe("HTTP/2", () => {
  test.each<[Environment, boolean]>([
    [{}, false],
    [{ OPENAI_HTTP2: "" }, false],
    [{ OPENAI_HTTP2: "false", OPENAI_API_URL: "http://a/v1" }, false],
    [{ OPENAI_HTTP2: "true" }, true],
    [{ OPENAI_HTTP2: "Yes", OPENAI_API_URL: "HTTPS://a/v1" }, true],
  ])("with %j: %p", (environment, http2) => {
    expect(loadOne("openai", environment).http2).toBe(http2);
    expect(loadOne("groq", environment).http2).toBe(false);
  });

  test("is for custom providers and placeholders too", () => {
    expect(loadOne("my-tgi", { MY_TGI_API_URL: "https://a", MY_TGI_HTTP2: "true" }, ["my-tgi"]).http2).toBe(true);
    expect(loadOne("cloudflare", { CLOUDFLARE_HTTP2: "true" }).http2).toBe(true);
  });
});

describe("the transport", () => {
  test.each<[Environment, "auto" | "socket" | "fetch", string, string]>([
    [{}, "auto", "auto", "auto"],
    [{}, "fetch", "fetch", "fetch"],
    [{ OPENAI_TRANSPORT: "Fetch" }, "auto", "fetch", "auto"],
    [{ OPENAI_TRANSPORT: "socket" }, "fetch", "socket", "fetch"],
    [{ OPENAI_TRANSPORT: "" }, "socket", "socket", "socket"],
  ])("with %j and CLIENT_TRANSPORT=%s: %s, and %s for others", (environment, usual, own, others) => {
    const { providers } = loadProviders(environment, [], usual);
    const transportOf = (wanted: string): unknown => providers.find(({ id }) => id === wanted)?.transport;
    expect([transportOf("openai"), transportOf("groq")]).toEqual([own, others]);
  });

  test("that there is none of is refused, with those that there are", () => {
    expect(loadProviders({ OPENAI_TRANSPORT: "curl" }, []).problems).toEqual([
      'OPENAI_TRANSPORT="curl" is not accepted: expected one of auto, socket, fetch',
    ]);
  });
});

test("trims the whitespace that mounted secrets carry", () => {
  expect(loadOne("openai", { OPENAI_API_KEY: ` ${KEY}\r\n` }).key).toBe(KEY);
});

test("never holds a key that would not be sent", () => {
  const { providers, warnings } = loadProviders({ OLLAMA_API_KEY: KEY }, []);
  expect(providers.find(({ id }) => id === "ollama")?.key).toBeUndefined();
  expect(warnings).toEqual(["OLLAMA_API_KEY is not used: ollama takes no key"]);
});

describe("cloudflare's account", () => {
  test("fills the placeholder of the usual URL and of one given by the operator", () => {
    const account = { CLOUDFLARE_API_KEY: KEY, CLOUDFLARE_ACCOUNT_ID: "acc_1" };
    expect(loadOne("cloudflare", account).baseUrl).toBe("https://api.cloudflare.com/client/v4/accounts/acc_1/ai");
    expect(loadOne("cloudflare", { ...account, CLOUDFLARE_API_URL: "http://a/{ACCOUNT_ID}/ai/" }).baseUrl).toBe(
      "http://a/acc_1/ai",
    );
  });

  test("is asked for if only the key is set", () => {
    expect(loadProviders({ CLOUDFLARE_API_KEY: KEY }, []).warnings).toEqual([
      "CLOUDFLARE_API_KEY is set, but CLOUDFLARE_ACCOUNT_ID is not: cloudflare cannot be called",
    ]);
  });
});

describe("custom providers", () => {
  const url = { MY_TGI_API_URL: "http://tgi:3000/v1/" };

  test.each<[Environment, string, string | undefined]>([
    [{}, "none", undefined],
    [{ MY_TGI_API_KEY: KEY }, "bearer", KEY],
    [{ MY_TGI_API_KEY: KEY, MY_TGI_AUTH_TYPE: "Bearer" }, "bearer", KEY],
    [{ MY_TGI_API_KEY: KEY, MY_TGI_AUTH_TYPE: "x-header" }, "x-header", KEY],
    [{ MY_TGI_API_KEY: KEY, MY_TGI_AUTH_TYPE: "none" }, "none", undefined],
    [{ MY_TGI_AUTH_TYPE: "bearer" }, "none", undefined],
  ])("with %j authenticate by %s", (environment, auth, key) => {
    const provider = loadOne("my-tgi", { ...url, ...environment }, ["My-TGI"]);
    expect(provider).toMatchObject({ baseUrl: "http://tgi:3000/v1", listing: "openai" });
    expect(provider).toMatchObject({ callable: true, configured: true });
    expect({ auth: provider.auth as string, key: provider.key }).toEqual({ auth, key });
  });

  test("warn if an auth type is asked for and no key is set", () => {
    const { warnings } = loadProviders({ ...url, MY_TGI_AUTH_TYPE: "bearer" }, ["my-tgi"]);
    expect(warnings).toEqual([
      "MY_TGI_AUTH_TYPE is bearer, but MY_TGI_API_KEY is not set: my-tgi is called without a key",
    ]);
  });

  test("can be reached over a unix socket", () => {
    const provider = loadOne("side", { SIDE_API_URL: "unix:/run/side.sock:/api" }, ["side"]);
    expect(provider).toMatchObject({ baseUrl: "http://localhost/api", unixSocket: "/run/side.sock" });
  });
});

describe("APIs of custom providers", () => {
  const urlsOf = (environment: Environment, id: string): Record<string, string> => {
    const { apis } = loadOne(id, environment, [id]);
    return Object.fromEntries(Object.entries(apis).map(([name, api]) => [name, api.url]));
  };

  test.each([
    ["openrouter", "https://openrouter.ai/api/v1", ["messages", "responses"]],
    ["xai", "https://api.x.ai/v1", ["responses"]],
    ["other", "https://openrouter.ai.example/v1", []],
  ])("at a well-known host are known: %s", (id, url, further) => {
    const found = urlsOf({ [`${id.toUpperCase()}_API_URL`]: url }, id);
    expect(Object.keys(found).toSorted()).toEqual(
      ["models", "chat", "completions", "embeddings", ...further].toSorted(),
    );
    for (const name of further) expect(found[name]).toBe(`${url}/${name}`);
  });

  test.each([
    ["http://h/v1", "messages=/anthropic/v1/messages", "http://h/anthropic/v1/messages"],
    ["http://h/a/v1", "messages=/anthropic/v1/messages", "http://h/a/anthropic/v1/messages"],
    ["http://h/a/v1", "messages=/a/v1/messages", "http://h/a/v1/messages"],
    ["http://h/v1", "messages=/v1/messages", "http://h/v1/messages"],
    ["http://h/v1", "messages=/messages", "http://h/v1/messages"],
    ["http://h/v1", "messages=http://h/x/messages", "http://h/v1/x/messages"],
    ["http://h/v1", "MESSAGES = /x/v2/messages", "http://h/x/v2/messages"],
    ["http://h", "messages", "http://h/messages"],
    ["unix:/a.sock", "messages=/anthropic/v1/messages", "http://localhost/anthropic/v1/messages"],
  ])("%s with %s: %s", (url, apis, messages) => {
    expect(urlsOf({ TGI_API_URL: url, TGI_APIS: apis }, "tgi")["messages"]).toBe(messages);
  });
});

describe("the header of the key", () => {
  test.each<[Environment, string[], string]>([
    [{ GROQ_AUTH_HEADER: "api-key" }, [], "GROQ_AUTH_HEADER is not used: GROQ_API_KEY is not set"],
    [
      { TGI_API_URL: "http://h", TGI_API_KEY: KEY, TGI_AUTH_TYPE: "none", TGI_AUTH_HEADER: "api-key" },
      ["tgi"],
      "TGI_AUTH_HEADER is not used: TGI_AUTH_TYPE is none",
    ],
  ])("of which nothing comes is warned about: %j", (environment, ids, warning) => {
    expect(loadProviders(environment, ids).warnings).toContain(warning);
  });

  test.each([
    ["api-key", "api-key", KEY],
    ["X-Api-Key", "x-api-key", KEY],
    ["Authorization: Bearer", "authorization", `Bearer ${KEY}`],
    ["authorization:Token", "authorization", `Token ${KEY}`],
    ["Authorization", "authorization", KEY],
  ])("%s", (value, name, sent) => {
    const { apis } = loadOne("groq", { GROQ_API_KEY: KEY, GROQ_AUTH_HEADER: value });
    expect(apis.chat?.fixed).toEqual({ [name]: sent });
  });
});

describe("headers", () => {
  test.each([
    ["X-A: 1", { "x-a": "1" }],
    ["X-A: 1, X-B: 2", { "x-a": "1", "x-b": "2" }],
    ["X-A:1,X-B:2,", { "x-a": "1", "x-b": "2" }],
    ["X-A: 1\nX-B: 2", { "x-a": "1", "x-b": "2" }],
    ["X-A: a, b, c", { "x-a": "a, b, c" }],
    [
      "HTTP-Referer: https://a.example/?b=c, X-Title: My app",
      { "http-referer": "https://a.example/?b=c", "x-title": "My app" },
    ],
    ["X-A: see, https://a.example", { "x-a": "see, https://a.example" }],
    ['{"X-A": "1, X-B: 2"}', { "x-a": "1, X-B: 2" }],
    ["X-A=1,X-B=a:b", { "x-a": "1", "x-b": "a:b" }],
    ["X-A: a=b, c=d", { "x-a": "a=b, c=d" }],
  ])("%j", (value, headers) => {
    expect(loadOne("ollama", { OLLAMA_HEADERS: value }).apis.chat?.fixed).toEqual(headers);
  });
});

describe("Google's two APIs", () => {
  const google = (environment: Environment, wire?: "chat" | "native"): Provider => {
    const { providers, problems } = loadProviders({ GOOGLE_API_KEY: KEY, ...environment }, [], "auto", wire);
    expect(problems).toEqual([]);
    const found = providers.find(({ id }) => id === "google");
    if (found === undefined) throw new Error("no google");
    return found;
  };
  const GENERATE = "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent";

  test("has both, and is asked by the first of them, unless all goes to its own", () => {
    expect(google({})).toMatchObject({
      wires: ["chat", "generate"],
      apis: { chat: {}, generate: { url: GENERATE, fixed: { "x-goog-api-key": KEY } } },
    });
    const native = google({}, "native");
    expect(native).toMatchObject({ wires: ["generate"], apis: { embeddings: {}, generate: { url: GENERATE } } });
    expect(native.apis.chat).toBeUndefined();
  });

  test("may be cut to one of them", () => {
    const { apis } = google({ GOOGLE_APIS: "generate" });
    expect(apis).toMatchObject({
      generate: { streamUrl: GENERATE.replace(":generateContent", ":streamGenerateContent?alt=sse") },
    });
    expect(apis.chat).toBeUndefined();
  });

  test("the path of its own API may be that of another server", () => {
    const environment = {
      MINE_API_URL: "https://mine.example/v1",
      MINE_API_KEY: KEY,
      MINE_APIS: "chat, generate=/v1beta/models/{model}:{go|goStream?alt=sse} x-goog-api-key",
    };
    const { apis } = loadOne("mine", environment, ["mine"]);
    expect(apis.generate).toMatchObject({
      url: "https://mine.example/v1beta/models/{model}:go",
      streamUrl: "https://mine.example/v1beta/models/{model}:goStream?alt=sse",
      fixed: { "x-goog-api-key": KEY },
    });
    const refused = { ...environment, MINE_APIS: "generate=/v1beta/{other}:go" };
    expect(loadProviders(refused, ["mine"]).problems).toEqual([expect.stringContaining("MINE_APIS")]);
  });
});

test("a provider that nothing is said about is the same object whenever it is loaded, and another one with what it depends on", () => {
  const untouched = new Map();
  const load = (environment: Environment, transport: "auto" | "socket" = "auto", wire: "chat" | "native" = "chat") => {
    const { providers } = loadProviders(environment, [], transport, wire, undefined, untouched);
    return new Map(providers.map((provider) => [provider.id, provider]));
  };
  const [one, other] = [load({}), load({ GROQ_API_KEY: KEY, DATABRICKS_HOST: "a.example" })];
  const differing = [...one.keys()].filter((id) => one.get(id) !== other.get(id));
  const clouds = Object.entries(PROVIDER_TABLE).flatMap(([id, row]) => ("credential" in row ? [id] : []));
  expect(differing.filter((id) => !clouds.includes(id)).sort()).toEqual(["databricks", "groq"]);
  expect(load({}).get("groq")).toBe(one.get("groq"));
  expect(load({}, "socket").get("groq")?.transport).toBe("socket");
  expect(load({}).get("groq")?.transport).toBe("auto");
  expect(load({}, "auto", "native").get("google")?.apis).not.toEqual(one.get("google")?.apis);
  expect(load({}).get("google")?.apis).toEqual(one.get("google")?.apis);
});
