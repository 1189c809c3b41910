import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeWithoutAnswer, json, sse } from "../fixtures/answers.ts";
import { chunk, head, reset, type Step } from "../fixtures/script.ts";
import { type Api, answerOf, DIALOGUES } from "./dialogues.ts";
import { LEFT_KEY, type RoutedGateway, startRouted } from "./routed-gateway.ts";

const APIS = Object.keys(DIALOGUES) as readonly Api[];
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const DEPLOYMENTS = [{ provider: "left" }, { provider: "right" }];

/** An API that a client's is translated to. */
const wireFor = (api: Api): Api => (api === "chat" ? "messages" : "chat");

const failuresOf = (wire: Api): readonly (readonly [name: string, streams: boolean, script: () => Step[]])[] => {
  const { opening, error } = DIALOGUES[wire];
  const both = [
    ["closes the connection", closeWithoutAnswer],
    ["answers 500", () => json(500, { error: { message: `no: ${LEFT_KEY}` } })],
    ["answers 429", () => json(429, { error: { message: "slow down" } })],
    ["answers with nothing", () => json(200, "")],
    ["answers with a page", () => json(200, "<html><title>down</title></html>")],
    ["answers with an error and a good status", () => json(200, { error: { message: "broken" } })],
  ] as const;
  return [
    ...both.flatMap(([name, script]) => [false, true].map((streams) => [name, streams, script] as const)),
    ["reports an error first", true, () => sse([error])],
    ["reports an error behind the opening", true, () => sse([...opening, error])],
    ["breaks off behind the opening", true, () => [head(200, EVENT_STREAM), chunk(opening.join("")), reset()]],
  ];
};

/** The text that a client reads, whatever else is around it. */
const says = (text: string): string =>
  [...text.matchAll(/"(?:text|content|delta)":"(hel|lo|hello)"/g)].map(([, piece]) => piece).join("");

describe.each(APIS)("a client of %s", (api) => {
  const wire = wireFor(api);
  const { path, ask } = DIALOGUES[api];

  describe("with a second provider of another API", () => {
    let rig: RoutedGateway;
    beforeAll(async () => {
      rig = await startRouted([{ name: "fast", deployments: DEPLOYMENTS }], { left: api, right: wire });
    });
    afterAll(async () => rig[Symbol.asyncDispose]());

    test.each([[false], [true]])("gets its answer in its own API (stream: %p)", async (streams) => {
      rig.left.answer(json(500, { error: { message: "no" } }));
      rig.right.answer(answerOf(wire, streams));
      const response = await rig.post(path(streams), ask(streams));
      expect(response.status).toBe(200);
      expect(says(await response.text())).toStartWith("hello");
      expect(response.headers.get("x-gateway-translated")).toBe(`${api}->${wire}`);
      expect(response.headers.get("x-selected-provider")).toBe("right");
    });
  });

  describe("with a first provider of another API", () => {
    let rig: RoutedGateway;
    beforeAll(async () => {
      rig = await startRouted([{ name: "fast", deployments: DEPLOYMENTS }], { left: wire, right: wire });
    });
    afterAll(async () => rig[Symbol.asyncDispose]());

    test.each(failuresOf(wire))(
      "gets the second answer if the first one %s (stream: %p)",
      async (_, streams, fails) => {
        rig.left.answer(fails());
        rig.right.answer(answerOf(wire, streams));
        const response = await rig.post(path(streams), ask(streams));
        expect(response.status).toBe(200);
        expect(says(await response.text())).toStartWith("hello");
        expect(response.headers.get("x-attempts")).toBe("2");
        const line = await rig.lineOf(response);
        expect(line).toMatchObject({ alias: "fast", attempts: 2, provider: "right", status: 200 });
        expect(line["failure"]).toBeUndefined();
      },
    );
  });
});
