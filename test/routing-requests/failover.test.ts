import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { chunk, head, reset } from "../fixtures/script.ts";
import { type Api, answerOf, bytesOf, DIALOGUES, failuresOf } from "./dialogues.ts";
import { LEFT_KEY, type RoutedGateway, startRouted } from "./routed-gateway.ts";

const APIS = Object.keys(DIALOGUES) as readonly Api[];
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const DEPLOYMENTS = [{ provider: "left" }, { provider: "right" }];

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
