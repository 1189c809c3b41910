import { describe, expect, test } from "bun:test";
import { Failure } from "../../../src/core/errors.ts";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { RoutedModel } from "../../../src/routing/models/routed-model.ts";
import { createHealthChecks } from "../../../src/routing/health-checks/health-checks.ts";
import type { HealthCheckOptions } from "../../../src/routing/models/model-options.ts";
import { bodyOfBytes } from "../../../src/upstream/body.ts";
import type { OpenUpstreamCall } from "../../../src/upstream/call.ts";
import type { UpstreamResponse, WireRequest } from "../../../src/upstream/transport.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { createRoutedModel } from "../../fixtures/routed-model.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const SECRET = "sk-test-0123456789";
const access = { defaults: {}, fixed: { authorization: `Bearer ${SECRET}` } };

function providerOf(id: string, hasChat = true): Provider {
  const models = { url: `http://${id}.example/v1/models`, ...access };
  const chat = { url: `http://${id}.example/v1/chat/completions`, ...access };
  return { ...createProvider(id), apis: hasChat ? { models, chat } : { models } };
}

const left = providerOf("left");
const right = providerOf("right");

/** A check that is under way: the test says what becomes of it. */
interface OpenCheck {
  readonly request: WireRequest;
  readonly answer: (status: number, headers?: Readonly<Record<string, string>>) => void;
  readonly fail: (failure: Failure) => void;
  aborted: Failure | undefined;
  isClosed: boolean;
}

function setUp(models: readonly RoutedModel[], random = 0.5) {
  const clock = createManualClock();
  const calls: OpenCheck[] = [];
  const results: string[] = [];
  const openCall: OpenUpstreamCall = (_, client) => {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    let check: OpenCheck | undefined;
    const abort = (reason: Failure): void => {
      if (check) check.aborted ??= reason;
      reject(reason);
    };
    client.addEventListener("abort", () => abort(new Failure("client_gone")));
    return {
      send(request) {
        check = {
          request,
          answer: (status, headers) =>
            resolve({ status, headers: new Headers(headers), body: bodyOfBytes(Buffer.from("{}")) }),
          fail: reject,
          aborted: undefined,
          isClosed: false,
        };
        calls.push(check);
        return promise;
      },
      becomeStream() {},
      awaitsContent: false,
      contentBegan() {},
      touch() {},
      awaitClient() {},
      abort,
      onAbort() {},
      explain: (error) => (error instanceof Failure ? error : new Failure("internal")),
      close() {
        if (check) check.isClosed = true;
      },
    };
  };
  const checks = createHealthChecks(models, {
    openCall,
    clock: () => 0,
    timers: clock,
    random: () => random,
    onResult({ label }, { failures }, failure) {
      expect(failures).toBe(3);
      results.push(failure ? `${label} ${failure.status} ${failure}` : `${label} ok`);
    },
  });
  checks?.start();
  const take = (): string[] => results.splice(0);
  return { clock, calls, checks, take };
}

const every = (intervalMs: number, request?: JsonObject): { readonly healthCheck: HealthCheckOptions } => ({
  healthCheck: { intervalMs, timeoutMs: 5000, ...(request && { request }) },
});

const LEFT = createRoutedModel("fast", [[left, "qwen"]], every(10_000));

describe("health checks", () => {
  test("are not made for models that do not want them", () => {
    expect(setUp([createRoutedModel("fast", [[left, "qwen"]])]).checks).toBeUndefined();
  });

  test("ask for the list of models, with the key, at first within the interval and then once in each", async () => {
    const { clock, calls, take } = setUp([LEFT]);
    await clock.advance(4999);
    expect(calls).toBeEmpty();
    await clock.advance(1);
    expect(calls[0]?.request).toMatchObject({ url: "http://left.example/v1/models", method: "GET", body: null });
    expect(new Headers(calls[0]?.request.headers).get("authorization")).toBe(`Bearer ${SECRET}`);
    calls[0]?.answer(200);
    await settle();
    expect([take(), calls[0]?.isClosed]).toEqual([["left/qwen ok"], true]);
    await clock.advance(9999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
  });

  test.each([
    [0, 9000],
    [0.5, 10_000],
    [1, 11_000],
  ])("are an interval of some 10 s apart: with the random number %p, %p ms", async (random, pause) => {
    const { clock, calls } = setUp([LEFT], random);
    await clock.advance(10_000 * random);
    calls[0]?.answer(200);
    await settle();
    await clock.advance(pause - 1);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
  });

  test("ask for a chat completion if there is a request, which cannot name another model or make it a stream", async () => {
    const request = { messages: [{ role: "user", content: "hi" }], temperature: 0, model: "other", stream: true };
    const models = [
      createRoutedModel("fast", [[left, "qwen"]], every(10_000, request)),
      createRoutedModel("new", [[right, "o9"]], every(10_000, { max_completion_tokens: 16 })),
    ];
    const { clock, calls } = setUp(models);
    await clock.advance(5000);
    const [first, second] = calls.map(({ request: { body } }) => JSON.parse(String(body)));
    expect(calls[0]?.request).toMatchObject({ url: "http://left.example/v1/chat/completions", method: "POST" });
    expect(first).toEqual({
      messages: [{ role: "user", content: "hi" }],
      temperature: 0,
      max_tokens: 1,
      stream: false,
      model: "qwen",
    });
    expect(second).toEqual({
      messages: [{ role: "user", content: "ping" }],
      max_completion_tokens: 16,
      stream: false,
      model: "o9",
    });
  });

  test("ask for the list if a deployment has no chat completions, or no model of its own", async () => {
    const plain = providerOf("plain", false);
    const models = [
      createRoutedModel("fast", [[plain, "m"]], every(10_000, {})),
      createRoutedModel("*", [[left, "*"]], every(10_000, {})),
    ];
    const { clock, calls } = setUp(models);
    await clock.advance(5000);
    expect(calls.map(({ request }) => request.url)).toEqual([
      "http://plain.example/v1/models",
      "http://left.example/v1/models",
    ]);
  });

  test.each([
    [200, "left/qwen ok"],
    [204, "left/qwen ok"],
    [401, "left/qwen 401 Failure: The health check was answered with status 401"],
    [429, "left/qwen 429 Failure: The health check was answered with status 429"],
    [503, "left/qwen 503 Failure: The health check was answered with status 503"],
    [400, undefined],
    [404, undefined],
    [501, undefined],
    [302, undefined],
  ])("with status %p say %p", async (status, said) => {
    const { clock, calls, take } = setUp([LEFT]);
    await clock.advance(5000);
    calls[0]?.answer(status, { "retry-after": "7" });
    await settle();
    expect(take()).toEqual(said === undefined ? [] : [said]);
    await clock.advance(10_000);
    expect(calls).toHaveLength(2);
  });

  test("pass on when a provider wants to be asked again", async () => {
    const failures: (Failure | undefined)[] = [];
    const clock = createManualClock();
    const checks = createHealthChecks([LEFT], {
      openCall: () => ({
        send: async () => ({ status: 429, headers: new Headers({ "retry-after": "7" }), body: null }),
        becomeStream() {},
        awaitsContent: false,
        contentBegan() {},
        touch() {},
        awaitClient() {},
        abort() {},
        onAbort() {},
        explain: () => new Failure("internal"),
        close() {},
      }),
      clock: () => 0,
      timers: clock,
      random: () => 0.5,
      onResult: (_, __, failure) => failures.push(failure),
    });
    checks?.start();
    await clock.advance(5000);
    expect(failures).toMatchObject([{ code: "provider_error", status: 429, error: { retryAfterMs: 7000 } }]);
    checks?.stop();
  });

  test("fail if the call does, and at their time limit", async () => {
    const { clock, calls, take } = setUp([LEFT]);
    await clock.advance(5000);
    calls[0]?.fail(new Failure("upstream_unreachable"));
    await clock.advance(10_000);
    expect(take()).toEqual(["left/qwen 502 Failure: Failed to reach upstream server"]);
    await clock.advance(4999);
    expect([take(), calls[1]?.isClosed]).toEqual([[], false]);
    await clock.advance(1);
    expect(take()).toEqual([
      "left/qwen 504 Failure: The health check was not answered in 5000 ms (health_check.timeout)",
    ]);
    expect(calls[1]?.isClosed).toBe(true);
  });

  test("of one deployment never overlap, however many models have it, and the shortest interval counts", async () => {
    const often = createRoutedModel("often", [[left, "qwen"]], every(1000));
    const { clock, calls } = setUp([LEFT, often, LEFT]);
    await clock.advance(500);
    expect(calls).toHaveLength(1);
    await clock.advance(4000);
    expect(calls).toHaveLength(1);
    calls[0]?.answer(200);
    await clock.advance(1000);
    expect(calls).toHaveLength(2);
  });

  test("are made eight at a time", async () => {
    const providers = Array.from({ length: 20 }, (_, index) => providerOf(`p${index}`));
    const { clock, calls, take } = setUp([
      createRoutedModel(
        "fast",
        providers.map((provider) => [provider, "m"] as const),
        every(10_000),
      ),
    ]);
    await clock.advance(5000);
    expect(calls).toHaveLength(8);
    calls[3]?.answer(200);
    await settle();
    expect(calls).toHaveLength(9);
    await clock.advance(5000);
    for (let index = 0; index < 20; index++) {
      calls[index]?.answer(200);
      await settle();
    }
    expect(take()).toHaveLength(20);
  });

  test("end with what was under way and all that waits, and report nothing any more", async () => {
    const models = [LEFT, createRoutedModel("slow", [[right, "m"]], every(60_000))];
    const { clock, calls, checks, take } = setUp(models);
    await clock.advance(5000);
    checks?.stop();
    checks?.stop();
    await settle();
    expect([calls[0]?.isClosed, take(), clock.timersWaiting()]).toEqual([true, [], 0]);
    await clock.advance(120_000);
    expect(calls).toHaveLength(1);
  });
});
