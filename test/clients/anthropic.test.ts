import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import Anthropic, {
  APIError,
  AuthenticationError,
  BadRequestError,
  ContentTooLargeError,
  GatewayTimeoutError,
  InternalServerError,
  NotFoundError,
  OverloadedError,
  PaymentRequiredError,
  PermissionDeniedError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { chunk, head, reset, stall, wait } from "../fixtures/script.ts";
import { bodyText, PROVIDER_KEYS, startRig } from "./start-rig.ts";

const rig = await startRig({
  ERROR_FORMAT: "openai",
  DISALLOWED_MODELS: "anthropic/claude-forbidden",
  CLIENT_RESPONSE_HEADER_TIMEOUT: "3s",
  SERVER_MAX_REQUEST_BODY_SIZE: "100kB",
});
const client = new Anthropic({ baseURL: rig.gateway.url, apiKey: "sk-ant-client", maxRetries: 0 });
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(() => rig.reset());

const messages = [{ role: "user" as const, content: "hi" }];
const ask = (model = "anthropic/claude-sonnet-4-5", content = "hi") =>
  client.messages.create({ model, max_tokens: 16, messages: [{ role: "user", content }] });

const count = (model: string) => client.messages.countTokens({ model, messages });

async function refusal(asking: PromiseLike<unknown>): Promise<APIError> {
  const error = await rejectionOf(asking);
  if (!(error instanceof APIError)) throw error;
  return error;
}

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
};
const event = (data: { readonly type: string }): string => dataEvent(data, data.type);
const opening = [
  event({ type: "message_start", ...{ message: { ...message, content: [], stop_reason: null } } }),
  event({ type: "content_block_start", ...{ index: 0, content_block: { type: "text", text: "" } } }),
  event({ type: "ping" }),
  event({ type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text: "Hel" } } }),
];
const closing = [
  event({ type: "content_block_delta", ...{ index: 0, delta: { type: "text_delta", text: "lo" } } }),
  event({ type: "content_block_stop", ...{ index: 0 } }),
  event({
    type: "message_delta",
    ...{ delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 2 } },
  }),
  event({ type: "message_stop" }),
];

const PROVIDER_ERRORS = [
  [400, "invalid_request_error", BadRequestError],
  [401, "authentication_error", AuthenticationError],
  [402, "billing_error", PaymentRequiredError],
  [403, "permission_error", PermissionDeniedError],
  [404, "not_found_error", NotFoundError],
  [413, "request_too_large", ContentTooLargeError],
  [429, "rate_limit_error", RateLimitError],
  [500, "api_error", InternalServerError],
  [504, "timeout_error", GatewayTimeoutError],
  [529, "overloaded_error", OverloadedError],
] as const;

describe("an error of the provider", () => {
  test.each(PROVIDER_ERRORS)("%d %s has its class, type and message", async (status, type, ErrorClass) => {
    const error = { type, message: `said with ${status}` };
    rig.answer(json(status, { type: "error", error, request_id: "req_1" }, { "request-id": "req_1" }));
    const seen = await refusal(ask());
    expect(seen).toBeInstanceOf(ErrorClass);
    expect(seen).toMatchObject({ type, apiMessage: error.message, requestID: "req_1" });
  });

  test("without a type has the one that belongs to its status", async () => {
    rig.answer(json(529, "upstream connect error"));
    expect(await refusal(ask())).toMatchObject({ type: "overloaded_error", apiMessage: "upstream connect error" });
  });

  test("keeps the hints to wait", async () => {
    const hints = { "retry-after": "9", "anthropic-ratelimit-requests-remaining": "0" };
    rig.answer(json(429, { type: "error", error: { type: "rate_limit_error", message: "slow down" } }, hints));
    const { headers } = await refusal(ask());
    expect(headers?.get("retry-after")).toBe("9");
    expect(headers?.get("anthropic-ratelimit-requests-remaining")).toBe("0");
  });
});

describe("an error of the gateway", () => {
  const cases = [
    ["a denied model", () => ask("anthropic/claude-forbidden"), PermissionDeniedError, "permission_error"],
    ["a model of nobody", () => ask("nobody/unknown"), BadRequestError, "invalid_request_error"],
    ["too long a body", () => ask(undefined, "x".repeat(110_000)), ContentTooLargeError, "request_too_large"],
  ] as const;

  test.each(cases)("for %s has its class and type", async (_, asking, ErrorClass, type) => {
    const seen = await refusal(asking());
    expect(seen).toBeInstanceOf(ErrorClass);
    expect(seen).toMatchObject({ type });
    expect(rig.calls()).toEqual([]);
  });

  test("names the request in the place where the client looks for it", async () => {
    const seen = await refusal(ask("nobody/unknown"));
    expect(seen.requestID).toBeString();
    expect(seen.requestID).toBe(seen.headers?.get("x-request-id") ?? "");
    expect(seen.error).toMatchObject({ request_id: seen.requestID });
  });

  test("for a provider that does not answer in time is a timeout", async () => {
    rig.answer([stall()]);
    const seen = await refusal(ask());
    expect(seen).toBeInstanceOf(GatewayTimeoutError);
    expect(seen.apiMessage).toContain("CLIENT_RESPONSE_HEADER_TIMEOUT");
  });
});

describe("the id of a request is where the client looks for it", () => {
  const answered = {
    ...{ id: "resp_1", object: "response", created_at: 1, status: "completed", model: "gpt-4o" },
    output: [
      {
        ...{ id: "msg_1", type: "message", role: "assistant", status: "completed" },
        content: [{ type: "output_text", text: "Hello", annotations: [] }],
      },
    ],
    usage: { input_tokens: 3, output_tokens: 7, total_tokens: 10 },
  };
  const TRANSLATED = "openai/gpt-4o";
  const own = { headers: { "x-request-id": "own-1" } };
  const body = (model: string) => ({ model, max_tokens: 16, messages });

  test("in an answer of a provider of another API", async () => {
    rig.answer(json(200, answered));
    expect((await client.messages.create(body(TRANSLATED), own))._request_id).toBe("own-1");
  });

  test("in a stream of one", async () => {
    rig.answer(sse([event({ type: "response.completed", ...{ response: answered } })]));
    const { data, request_id: id } = await client.messages
      .create({ ...body(TRANSLATED), stream: true }, own)
      .withResponse();
    for await (const _ of data);
    expect(id).toBe("own-1");
  });

  test("in an error of one", async () => {
    rig.answer(json(200, { error: { message: "no" } }));
    expect((await refusal(client.messages.create(body(TRANSLATED), own))).requestID).toBe("own-1");
  });

  test("in a count of tokens", async () => {
    rig.answer(json(200, { object: "response.input_tokens", input_tokens: 11 }));
    const counted = await client.messages.countTokens({ model: TRANSLATED, messages }, own);
    expect(counted._request_id).toBe("own-1");
  });

  test("in what is said of a model", async () => {
    expect((await client.models.retrieve(TRANSLATED, {}, own))._request_id).toBe("own-1");
    const { response } = await client.models.list({}, own).withResponse();
    expect(response.headers.get("request-id")).toBe("own-1");
  });

  test("in the words of a provider that has one of its own, else in the gateway's", async () => {
    const model = "anthropic/claude-sonnet-4-5";
    const counted = { ...message, usage: { input_tokens: 3, output_tokens: 7 } };
    rig.answer(json(200, counted, { "request-id": "req_1" }));
    expect((await client.messages.create(body(model), own))._request_id).toBe("req_1");
    rig.answer(json(200, counted));
    expect((await client.messages.create(body(model), own))._request_id).toBe("own-1");
  });
});

describe("a stream", () => {
  const open = () => client.messages.stream({ model: "anthropic/claude-sonnet-4-5", max_tokens: 16, messages });

  test("that the provider breaks off raises an error", async () => {
    const gate = createGate();
    const start = head(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
    rig.answer([start, ...opening.map((text) => chunk(text)), wait(gate), reset()]);
    const stream = open().on("text", gate.open);
    expect(await refusal(stream.finalMessage())).toMatchObject({ type: "api_error" });
  });

  test("that carries the provider's error raises it", async () => {
    const error = event({ type: "error", ...{ error: { type: "overloaded_error", message: "Overloaded" } } });
    rig.answer(sse([...opening, error]));
    expect(await refusal(open().finalMessage())).toMatchObject({ type: "overloaded_error" });
  });

  test("closes the provider's connection when the client aborts", async () => {
    const gate = createGate();
    rig.answer(sse([...opening, ...closing], { gaps: [...opening.map(() => undefined), gate] }));
    const stream = open();
    const rejected = rejectionOf(stream.finalMessage());
    await stream.emitted("text");
    stream.abort();
    expect(await rejected).toBeInstanceOf(Anthropic.APIUserAbortError);
    const connection = rig.calls()[0]?.connection ?? 0;
    expect(await rig.provider.connectionClosed(connection)).toMatchObject({ by: "peer" });
    gate.open();
  });

  test("becomes one message, and the log knows its tokens", async () => {
    rig.answer(sse([...opening, ...closing]));
    const final = await open().finalMessage();
    expect(final.content).toMatchObject([{ type: "text", text: "Hello" }]);
    expect(final.usage).toMatchObject({ input_tokens: 3, output_tokens: 2 });
    const line = await rig.gateway.logged(({ output_tokens }) => output_tokens === 2);
    expect(line).toMatchObject({ route: "/v1/messages", provider: "anthropic", input_tokens: 3, streaming: true });
  });
});

describe("a message", () => {
  test("reaches the provider as it is, with the provider's key and without the client's", async () => {
    rig.answer(json(200, message));
    const answer = await client.beta.messages.create({
      model: "anthropic/claude-sonnet-4-5",
      max_tokens: 16,
      messages,
      betas: ["context-1m-2025-08-07", "files-api-2025-04-14"],
    });
    expect(answer.content).toMatchObject([{ type: "text", text: "Hello" }]);
    const [call] = rig.calls();
    expect(call?.target).toBe("/anthropic/v1/messages");
    expect(bodyText(call)).toBe(JSON.stringify({ model: "claude-sonnet-4-5", max_tokens: 16, messages }));
    expect(call?.header("x-api-key")).toBe(PROVIDER_KEYS.anthropic);
    expect(call?.header("anthropic-beta")).toBe("context-1m-2025-08-07,files-api-2025-04-14");
    expect(Buffer.from(call?.head ?? []).toString()).not.toContain("sk-ant-client");
  });

  test("has its tokens counted", async () => {
    rig.answer(json(200, { input_tokens: 14 }));
    const counted = await client.messages.countTokens({ model: "anthropic/claude-sonnet-4-5", messages });
    expect(counted.input_tokens).toBe(14);
    expect(rig.calls()[0]?.target).toBe("/anthropic/v1/messages/count_tokens");
  });

  test("has its tokens counted by a provider of another API", async () => {
    rig.answer(json(200, { object: "response.input_tokens", input_tokens: 11 }));
    expect((await count("openai/gpt-4o")).input_tokens).toBe(11);
    expect(rig.calls()[0]?.target).toBe("/openai/v1/responses/input_tokens");
  });

  test("with a tool comes back as the call of that tool, and its result goes up", async () => {
    const call = { type: "tool_use" as const, id: "toolu_1", name: "get_weather", input: { city: "Paris" } };
    rig.answer(json(200, { ...message, content: [call], stop_reason: "tool_use" }));
    rig.answer(json(200, message));
    const model = "anthropic/claude-sonnet-4-5";
    const tools = [{ name: "get_weather", input_schema: { type: "object" as const, properties: {} } }];
    const first = await client.messages.create({ model, max_tokens: 16, messages, tools });
    expect(first.content).toMatchObject([call]);
    const result = { type: "tool_result" as const, tool_use_id: "toolu_1", content: "21 °C" };
    const turns = [
      ...messages,
      { role: "assistant" as const, content: first.content },
      { role: "user" as const, content: [result] },
    ];
    await client.messages.create({ model, max_tokens: 16, messages: turns, tools });
    expect(JSON.parse(bodyText(rig.calls()[1]))).toMatchObject({ messages: turns, tools });
  });
});
