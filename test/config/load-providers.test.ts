import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadProviders } from "../../src/config/load-providers.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { PROVIDER_TABLE } from "../../src/providers/table.ts";

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
    [{ OPENAI_API_URL: `https://host/v1?key=${KEY}` }, [], "OPENAI_API_URL", "http or https"],
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
    expect([provider, provider.headers, provider.paths].every(Object.isFrozen)).toBe(true);
  }
});

test("takes from the row what makes a provider differ", () => {
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
    headers: { "anthropic-version": "2023-06-01" },
    relayedHeaders: ["anthropic-"],
    extraRequestHeaders: [],
    listing: "anthropic",
    paths: PROVIDER_TABLE.anthropic.paths,
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

  test("is asked for where only the key is set", () => {
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
    expect(provider).toMatchObject({ baseUrl: "http://tgi:3000/v1", authHeader: "x-api-key", listing: "openai" });
    expect(provider).toMatchObject({ callable: true, configured: true });
    expect({ auth: provider.auth as string, key: provider.key }).toEqual({ auth, key });
  });

  test("warn where an auth type is asked for and no key is set", () => {
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
