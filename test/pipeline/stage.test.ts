import { expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { createInFlightRequests } from "../../src/core/in-flight-requests.ts";
import { CHAT } from "../../src/formats/chat/format.ts";
import type { Reply } from "../../src/pipeline/attempt/attempt.ts";
import { Attempts } from "../../src/pipeline/attempt/attempts.ts";
import { composeStages } from "../../src/pipeline/relay.ts";
import type { AdmittedRequest, Answer, Stage } from "../../src/pipeline/stage.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import { createTestBudget } from "../fixtures/memory-budget.ts";
import { groq, setUp } from "../upstream/open-upstream.ts";

function admit(model = "m"): AdmittedRequest {
  const { clock, deadlines, open } = setUp();
  const request = new Request("http://gateway.example/");
  const requests = createInFlightRequests({ observers: [], now: clock.now, newId: () => "id" });
  const connections = { suspendIdleTimeout() {}, restoreIdleTimeout() {} };
  const parts = { openCall: open, connections, memory: createTestBudget(), deadlines, now: clock.now };
  return {
    format: CHAT,
    body: { bytes: Buffer.from("{}"), value: {} },
    target: { provider: groq, model },
    wire: "chat",
    url: "http://upstream.example/",
    attempts: new Attempts(parts, requests.open(request, "/"), request),
  };
}

const replyOf = ({ attempts }: AdmittedRequest, text: string): Reply => ({
  response: { status: 200, headers: new Headers(), body: bodyOfBytes(Buffer.from(text)) },
  call: attempts,
  usageInjected: false,
});

const textOf = ({ response }: Reply): string => Buffer.from(response.body?.whole ?? []).toString();

/** What the stages lead to, and how often. */
function createProvider() {
  const asked: string[] = [];
  const answer: Answer = (admitted) => {
    asked.push(admitted.target.model);
    return Promise.resolve(replyOf(admitted, `answer ${asked.length}`));
  };
  return { asked, answer };
}

test("without stages, what answers is called itself", () => {
  const { answer } = createProvider();
  expect(composeStages([], answer)).toBe(answer);
});

test("the first stage is called first, and sees the answer last", async () => {
  const { answer } = createProvider();
  const seen: string[] = [];
  const named =
    (name: string): Stage =>
    async (admitted, next) => {
      seen.push(`${name} before`);
      const reply = await next(admitted);
      seen.push(`${name} after`);
      return reply;
    };
  await composeStages([named("one"), named("two")], answer)(admit());
  expect(seen).toEqual(["one before", "two before", "two after", "one after"]);
});

test("a stage may answer by itself, from what it has seen", async () => {
  const { answer, asked } = createProvider();
  const known = new Map<string, string>();
  const cache: Stage = async (admitted, next) => {
    const { model } = admitted.target;
    const found = known.get(model);
    if (found !== undefined) return replyOf(admitted, found);
    const reply = await next(admitted);
    known.set(model, textOf(reply));
    return reply;
  };
  const composed = composeStages([cache], answer);
  const texts = [textOf(await composed(admit("a"))), textOf(await composed(admit("a")))];
  expect(texts).toEqual(["answer 1", "answer 1"]);
  expect(asked).toEqual(["a"]);
});

test("a stage may refuse, change the request, and ask again", async () => {
  const { answer, asked } = createProvider();
  const guard: Stage = (admitted, next) => {
    if (admitted.target.model === "bad") throw new Failure("model_not_allowed");
    return next(admitted);
  };
  const fallback: Stage = async (admitted, next) => {
    await next(admitted);
    return next({ ...admitted, target: { ...admitted.target, model: "other" } });
  };
  const composed = composeStages([guard, fallback], answer);
  expect(() => composed(admit("bad"))).toThrow(Failure);
  expect(textOf(await composed(admit("good")))).toBe("answer 2");
  expect(asked).toEqual(["good", "other"]);
});
