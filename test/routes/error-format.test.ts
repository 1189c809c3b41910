import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { CHAT, POST_ROUTES, type PostRoute, SMALLEST } from "./requests.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

const FORMATS = ["auto", "simple", "openai"] as const;
type Format = (typeof FORMATS)[number];

let gateways: Readonly<Record<Format, StartedGateway>>;
beforeAll(async () => {
  const start = (format: Format) =>
    startBesideProvider((url) => ({ ...threeProviders(url), ...(format !== "auto" && { ERROR_FORMAT: format }) }));
  const [auto, simple, openai] = await Promise.all([start("auto"), start("simple"), start("openai")]);
  gateways = { auto, simple, openai };
});
afterAll(async () => {
  await Promise.all(Object.values(gateways).map((each) => each[Symbol.asyncDispose]()));
});

const STAINLESS = { "x-stainless-lang": "js" };
const PROVIDERS_401 = { error: { message: "Bad key", type: "t", param: "p", code: "invalid_api_key", n_ctx: 4 } };

type Envelope = "simple" | "openai" | "anthropic";
const envelopeOf = (body: Record<string, unknown>): Envelope =>
  typeof body["error"] === "string" ? "simple" : body["type"] === "error" ? "anthropic" : "openai";

async function refusal(at: StartedGateway, route: string, headers: Record<string, string> = {}, body?: object) {
  const response = await at.post(route, body ?? SMALLEST[route as PostRoute] ?? CHAT, headers);
  const value = (await response.json()) as Record<string, unknown>;
  return { response, envelope: envelopeOf(value), value };
}

describe.each(FORMATS)("ERROR_FORMAT=%s", (format) => {
  test("has its envelope on each route, for each client", async () => {
    const at = gateways[format];
    at.answerWith(json(401, PROVIDERS_401));
    for (const route of POST_ROUTES) {
      for (const [headers, known] of [
        [{}, false],
        [{ "user-agent": "curl/8.5.0" }, false],
        [STAINLESS, true],
        [{ "user-agent": "codex_cli_rs/0.153.4 (Ubuntu 24.4.0)" }, true],
      ] as const) {
        const usual = format === "auto" ? (known ? "openai" : "simple") : format;
        const own = route.startsWith("/v1/messages")
          ? "anthropic"
          : route.startsWith("/v1/responses")
            ? "openai"
            : usual;
        const { response, envelope } = await refusal(at, route, headers);
        expect([route, headers, response.status, envelope]).toEqual([route, headers, 401, own]);
      }
    }
  });
});

test("errors of the gateway's own are chosen in the same way, on every route", async () => {
  for (const path of ["/v1/chat/completions", "/v1/nothing", "/proxy/nobody/x"]) {
    const { envelope } = await refusal(gateways.auto, path, {}, { model: "" });
    expect([path, envelope]).toEqual([path, "simple"]);
    const official = await refusal(gateways.auto, path, STAINLESS, { model: "" });
    expect([path, official.envelope]).toEqual([path, "openai"]);
  }
  const unknown = await refusal(gateways.simple, "/v1/responses/nothing/at/all");
  expect([unknown.response.status, unknown.envelope]).toEqual([404, "openai"]);
});

describe("whose error it is", () => {
  const own = async (route: PostRoute) =>
    (await refusal(gateways.auto, route, {}, { ...SMALLEST[route], model: "openai/" })).response;

  test.each(POST_ROUTES)("is in a header on %s: the provider's has its name, the gateway's none", async (route) => {
    gateways.auto.answerWith(json(401, PROVIDERS_401));
    for (const headers of [{}, STAINLESS]) {
      const { response } = await refusal(gateways.auto, route, headers);
      expect(response.headers.get("x-gateway-provider")).toBe(
        route.startsWith("/v1/messages") ? "anthropic" : "openai",
      );
    }
    const refused = await own(route);
    expect([refused.status >= 400, refused.headers.has("x-gateway-provider")]).toEqual([true, false]);
  });

  test("is in it on /proxy too, and answers have none", async () => {
    const { auto } = gateways;
    auto.answerWith(json(401, PROVIDERS_401));
    const relayed = await auto.post("/proxy/groq/x", {});
    expect([relayed.status, relayed.headers.get("x-gateway-provider")]).toEqual([401, "groq"]);
    auto.answerWith(json(200, {}));
    for (const path of ["/proxy/groq/x", "/v1/chat/completions"]) {
      expect((await auto.post(path, CHAT)).headers.has("x-gateway-provider")).toBe(false);
    }
  });
});

describe("what else a provider said of its error", () => {
  test("is in provider_error of each envelope, with the code and the param", async () => {
    gateways.auto.answerWith(json(400, PROVIDERS_401));
    const provider_error = { n_ctx: 4 };
    expect((await refusal(gateways.auto, "/v1/chat/completions")).value).toMatchObject({
      error: "Bad key",
      ...{ type: "t", param: "p", code: "invalid_api_key" },
      provider: "openai",
      provider_error,
    });
    expect((await refusal(gateways.auto, "/v1/responses")).value).toEqual({
      error: { message: "Bad key", type: "t", param: "p", code: "invalid_api_key", provider_error },
    });
    expect((await refusal(gateways.auto, "/v1/messages")).value).toMatchObject({
      error: { message: "Bad key", type: "t", provider_error: { code: "invalid_api_key", param: "p", n_ctx: 4 } },
    });
  });

  test("holds no key of the provider's, however it is spelt or wrapped", async () => {
    const escaped = KEY.replaceAll("-", "\\u002d");
    for (const error of [
      { message: "m", metadata: { raw: `denied ${KEY}`, [KEY]: 1 } },
      { message: JSON.stringify({ error: { message: `denied ${KEY}`, details: [KEY] } }) },
      { message: `{"message":"denied ${escaped}"}` },
      { message: JSON.stringify({ message: `{"message":"denied ${escaped}"}` }) },
    ]) {
      gateways.auto.answerWith(json(401, { error }));
      const { value } = await refusal(gateways.auto, "/v1/chat/completions");
      expect([JSON.stringify(value).includes(KEY), value["provider"]]).toEqual([false, "openai"]);
    }
  });
});
