import { describe, expect, test } from "bun:test";
import type { Environment } from "../../src/config/environment.ts";
import { loadProviders } from "../fixtures/load-providers.ts";
import type { ProviderApiName } from "../../src/providers/api-paths.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { apiUrl } from "../../src/providers/api-request.ts";
import { accessTo, targetUrl } from "../../src/providers/proxy-url.ts";
import { Failure } from "../../src/core/errors.ts";

const KEY = "sk-0123456789abcdef";

function load(environment: Environment): Provider {
  const { providers, problems } = loadProviders({ LAB_API_KEY: KEY, ...environment }, ["lab"]);
  expect(problems).toEqual([]);
  const found = providers.find(({ id }) => id === "lab");
  if (found === undefined) throw new Error("no provider lab");
  return found;
}

const lab = (apis: string, url = "https://h.example", more: Environment = {}): Provider =>
  load({ LAB_API_URL: url, LAB_APIS: apis, ...more });

const urlOf = (provider: Provider, model: string, api: ProviderApiName = "chat", isStream = false, search = "") =>
  apiUrl({ provider, model }, api, { isStream, search });

const DEPLOYMENTS = "chat=/openai/deployments/{model}/chat/completions";

describe("the model in a path", () => {
  const provider = lab(DEPLOYMENTS);
  const around = (segment: string): string => `https://h.example/openai/deployments/${segment}/chat/completions`;

  test.each([
    ["gpt-4o", "gpt-4o"],
    ["meta-llama/Llama-3.1-70B", "meta-llama%2FLlama-3.1-70B"],
    ["a b", "a%20b"],
    ["100%", "100%25"],
    ["a%20b", "a%2520b"],
    ["a?b#c&d=e", "a%3Fb%23c%26d%3De"],
    ["qwen3:8b@q4+x", "qwen3%3A8b%40q4%2Bx"],
    ["модель-é", "%D0%BC%D0%BE%D0%B4%D0%B5%D0%BB%D1%8C-%C3%A9"],
    ["😀", "%F0%9F%98%80"],
    ["$&$1$`", "%24%26%241%24%60"],
    ["{model}", "%7Bmodel%7D"],
    ["...", "..."],
    ["a..b", "a..b"],
    [
      "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x",
      "arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x",
    ],
  ])("%j is one segment: %s", (model, segment) => {
    const url = urlOf(provider, model);
    expect(url).toBe(around(segment));
    // What the request goes through leaves it as it is.
    expect(new URL(url ?? "").href).toBe(url ?? "");
  });

  test.each([
    "",
    ".",
    "..",
    "a/..",
    "../a",
    "a/./b",
    "a\\..\\b",
    "%2e%2e",
    "%2e%2e%2fa",
    "%252e%252e",
    "a/..;x",
    "a//b",
    "a%2Fb",
  ])("%j is refused: a server might take it for a path", (model) => {
    expect(() => urlOf(provider, model)).toThrow(Failure);
  });

  test.each(["a\u0000b", "a\nb", "\ud800", "a\udc00"])("%j is refused: it is no name", (model) => {
    expect(() => urlOf(provider, model)).toThrow(Failure);
  });

  test("says that it is the model", () => {
    let thrown: unknown;
    try {
      urlOf(provider, "..");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "invalid_request", status: 400, details: { param: "model" } });
  });

  test("does not matter where the path does not name it", () => {
    expect(urlOf(lab("chat"), "../a")).toBe("https://h.example/chat/completions");
  });
});

describe("alternatives", () => {
  const GEMINI = "chat=/v1beta/models/{model}:{generateContent|streamGenerateContent?alt=sse}";

  test.each([
    [GEMINI, false, "", "https://h.example/v1beta/models/m%2Fn:generateContent"],
    [GEMINI, true, "", "https://h.example/v1beta/models/m%2Fn:streamGenerateContent?alt=sse"],
    [GEMINI, true, "?a=1", "https://h.example/v1beta/models/m%2Fn:streamGenerateContent?alt=sse&a=1"],
    [GEMINI, true, "?ALT=json&a=1", "https://h.example/v1beta/models/m%2Fn:streamGenerateContent?alt=sse&a=1"],
    [GEMINI, false, "?a=1", "https://h.example/v1beta/models/m%2Fn:generateContent?a=1"],
    ["chat=/model/{model}/{converse|converse-stream}", true, "", "https://h.example/model/m%2Fn/converse-stream"],
    ["chat=/{whole|stream}/{model}", true, "", "https://h.example/stream/m%2Fn"],
    ["chat=/run/{model}{|/stream}", false, "", "https://h.example/run/m%2Fn"],
    ["chat=/run/{model}{|/stream}", true, "", "https://h.example/run/m%2Fn/stream"],
  ])("%s, stream %p, query %p: %s", (apis, isStream, search, url) => {
    expect(urlOf(lab(apis), "m/n", "chat", isStream, search)).toBe(url);
  });

  test("have the provider's query too, which clients cannot replace", () => {
    const provider = lab(GEMINI, "https://h.example", { LAB_QUERY: "key=k-1&x=2" });
    expect(urlOf(provider, "m", "chat", true, "?key=mine&b=1")).toBe(
      "https://h.example/v1beta/models/m:streamGenerateContent?alt=sse&key=k-1&x=2&b=1",
    );
    expect(urlOf(provider, "m", "chat", false, "?KEY=mine")).toBe(
      "https://h.example/v1beta/models/m:generateContent?key=k-1&x=2",
    );
  });
});

describe("the place of a path", () => {
  test.each([
    ["https://h.example/openai/v1", DEPLOYMENTS, "https://h.example/openai/deployments/m/chat/completions"],
    ["https://h.example/openai", DEPLOYMENTS, "https://h.example/openai/deployments/m/chat/completions"],
    ["https://h.example/v1", "chat=/deployments/{model}/chat", "https://h.example/v1/deployments/m/chat"],
    ["https://h.example/x/v1", "chat=/v2/{model}/chat", "https://h.example/x/v2/m/chat"],
    ["https://h.example", "chat=https://h.example/d/{model}", "https://h.example/d/m"],
    [
      "https://h.example?api-version=1",
      DEPLOYMENTS,
      "https://h.example/openai/deployments/m/chat/completions?api-version=1",
    ],
  ])("below %s, %s: %s", (url, apis, expected) => {
    expect(urlOf(lab(apis, url), "m")).toBe(expected);
  });
});

describe("the credential of a path with the model in it", () => {
  const provider = lab(
    "chat=/openai/deployments/{model}/chat/completions api-key, embeddings=/openai/deployments/{model}/embeddings x-embed-key, responses=/v1beta/{model}:{run|stream?alt=sse} x-run-key, messages",
  );
  const headerAt = (path: string): string[] => {
    const url = targetUrl(provider, path, "");
    return Object.keys(accessTo(provider, url).fixed);
  };

  test.each([
    ["openai/deployments/gpt-4o/chat/completions", "api-key"],
    ["openai/deployments/a%2Fb/chat/completions", "api-key"],
    ["openai/deployments/gpt-4o/embeddings", "x-embed-key"],
    ["openai/deployments/gpt-4o/embeddings/more", "x-embed-key"],
    ["v1beta/gpt-4o:run", "x-run-key"],
    ["v1beta/gpt-4o:stream", "x-run-key"],
    ["openai/deployments/gpt-4o/chat", "authorization"],
    ["openai/deployments/gpt-4o/chat/completionsx", "authorization"],
    ["openai/deployments/a/b/chat/completions", "authorization"],
    ["openai/deployments//chat/completions", "authorization"],
    ["v1beta/gpt-4o:other", "authorization"],
    ["messages", "authorization"],
  ])("of /proxy for %s: %s", (path, header) => {
    expect(headerAt(path)).toEqual([header]);
  });

  test("with a query", () => {
    const url = targetUrl(provider, "openai/deployments/m/embeddings", "?a=/chat/completions");
    expect(Object.keys(accessTo(provider, url).fixed)).toEqual(["x-embed-key"]);
  });

  test("is found below the root if the base URL has a path", () => {
    const below = lab("messages=/v1beta/models/{model}:{a|b} x-api-key", "https://h.example/api/v1");
    expect(targetUrl(below, "v1beta/models/m:a", "")).toBe("https://h.example/api/v1beta/models/m:a");
    expect(accessTo(below, targetUrl(below, "v1beta/models/m:b", "")).fixed).toEqual({ "x-api-key": KEY });
  });
});

describe("a path that is none is refused with its reason", () => {
  test.each([
    ["chat=/d/{deployment}/chat", "a placeholder other than {model} and {whole|stream}"],
    ["chat=/d/{}/chat", "a placeholder other than {model} and {whole|stream}"],
    ["chat=/d/{MODEL}/chat", "a placeholder other than {model} and {whole|stream}"],
    ["chat=/d/{model/chat", "a brace that is not closed, or not opened"],
    ["chat=/d/model}/chat", "a brace that is not closed, or not opened"],
    ["chat=/d/{{model}}/chat", "a brace that is not closed, or not opened"],
    ["chat=/d/{a|{model}}/chat", "a brace that is not closed, or not opened"],
    ["chat=/d/{model}/{model}", "{model} twice"],
    ["chat=/d/{a|b}/{c|d}", "alternatives twice"],
    ["chat=/d/{a|b|c}", "more than two alternatives"],
    ["chat=/d/{..|x}/chat", "is none"],
    ["chat=/d/{x|../y}", "is none"],
    ["chat=/d/{x?a=1|y}/chat", "is none"],
    ["chat=/d/{x|y#z}", "is none"],
    ["chat=/d?x=1", "is none"],
    ["chat={model}/chat", "is none"],
    ["chat=/{/x|y}", "is none"],
    ["models=/d/{model}", "models is one list, and has no {model}"],
  ])("%s", (apis, reason) => {
    const { problems } = loadProviders({ LAB_API_URL: "https://h.example", LAB_APIS: apis }, ["lab"]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toStartWith("LAB_APIS");
    expect(problems[0]).toContain(reason);
  });
});
