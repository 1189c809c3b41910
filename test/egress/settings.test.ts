import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadConfig } from "../fixtures/load-config.ts";
import { printConfig } from "../../src/cli/print-config.ts";

const SECRET = "p4ss-marked-secret";

function load(environment: Environment) {
  const loaded = loadConfig(environment);
  return loaded.ok ? { ...loaded, problems: [] } : { ...loaded, config: undefined };
}

describe("CLIENT_PROXY", () => {
  test.each([
    "http://proxy.example:3128",
    "https://proxy.example",
    "HTTP://proxy.example/",
    "http://user:pass@10.0.0.1:3128",
    "http://[fd00::1]:3128",
  ])("takes %s", (url) => {
    expect(load({ CLIENT_PROXY: url })).toMatchObject({ problems: [], config: { settings: { CLIENT_PROXY: url } } });
  });

  test.each([
    `socks5://user:${SECRET}@proxy.example:1080`,
    `user:${SECRET}@proxy.example:3128`,
    `http://user:${SECRET}@`,
    `http://user:${SECRET}@proxy.example:3128/path`,
    `http://proxy.example:3128?key=${SECRET}`,
    `http://proxy.example:3128#${SECRET}`,
    `http://proxy.example:99999/${SECRET}`,
    `http://user:${SECRET}\\@proxy.example`,
    `http://user:${SECRET} @proxy.example`,
    `http://us%zzer:${SECRET}@proxy.example`,
    SECRET,
  ])("refuses %s and repeats nothing of it", (value) => {
    const { problems, config } = load({ CLIENT_PROXY: value });
    expect(config).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('CLIENT_PROXY="***" is not accepted');
    expect(problems[0]).not.toContain(SECRET.slice(-4));
  });

  test("is printed with its host and without its credentials", () => {
    const { config } = load({ CLIENT_PROXY: `http://us@er:${SECRET}@proxy.example:3128` });
    if (!config) throw new Error("refused");
    expect(printConfig(config)).toContain("CLIENT_PROXY=http://***@proxy.example:3128\n");
    expect(printConfig(config)).not.toContain("us@er");
  });
});

describe("CLIENT_NO_PROXY", () => {
  test.each(["example.com", ".example.com", "*.example.com", "10.0.0.1", "fd00::1", "[fd00::1]", "vllm, tgi_1"])(
    "takes %s",
    (list) => {
      expect(load({ CLIENT_NO_PROXY: list }).problems).toEqual([]);
    },
  );

  test.each(["*", "10.0.0.0/8", "http://example.com", "example.com:8080", "cafe:8080", "exa mple.com", "a..b"])(
    "refuses %s, which it does not understand",
    (list) => {
      expect(load({ CLIENT_NO_PROXY: `vllm,${list}` }).problems).toEqual([
        "CLIENT_NO_PROXY must list host names or IP addresses, without ports; a name includes its subdomains",
      ]);
    },
  );
});

describe("the transport socket", () => {
  const CLIENT_PROXY = "http://proxy.example:3128";
  const http2 = { OPENAI_HTTP2: "true", OPENAI_API_URL: "https://llm.example.com/v1" };
  const overHttp2 =
    "OPENAI_HTTP2=true does not go with the transport socket, which speaks HTTP/1.1 only: unset OPENAI_HTTP2, or set OPENAI_TRANSPORT=fetch";

  test.each<[environment: Record<string, string>, problem: string]>([
    [
      { CLIENT_TRANSPORT: "socket", CLIENT_PROXY },
      "CLIENT_TRANSPORT=socket does not go with CLIENT_PROXY, which only fetch can go through: set it to auto, or set <ID>_TRANSPORT=socket for providers whose hosts CLIENT_NO_PROXY names",
    ],
    [
      { GROQ_TRANSPORT: "socket", CLIENT_PROXY },
      "GROQ_TRANSPORT=socket does not go with CLIENT_PROXY, which only fetch can go through: unset GROQ_TRANSPORT, or name the provider's host in CLIENT_NO_PROXY",
    ],
    [{ CLIENT_TRANSPORT: "socket", ...http2 }, overHttp2],
    [{ OPENAI_TRANSPORT: "socket", ...http2 }, overHttp2],
  ])("is refused where it cannot go: %j", (environment, problem) => {
    expect(load(environment).problems).toEqual([problem]);
  });

  test.each<Record<string, string>>([
    { CLIENT_TRANSPORT: "socket" },
    { CLIENT_TRANSPORT: "fetch", CLIENT_PROXY },
    { CLIENT_TRANSPORT: "fetch", ...http2 },
    { CLIENT_TRANSPORT: "socket", OPENAI_TRANSPORT: "fetch", ...http2 },
    { OLLAMA_TRANSPORT: "socket", CLIENT_PROXY },
    { GROQ_TRANSPORT: "socket", CLIENT_PROXY, CLIENT_NO_PROXY: "groq.com" },
    { VLLM_TRANSPORT: "socket", VLLM_API_URL: "unix:/run/vllm.sock", CLIENT_PROXY },
  ])("is accepted where it can: %j", (environment) => {
    expect(load(environment).problems).toEqual([]);
  });
});

describe("HTTP/2 of a provider", () => {
  const http2 = { OPENAI_HTTP2: "true", OPENAI_API_URL: "https://llm.example.com/v1" };
  const CLIENT_PROXY = "http://proxy.example:3128";

  test("is refused through the proxy, with what to do instead", () => {
    expect(load({ ...http2, CLIENT_PROXY }).problems).toEqual([
      "OPENAI_HTTP2 does not go with CLIENT_PROXY, through which only HTTP/1.1 is spoken: unset OPENAI_HTTP2, or name the provider's host in CLIENT_NO_PROXY",
    ]);
  });

  test.each<Record<string, string>>([
    { ...http2 },
    { ...http2, CLIENT_PROXY, CLIENT_NO_PROXY: "example.com" },
    { ...http2, CLIENT_PROXY, OPENAI_API_URL: "https://localhost:8443/v1" },
    { CLIENT_PROXY, OPENAI_HTTP2: "false" },
  ])("is accepted where it goes without one: %j", (environment) => {
    expect(load(environment).problems).toEqual([]);
  });

  test("has a variable of its own that is known, and whose misspelling is noticed", () => {
    const warnings = load({ ...http2, OPENAI_API_HTTP2: "true" }).warnings;
    expect(warnings.filter((line) => line.includes("HTTP2"))).toEqual([
      expect.stringContaining("OPENAI_API_HTTP2 is not a setting"),
    ]);
  });
});
