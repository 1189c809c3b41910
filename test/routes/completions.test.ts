import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { bodyText, KEY, type StartedGateway, startBesideProvider, threeProviders } from "./started-gateway.ts";

let started: StartedGateway;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    MISTRAL_API_URL: `${url}/mistral/v1`,
    MISTRAL_API_KEY: KEY,
    DEEPSEEK_API_URL: `${url}/deepseek`,
    DEEPSEEK_API_KEY: KEY,
    LLAMACPP_API_URL: `${url}/llamacpp/v1`,
    CUSTOM_PROVIDERS: "tgi, plain",
    TGI_API_URL: `${url}/tgi/v1`,
    PLAIN_API_URL: `${url}/plain/v1`,
    PLAIN_APIS: "chat",
  }));
});
beforeEach(() => {
  started.answerWith(json(200, {}));
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const FIM = '"prompt":"def f(","suffix":"\\n  return 1.0","max_tokens":64,"seed":12345678901234567890';

describe("POST /v1/completions", () => {
  test.each([
    ["openai", "/v1/completions"],
    ["mistral", "/mistral/v1/fim/completions"],
    ["deepseek", "/deepseek/beta/completions"],
    ["llamacpp", "/llamacpp/v1/completions"],
    ["tgi", "/tgi/v1/completions"],
  ])("goes to %s byte for byte but for the model", async (id, target) => {
    const response = await started.post("/v1/completions?x=1", `{ "model":"${id}/code", ${FIM} }`);
    expect(response.status).toBe(200);
    const call = started.takeCall();
    expect([call.method, call.target, bodyText(call)]).toEqual(["POST", `${target}?x=1`, `{ "model":"code", ${FIM} }`]);
  });

  test.each(["groq", "anthropic", "plain"])("is refused for %s, which has no such API", async (id) => {
    const response = await started.post("/v1/completions", { model: `${id}/x`, prompt: "a" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: "The Completions API is not supported by this provider. Use /v1/chat/completions instead.",
      type: "not_supported_error",
      code: "completions_not_supported",
      provider: id,
    });
    expect(started.takeCalls()).toEqual([]);
  });

  test("streams the provider's events, and logs what was used", async () => {
    const events = [
      dataEvent({ object: "text_completion", choices: [{ index: 0, text: "a", finish_reason: null }] }),
      dataEvent({ object: "text_completion", choices: [{ index: 0, text: "", finish_reason: "stop" }] }),
      dataEvent({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } }),
    ];
    started.answerWith(sse(events, { done: true }));
    const body = { model: "openai/x", prompt: ["a"], stream: true, stream_options: { include_usage: true } };
    const response = await started.post("/v1/completions", body, { "x-request-id": "streamed" });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toBe([...events, dataEvent("[DONE]")].join(""));
    expect(await started.gateway.logged((line) => line["request_id"] === "streamed")).toMatchObject({
      route: "/v1/completions",
      provider: "openai",
      model: "x",
      outcome: "answered",
      input_tokens: 3,
      output_tokens: 2,
    });
  });

  test("a stream without a finish reason or [DONE] is cut, and its client is told", async () => {
    const event = dataEvent({ choices: [{ index: 0, text: "a", finish_reason: null }] });
    started.answerWith(sse([event]));
    const body = { model: "openai/x", prompt: "a", stream: true };
    const response = await started.post("/v1/completions", body, { "x-request-id": "cut" });
    const text = await response.text();
    expect([text.startsWith(event), text.includes('"code":"upstream_reset"'), text.includes("[DONE]")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(await started.gateway.logged((line) => line["request_id"] === "cut")).toMatchObject({ outcome: "cut" });
  });

  test.each<[what: string, body: object]>([
    ["tokens", { prompt: [1, 2, 3] }],
    ["lists of tokens", { prompt: [[1], [2]] }],
    ["no prompt", {}],
    ["odd values", { prompt: null, temperature: 9, n: "x", stop: {}, stream: null, logprobs: true }],
  ])("takes %s: that is the provider's to judge", async (_, body) => {
    expect((await started.post("/v1/completions", { model: "openai/x", ...body })).status).toBe(200);
    expect(started.takeCalls()).toHaveLength(1);
  });

  test.each<[body: unknown, param: string | undefined]>([
    [{ prompt: "a" }, "model"],
    [{ model: 1 }, "model"],
    [{ model: "" }, "model"],
    [{ model: "openai/x", stream: "yes" }, "stream"],
    [[], undefined],
  ])("refuses %j", async (body, param) => {
    const response = await started.post("/v1/completions", body);
    expect([response.status, ((await response.json()) as { param?: string }).param]).toEqual([400, param]);
    expect(started.takeCalls()).toEqual([]);
  });

  test("leaves other ways to fill in code to /proxy", async () => {
    for (const [path, target] of [
      ["/proxy/llamacpp/infill", "/llamacpp/infill"],
      ["/proxy/mistral/fim/completions", "/mistral/v1/fim/completions"],
      ["/proxy/deepseek/beta/completions", "/deepseek/beta/completions"],
    ] as const) {
      expect((await started.post(path, { prompt: "a" })).status).toBe(200);
      expect(started.takeCall().target).toBe(target);
    }
  });
});
