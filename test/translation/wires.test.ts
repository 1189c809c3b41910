import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { eventFrame, eventStream, exceptionFrame } from "../fixtures/aws-event-stream.ts";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { chunk, end, head, wait } from "../fixtures/script.ts";
import { bodyText } from "../routes/started-gateway.ts";
import { answerOf, STREAMS, TEXT, USAGE } from "./provider-traffic.ts";
import { KEY, ROUTES, startTranslating, type TranslatingGateway } from "./translating-gateway.ts";

/* The wires that no client speaks: where they are, how they fail, and how their streams are framed. */

let started: TranslatingGateway;
beforeAll(async () => {
  started = await startTranslating({ ERROR_FORMAT: "openai" }, { dialects: DIALECTS });
});
beforeEach(() => {
  started.takeCalls();
});
afterAll(() => started[Symbol.asyncDispose]());

const QUESTION = [{ role: "user", content: "hi" }];
const BODIES = {
  chat: { messages: QUESTION },
  messages: { messages: QUESTION, max_tokens: 5 },
  responses: { input: "hi" },
} as const;
const CLIENTS = ["chat", "messages", "responses"] as const;
type Client = (typeof CLIENTS)[number];

const ask = (client: Client, model: string, stream: boolean, gateway = started): Promise<Response> =>
  gateway.post(ROUTES[client], { ...BODIES[client], model, stream });

const errorOf = async (response: Response): Promise<Record<string, unknown>> =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

/** With what each client knows that its stream is whole. */
const ENDS: Readonly<Record<Client, RegExp>> = {
  chat: /data: \[DONE\]/,
  messages: /event: message_stop/,
  responses: /event: response\.(?:completed|incomplete)/,
};

describe("Converse", () => {
  const ARN = "arn:aws:bedrock:us-east-1:123:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
  test.each([
    ["us.amazon.nova-pro-v1:0", false, "/v1/model/us.amazon.nova-pro-v1%3A0/converse"],
    ["us.amazon.nova-pro-v1:0", true, "/v1/model/us.amazon.nova-pro-v1%3A0/converse-stream"],
    [ARN, true, `/v1/model/${encodeURIComponent(ARN)}/converse-stream`],
  ])("is asked for %s, as a stream: %p", async (model, streams, target) => {
    started.answerWith(answerOf("converse", streams));
    const response = await ask("messages", `conversing/${model}`, streams);
    expect([response.status, response.headers.get("x-gateway-translated")]).toEqual([200, "messages->converse"]);
    expect(response.headers.get("content-type")).toStartWith(streams ? "text/event-stream" : "application/json");
    expect(await response.text()).toContain(TEXT.slice(0, 3));
    const [call] = started.takeCalls();
    expect([call?.target, call?.header("authorization")]).toEqual([target, `Bearer ${KEY}`]);
    const line = await started.gateway.logged(({ request_id: id }) => id === response.headers.get("x-request-id"));
    expect(line).toMatchObject({ status: 200, input_tokens: USAGE.input, output_tokens: USAGE.output });
  });

  test("may be somewhere else, and be told to by a setting", async () => {
    await using other = await startTranslating(
      {
        CUSTOM_PROVIDERS: "elsewhere",
        ELSEWHERE_API_URL: `${started.provider.url}/base`,
        ELSEWHERE_API_KEY: KEY,
        ELSEWHERE_APIS: "converse=/aws/{model}/{once|live} x-key",
      },
      { dialects: DIALECTS },
    );
    started.answerWith(answerOf("converse", true));
    const response = await ask("chat", "elsewhere/m:1", true, other);
    expect(await response.text()).toContain("[DONE]");
    const [call] = started.takeCalls();
    expect([call?.target, call?.header("x-key")]).toEqual(["/base/aws/m%3A1/live", KEY]);
  });

  test("says each event at once", async () => {
    const gate = createGate();
    const frames = STREAMS.converse.map((one) => chunk(one));
    const headers = { "content-type": "application/vnd.amazon.eventstream; x=1", "transfer-encoding": "chunked" };
    started.answerWith([head(200, headers), ...frames.slice(0, 2), wait(gate), ...frames.slice(2), end()]);
    const response = await ask("chat", "conversing/m", true);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes(TEXT.slice(0, 3))) text += Buffer.from((await reader.read()).value ?? []).toString();
    gate.open();
    for (let read = await reader.read(); !read.done; read = await reader.read())
      text += Buffer.from(read.value).toString();
    expect(text).toMatch(ENDS.chat);
  });

  test("may answer whole what was asked for as a stream, and the other way round", async () => {
    started.answerWith(answerOf("converse", false));
    const whole = await ask("chat", "conversing/m", true);
    expect(await whole.json()).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
    started.answerWith(answerOf("converse", true));
    const stream = await ask("chat", "conversing/m", false);
    expect(await stream.text()).toMatch(ENDS.chat);
  });

  test.each<[number, string | undefined, number, string, string]>([
    [400, "ValidationException:http://internal.amazon.com/coral/", 400, "invalid_request_error", "ValidationException"],
    [403, "AccessDeniedException", 403, "permission_error", "AccessDeniedException"],
    [404, "ResourceNotFoundException", 404, "not_found_error", "ResourceNotFoundException"],
    [424, "ModelErrorException", 502, "api_error", "ModelErrorException"],
    [429, "ThrottlingException:http://x", 429, "rate_limit_error", "ThrottlingException"],
    [503, "ServiceUnavailableException", 503, "api_error", "ServiceUnavailableException"],
    [429, undefined, 429, "rate_limit_error", "provider_error"],
  ])("fails with %d %s as %d %s", async (status, name, told, type, code) => {
    started.answerWith(json(status, { message: "oh" }, name === undefined ? {} : { "x-amzn-errortype": name }));
    for (const client of CLIENTS) {
      const response = await ask(client, "conversing/m", true);
      const error = await errorOf(response);
      expect([response.status, error["message"]]).toEqual([told, "oh"]);
      if (client === "messages") expect(error["type"]).toBe(type);
      else expect(error["code"]).toBe(code);
    }
  });

  test.each([
    ["throttlingException", 429, "rate_limit_error"],
    ["validationException", 400, "invalid_request_error"],
    ["serviceUnavailableException", 529, "overloaded_error"],
    ["internalServerException", 502, "api_error"],
    ["modelStreamErrorException", 502, "api_error"],
  ])("fails by %s before its answer with %d %s", async (exception, status, type) => {
    for (const client of CLIENTS) {
      started.answerWith(eventStream([exceptionFrame(exception, "oh")]));
      const response = await ask(client, "conversing/m", true);
      expect([response.status, await errorOf(response)]).toMatchObject([status, { message: "oh", type }]);
    }
  });

  test("tells clients that the model has no room for a request", async () => {
    for (const client of CLIENTS) {
      started.answerWith(
        eventStream([exceptionFrame("validationException", "Input is too long for requested model.")]),
      );
      const response = await ask(client, "conversing/m", true);
      const error = await errorOf(response);
      expect(response.status).toBe(400);
      if (client === "messages") expect(String(error["message"])).toStartWith("prompt is too long");
      else expect(error["code"]).toBe("context_length_exceeded");
    }
  });

  describe.each(CLIENTS)("and a client of %s", (client) => {
    test("is told of an exception amid the stream, in its own words", async () => {
      started.answerWith(eventStream([...STREAMS.converse.slice(0, 3), exceptionFrame("throttlingException", "slow")]));
      const text = await (await ask(client, "conversing/m", true)).text();
      expect(text).toContain("slow");
      expect(text).not.toMatch(ENDS[client]);
    });

    test("never takes for whole what is cut behind an event, within one, or broken", async () => {
      const frames = STREAMS.converse.map((one) => Buffer.from(one));
      const stopAt = frames.findIndex((one) => one.includes("messageStop"));
      for (let count = 1; count <= stopAt; count++) {
        const torn = frames[count]?.subarray(0, -3) ?? "";
        const broken = Buffer.from(frames[count] ?? "");
        broken[20] = (broken[20] ?? 0) ^ 1;
        for (const last of ["", torn, broken]) {
          started.answerWith(eventStream([...frames.slice(0, count), last]));
          const text = await (await ask(client, "conversing/m", true)).text();
          expect([count, text]).not.toEqual([count, expect.stringMatching(ENDS[client])]);
        }
      }
    });

    test("is told with a status of a stream that is broken from its beginning", async () => {
      const broken = Buffer.from(eventFrame("messageStart", { role: "assistant" }));
      broken[9] = (broken[9] ?? 0) ^ 1;
      started.answerWith(eventStream([broken]));
      const response = await ask(client, "conversing/m", true);
      expect(response.status).toBe(502);
    });
  });
});

describe("Cohere's chat", () => {
  const settings = (): Record<string, string> => ({
    COHERE_API_URL: `${started.provider.url}/co`,
    COHERE_API_KEY: KEY,
    ERROR_FORMAT: "openai",
  });

  test("is what other clients than those of Chat Completions reach Cohere by", async () => {
    await using gateway = await startTranslating(settings(), { dialects: DIALECTS });
    started.answerWith(answerOf("cohere", false));
    for (const client of ["messages", "responses"] as const) {
      const response = await ask(client, "cohere/command-a-03-2025", false, gateway);
      expect([response.status, response.headers.get("x-gateway-translated")]).toEqual([200, `${client}->cohere`]);
      const [call] = started.takeCalls();
      expect([call?.target, call?.header("authorization")]).toEqual(["/co/v2/chat", `Bearer ${KEY}`]);
      expect(call && JSON.parse(bodyText(call))).toMatchObject({ model: "command-a-03-2025", messages: QUESTION });
    }
    started.answerWith(json(200, { choices: [] }));
    const response = await ask("chat", "cohere/command-a-03-2025", false, gateway);
    expect(response.headers.get("x-gateway-translated")).toBeNull();
    expect(started.takeCalls()[0]?.target).toBe("/co/compatibility/v1/chat/completions");
  });

  test.each([
    [400, 400, "invalid_request_error"],
    [401, 401, "authentication_error"],
    [429, 429, "rate_limit_error"],
    [498, 502, "api_error"],
    [499, 502, "api_error"],
    [503, 503, "api_error"],
  ])("fails with %d as %d %s", async (status, told, type) => {
    started.answerWith(json(status, { id: "x", message: "oh" }));
    const response = await ask("messages", "cohering/m", true);
    expect([response.status, await errorOf(response)]).toMatchObject([told, { message: "oh", type }]);
  });

  describe.each(CLIENTS)("and a client of %s", (client) => {
    test.each(["ERROR", "TIMEOUT"])("is told of %s at the end of a stream", async (finish_reason) => {
      const failed = dataEvent({ type: "message-end", delta: { finish_reason, error: "oh" } });
      started.answerWith(sse([...STREAMS.cohere.slice(0, 3), failed]));
      const text = await (await ask(client, "cohering/m", true)).text();
      expect(text).toContain("oh");
      expect(text).not.toMatch(ENDS[client]);
      started.answerWith(sse([failed]));
      const response = await ask(client, "cohering/m", true);
      expect(response.status).toBe(finish_reason === "TIMEOUT" ? 504 : 502);
    });

    test("never takes for whole what is cut behind an event", async () => {
      for (let count = 1; count < STREAMS.cohere.length; count++) {
        started.answerWith(sse(STREAMS.cohere.slice(0, count)));
        const text = await (await ask(client, "cohering/m", true)).text();
        expect([count, text]).not.toEqual([count, expect.stringMatching(ENDS[client])]);
      }
    });
  });
});
