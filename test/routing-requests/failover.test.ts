import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeWithoutAnswer, json, resetWithoutAnswer, sse } from "../fixtures/answers.ts";
import { chunk, head, reset, type Step } from "../fixtures/script.ts";
import { type Api, answerOf, bytesOf, DIALOGUES } from "./dialogues.ts";
import { LEFT_KEY, type RoutedGateway, startRouted } from "./routed-gateway.ts";

const APIS = Object.keys(DIALOGUES) as readonly Api[];
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const DEPLOYMENTS = [{ provider: "left" }, { provider: "right" }];

/** What the first deployment does, by what the client asks for. */
const failuresOf = (api: Api): readonly (readonly [name: string, streams: boolean, script: () => Step[]])[] => {
  const { opening, error } = DIALOGUES[api];
  const both = [
    ["closes the connection", closeWithoutAnswer],
    ["resets the connection", resetWithoutAnswer],
    ["answers 500", () => json(500, { error: { message: `no: ${LEFT_KEY}` } })],
    ["answers 429", () => json(429, { error: { message: "slow down" } }, { "retry-after": "7" })],
    ["answers with nothing", () => json(200, "")],
    ["answers with a page", () => json(200, "<html><title>down</title></html>")],
    ["answers with an error and a good status", () => json(200, { error: { message: "broken", code: 503 } })],
  ] as const;
  return [
    ...both.flatMap(([name, script]) => [false, true].map((streams) => [name, streams, script] as const)),
    ["reports an error first", true, () => sse([error])],
    ["reports an error behind the opening", true, () => sse([...opening, error])],
    ["ends behind the opening", true, () => sse(opening)],
    ["ends without an event", true, () => sse([])],
    ["breaks off behind the opening", true, () => [head(200, EVENT_STREAM), chunk(opening.join("")), reset()]],
  ];
};

describe.each(APIS)("a client of %s", (api) => {
  let rig: RoutedGateway;
  const { path, ask } = DIALOGUES[api];
  beforeAll(async () => {
    rig = await startRouted([{ name: "fast", deployments: DEPLOYMENTS }], { left: api, right: api });
  });
  afterAll(async () => rig[Symbol.asyncDispose]());

  test.each(failuresOf(api))(
    "gets the second answer if the first provider %s (stream: %p)",
    async (_, streams, fails) => {
      rig.left.answer(fails());
      rig.right.answer(answerOf(api, streams));
      const before = rig.router.settled.length;
      const response = await rig.post(path(streams), ask(streams));
      expect([response.status, await response.text()]).toEqual([200, bytesOf(api, streams)]);
      const told = ["x-selected-provider", "x-selected-model", "x-attempts"].map((name) => response.headers.get(name));
      expect(told).toEqual(["right", "right-model", "2"]);
      const line = await rig.lineOf(response);
      expect(line).toMatchObject({ alias: "fast", attempts: 2, provider: "right", model: "right-model", status: 200 });
      expect(line["tried"]).toEqual([
        expect.stringMatching(/^left\/left-model \d{3} \w+$/),
        "right/right-model answered",
      ]);
      expect(line["failure"]).toBeUndefined();
      const settled = rig.router.settled.slice(before);
      expect(settled.map(({ deployment, failure }) => [deployment.label, failure])).toEqual([
        ["right/right-model", undefined],
      ]);
      expect(settled[0]?.usage?.outputTokens ?? 0).toBe(line["output_tokens"] === undefined ? 0 : 2);
    },
  );

  test.each([[false], [true]])("gets the first answer byte for byte (stream: %p)", async (streams) => {
    rig.left.answer(answerOf(api, streams));
    const response = await rig.post(path(streams), ask(streams));
    expect([response.status, await response.text()]).toEqual([200, bytesOf(api, streams)]);
    expect(response.headers.get("x-selected-provider")).toBe("left");
    expect(response.headers.has("x-attempts")).toBe(false);
    const line = await rig.lineOf(response);
    expect([line["alias"], line["attempts"], line["tried"]]).toEqual(["fast", undefined, undefined]);
  });

  test("a stream is not begun anew once content has come", async () => {
    const { opening, rest } = DIALOGUES[api];
    const begun = [...opening, rest[0]].join("");
    rig.left.answer([head(200, EVENT_STREAM), chunk(begun), reset()]);
    const asked = rig.right.requests.length;
    const before = rig.router.settled.length;
    const response = await rig.post(path(true), ask(true));
    const text = await response.text();
    expect(text.startsWith(begun)).toBe(true);
    expect(text.length).toBeGreaterThan(begun.length);
    expect(rig.right.requests.length).toBe(asked);
    const line = await rig.lineOf(response);
    expect([line["outcome"], line["provider"]]).toEqual(["cut", "left"]);
    expect(rig.router.settled.slice(before).map(({ failure }) => failure?.code)).toEqual(["upstream_reset"]);
  });

  test.each([[false], [true]])("is told of all attempts if all fail (stream: %p)", async (streams) => {
    rig.left.answer(json(500, { error: { message: `no: ${LEFT_KEY}` } }));
    rig.right.answer(json(503, { error: { message: "nor here" } }));
    const response = await rig.post(path(streams), ask(streams));
    const body = await response.text();
    expect(response.status).toBe(503);
    expect(body).toContain("nor here");
    expect(body).not.toContain(LEFT_KEY);
    const attempts = [
      { provider: "left", model: "left-model", status: 500, why: "provider_error" },
      { provider: "right", model: "right-model", status: 503, why: "provider_error" },
    ];
    const found = api === "generate" ? JSON.stringify(JSON.stringify(attempts)) : JSON.stringify(attempts);
    expect(body).toContain(found);
    expect([response.headers.get("x-attempts"), response.headers.get("x-selected-provider")]).toEqual(["2", "right"]);
    const line = await rig.lineOf(response);
    expect(line).toMatchObject({ attempts: 2, failure: "provider_error" });
  });
});
