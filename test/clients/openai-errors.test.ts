import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import { json } from "../fixtures/answers.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { PROVIDER_KEYS, startRig } from "./start-rig.ts";

const DENIED = { DISALLOWED_MODELS: "openai/forbidden" };
const rigs = {
  simple: await startRig({ ...DENIED, ERROR_FORMAT: "simple" }),
  // By the default, which knows this client.
  openai: await startRig(DENIED),
};
const clients = {
  simple: new OpenAI({ baseURL: rigs.simple.baseUrl, apiKey: "sk-client", maxRetries: 0 }),
  openai: new OpenAI({ baseURL: rigs.openai.baseUrl, apiKey: "sk-client", maxRetries: 0 }),
};
afterAll(async () => {
  await Promise.all(Object.values(rigs).map((rig) => rig[Symbol.asyncDispose]()));
});
beforeEach(() => {
  for (const rig of Object.values(rigs)) rig.reset();
});

const messages = [{ role: "user" as const, content: "hi" }];

async function refusal(format: keyof typeof clients, model: string, stream = false): Promise<APIError> {
  const error = await rejectionOf(clients[format].chat.completions.create({ model, messages, stream }));
  if (!(error instanceof APIError)) throw error;
  return error;
}

const CLASSES = [
  [400, BadRequestError],
  [401, AuthenticationError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [429, RateLimitError],
  [500, InternalServerError],
  [503, InternalServerError],
] as const;

describe.each(CLASSES)("a provider's %d", (status, ErrorClass) => {
  const error = { message: `said with ${status}`, type: "some_type", param: "messages", code: "some_code" };

  test("has its class and message in the gateway's own format", async () => {
    rigs.simple.answer(json(status, { error }));
    const seen = await refusal("simple", "openai/gpt-4o");
    expect(seen).toBeInstanceOf(ErrorClass);
    expect(seen.message).toBe(`${status} ${JSON.stringify(error.message)}`);
    expect(seen.requestID).toBeString();
  });

  test("has its class, message, type, code and param by default, for a stream too", async () => {
    for (const stream of [false, true]) {
      rigs.openai.answer(json(status, { error }));
      const seen = await refusal("openai", "openai/gpt-4o", stream);
      expect(seen).toBeInstanceOf(ErrorClass);
      expect(seen.message).toBe(`${status} ${error.message}`);
      expect(seen).toMatchObject({ type: error.type, code: error.code, param: error.param });
    }
  });
});

test("what else a provider said is in the error's body, and whose it is in a header", async () => {
  const error = { message: "too long", type: "exceed_context_size_error", code: 400, n_ctx: 4, n_prompt_tokens: 9 };
  rigs.openai.answer(json(400, { error }));
  const seen = await refusal("openai", "openai/gpt-4o");
  expect(seen).toMatchObject({
    message: "400 too long",
    error: { code: 400, param: null, provider_error: { n_ctx: 4, n_prompt_tokens: 9 } },
  });
  expect(seen.headers?.get("x-gateway-provider")).toBe("openai");
});

test("the Responses API has the code of a context that ran over", async () => {
  const error = { message: "too long", type: "invalid_request_error", param: "input", code: "context_length_exceeded" };
  rigs.simple.answer(json(400, { error }));
  const asking = clients.simple.responses.create({ model: "openai/gpt-4o", input: "hi" });
  expect(await rejectionOf(asking)).toMatchObject({ ...error, message: "400 too long" });
});

describe("errors of the gateway itself", () => {
  const cases = [
    ["nobody/knows-this", BadRequestError, "Unable to determine provider", "provider_undetermined"],
    ["groq/llama", BadRequestError, "Provider requires an API key", "provider_key_missing"],
    ["openai/forbidden", PermissionDeniedError, "Model is disallowed", "model_disallowed"],
  ] as const;

  test.each(cases)("%s has its class in both formats", async (model, ErrorClass, message, code) => {
    const simple = await refusal("simple", model);
    expect(simple).toBeInstanceOf(ErrorClass);
    expect(simple.message).toContain(message);
    const openai = await refusal("openai", model);
    expect(openai).toBeInstanceOf(ErrorClass);
    expect(openai.message).toContain(message);
    expect(openai.code).toBe(code);
    expect(rigs.simple.calls()).toEqual([]);
  });

  test("a model that is on no list is not found", async () => {
    for (const client of Object.values(clients)) {
      expect(await rejectionOf(client.models.retrieve("openai/nothing"))).toBeInstanceOf(NotFoundError);
    }
  });

  test("a provider's key in its message is masked", async () => {
    const message = `Incorrect API key provided: ${PROVIDER_KEYS.openai}.`;
    rigs.openai.answer(json(401, { error: { message, type: "invalid_request_error", code: "invalid_api_key" } }));
    const seen = await refusal("openai", "openai/gpt-4o");
    expect(seen.message).toBe("401 Incorrect API key provided: ***.");
  });
});

describe("a rate limit", () => {
  test("carries the provider's hints", async () => {
    const hints = { "retry-after": "7", "x-ratelimit-remaining-requests": "0" };
    rigs.openai.answer(json(429, { error: { message: "slow down" } }, hints));
    const { headers } = await refusal("openai", "openai/gpt-4o");
    expect(headers?.get("retry-after")).toBe("7");
    expect(headers?.get("x-ratelimit-remaining-requests")).toBe("0");
  });

  test("is waited for as long as Retry-After says, and asked again once", async () => {
    rigs.openai.answer(json(429, { error: { message: "slow down" } }, { "retry-after": "1" }));
    rigs.openai.answer(json(200, { id: "second", choices: [] }));
    const startedAt = performance.now();
    const { id } = await clients.openai.chat.completions.create(
      { model: "openai/gpt-4o", messages },
      { maxRetries: 1 },
    );
    expect(id).toBe("second");
    expect(rigs.openai.calls()).toHaveLength(2);
    // The client's own back-off would have been half a second at most.
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });
});
