import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { chunk, head, stall } from "../fixtures/script.ts";
import { addressedTo, type Api, answerOf, bytesOf, DIALOGUES, failuresOf } from "./dialogues.ts";
import { modelAt, type ModelSketch, startTwoProviders, type TwoProviders, withModels } from "./routed-gateway.ts";

/* With the gateway's own router, whose circuits and budgets would carry over from one test of a model to the next. */

const APIS = Object.keys(DIALOGUES) as readonly Api[];
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const FAST: ModelSketch = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };

const start = (api: Api, model: ModelSketch = FAST): Promise<TwoProviders> =>
  startTwoProviders(withModels([model]), { left: api, right: api });

describe.each(APIS)("a client of %s", (api) => {
  const { path, ask } = DIALOGUES[api];

  describe("of two", () => {
    const failures = failuresOf(api);
    let rig: TwoProviders;
    beforeAll(async () => {
      rig = await startTwoProviders(withModels(failures.map((_, index) => modelAt(index))), { left: api, right: api });
    });
    afterAll(() => rig[Symbol.asyncDispose]());

    test.each(failures.map(([...row], index) => [...row, modelAt(index)] as const))(
      "gets the second answer if the first provider %s (stream: %p)",
      async (_, streams, fails, { name, deployments: [left, right] }) => {
        rig.left.answer(fails());
        rig.right.answer(answerOf(api, streams));
        const response = await rig.post(...addressedTo(name, path(streams), ask(streams)));
        expect([response.status, await response.text()]).toEqual([200, bytesOf(api, streams)]);
        const told = ["x-selected-provider", "x-selected-model", "x-attempts"];
        expect(told.map((field) => response.headers.get(field))).toEqual(["right", right.model, "2"]);
        const line = await rig.lineOf(response);
        expect(line).toMatchObject({ alias: name, attempts: 2, provider: "right", model: right.model, status: 200 });
        const failed = expect.stringMatching(new RegExp(`^left/${left.model} `));
        expect(line["tried"]).toEqual([failed, `right/${right.model} answered`]);
      },
    );
  });

  test.each([[false], [true]])("is told of all attempts if all fail (stream: %p)", async (streams) => {
    await using rig = await start(api);
    rig.left.answer(json(500, { error: { message: "no" } }));
    rig.right.answer(json(503, { error: { message: "nor here" } }));
    const response = await rig.post(path(streams), ask(streams));
    const body = await response.text();
    expect(response.status).toBeOneOf([500, 503]);
    expect(body).toContain("left-model");
    expect(body).toContain("right-model");
    expect(response.headers.get("x-attempts")).toBe("2");
  });
});

describe("a chat", () => {
  const { path, ask, opening, rest } = DIALOGUES.chat;

  test("whose first token is late goes to another deployment", async () => {
    const deployments = [{ provider: "left", timeouts: { firstTokenMs: 60 } }, { provider: "right" }];
    await using rig = await start("chat", { name: "fast", deployments });
    rig.left.answer([head(200, EVENT_STREAM), chunk(opening.join("")), stall()]);
    rig.right.answer(answerOf("chat", true));
    const response = await rig.post(path(true), ask(true));
    expect(await response.text()).toBe(bytesOf("chat", true));
    expect(response.headers.get("x-selected-provider")).toBe("right");
  });

  test("whose first token is late is hedged, and the loser is given up", async () => {
    await using rig = await start("chat", { ...FAST, hedge: { after: 30 } });
    rig.left.answer([stall()]);
    rig.right.answer(answerOf("chat", true));
    const response = await rig.post(path(true), ask(true));
    expect(await response.text()).toBe(bytesOf("chat", true));
    expect(response.headers.get("x-attempts")).toBe("2");
    await rig.left.connectionClosed((await rig.left.nextRequest()).connection);
    const { tried } = await rig.lineOf(response);
    expect(tried).toEqual(["left/left-model 499 answered_elsewhere", "right/right-model answered"]);
  });

  test("keeps its slot until its stream is over", async () => {
    await using rig = await start("chat", {
      ...{ name: "fast", deployments: [{ provider: "left" }], limits: { maxInFlight: 1 } },
      queue: { length: 1, timeoutMs: 60_000 },
    });
    const leaving = new AbortController();
    rig.left.answer([head(200, EVENT_STREAM), chunk([...opening, rest[0]].join("")), stall()]);
    const first = await rig.post(path(true), ask(true), { signal: leaving.signal });
    await (first.body as ReadableStream<Uint8Array>).getReader().read();
    await rig.left.nextRequest();
    rig.left.answer(answerOf("chat", true));
    const second = rig.post(path(true), ask(true));
    leaving.abort();
    const response = await second;
    expect(await response.text()).toBe(bytesOf("chat", true));
  });
});

test("tokens are counted by a further deployment in its own way, and not in that of the first one", async () => {
  const apis = { left: "chat,responses,input_tokens", right: "messages,count_tokens" };
  await using rig = await startTwoProviders(withModels([FAST]), apis);
  rig.left.answer(json(500, { error: { message: "no" } }));
  rig.right.answer(json(200, { input_tokens: 7 }));
  const response = await rig.post("/v1/messages/count_tokens", { ...DIALOGUES.messages.ask(false), stream: undefined });
  expect(await response.json()).toEqual({ input_tokens: 7 });
  const asked = await rig.right.nextRequest();
  expect(asked.target).toEndWith("/messages/count_tokens");
});
