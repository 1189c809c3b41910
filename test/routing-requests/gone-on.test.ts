import { describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import type { Step } from "../fixtures/script.ts";
import { answerOf, DIALOGUES } from "./dialogues.ts";
import { type ModelSketch, startTwoProviders, type TwoProviders, withModels } from "./routed-gateway.ts";

/* Responses that only the provider knows that has given them. */

const FAST: ModelSketch = {
  name: "fast",
  strategy: "round_robin",
  deployments: [{ provider: "left" }, { provider: "right" }],
};
const { path, ask } = DIALOGUES.responses;

const start = (models: readonly ModelSketch[] = [FAST], right = "responses"): Promise<TwoProviders> =>
  startTwoProviders(withModels(models), { left: "responses", right });

const asked = ({ requests }: TwoProviders["left"]): number => requests.filter(({ method }) => method === "POST").length;

const providerOf = async (response: Response): Promise<readonly unknown[]> => {
  await response.text();
  return [response.status, response.headers.get("x-selected-provider")];
};

/** As OpenAI and vLLM say it. */
const UNKNOWN: readonly (readonly [string, () => Step[]])[] = [
  [
    "400 with a code",
    () =>
      json(400, {
        error: {
          message: "Previous response with id 'r9' not found.",
          type: "invalid_request_error",
          param: "previous_response_id",
          code: "previous_response_not_found",
        },
      }),
  ],
  [
    "404",
    () => json(404, { error: { message: "Response with id 'r9' not found.", type: "NotFoundError", code: 404 } }),
  ],
];

describe.each([[false], [true]])("a response (stream: %p)", (streams) => {
  test("is gone on from at the deployment that has given it, whoever has the turn", async () => {
    await using rig = await start();
    rig.left.answerAlways(() => answerOf("responses", streams));
    expect(await providerOf(await rig.post(path(streams), ask(streams)))).toEqual([200, "left"]);
    for (let turn = 0; turn < 3; turn++) {
      const next = { ...ask(streams), previous_response_id: "r1" };
      expect(await providerOf(await rig.post(path(streams), next))).toEqual([200, "left"]);
    }
    expect([asked(rig.left), asked(rig.right)]).toEqual([4, 0]);
  });

  const once = { attempts: 1, on: new Set<never>(), repeatsSent: false, backoffMs: 1, maxBackoffMs: 1 };
  test.each([
    ["if nobody else may be asked", { retries: once }],
    ["if others may go on with it", { resumes: true }],
  ])("is gone on from there also %s", async (_, options) => {
    await using rig = await start([{ ...FAST, ...options }]);
    for (const each of [rig.left, rig.right]) each.answerAlways(() => answerOf("responses", streams));
    const first = await rig.post(path(streams), ask(streams));
    const [, giver] = await providerOf(first);
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await rig.post(path(streams), { ...ask(streams), previous_response_id: "r1" });
      expect(await providerOf(response)).toEqual([200, giver]);
    }
  });

  test("is gone on from at the model that was fallen back to", async () => {
    const models: readonly ModelSketch[] = [
      { name: "fast", deployments: [{ provider: "left" }], fallbacks: ["good"] },
      { name: "good", deployments: [{ provider: "right" }] },
    ];
    await using rig = await start(models);
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answerAlways(() => answerOf("responses", streams));
    expect(await providerOf(await rig.post(path(streams), ask(streams)))).toEqual([200, "right"]);
    const next = { ...ask(streams), previous_response_id: "r1" };
    expect(await providerOf(await rig.post(path(streams), next))).toEqual([200, "right"]);
    expect([asked(rig.left), asked(rig.right)]).toEqual([1, 2]);
  });

  test.each(UNKNOWN)("that nobody remembers is looked for at the others after a %s", async (_, unknown) => {
    await using rig = await start();
    rig.left.answer(unknown());
    rig.right.answer(answerOf("responses", streams));
    const response = await rig.post(path(streams), { ...ask(streams), previous_response_id: "r9" });
    expect(response.headers.get("x-attempts")).toBe("2");
    expect(await providerOf(response)).toEqual([200, "right"]);
  });

  test.each(UNKNOWN)("that nobody has is refused as the last one does, after a %s", async (_, unknown) => {
    await using rig = await start();
    rig.left.answer(unknown());
    rig.right.answer(unknown());
    const response = await rig.post(path(streams), { ...ask(streams), previous_response_id: "r9" });
    expect(response.status).toBeOneOf([400, 404]);
    expect(await response.text()).toContain("not found");
    expect([asked(rig.left), asked(rig.right)]).toEqual([1, 1]);
  });

  test("is looked for elsewhere if the provider has no Responses API", async () => {
    await using rig = await start([{ ...FAST, deployments: [{ provider: "right" }, { provider: "left" }] }], "chat");
    rig.left.answer(answerOf("responses", streams));
    const response = await rig.post(path(streams), { ...ask(streams), previous_response_id: "r9" });
    expect(await providerOf(response)).toEqual([200, "left"]);
    expect(asked(rig.right)).toBe(0);
  });
});

describe("a stored response", () => {
  test.each([["GET"], ["DELETE"]])("is asked for where it was given (%s)", async (method) => {
    await using rig = await start();
    rig.left.answer(json(500, { error: { message: "down" } }));
    rig.right.answer(answerOf("responses", false));
    expect(await providerOf(await rig.post(path(false), ask(false)))).toEqual([200, "right"]);
    rig.right.answer(json(200, DIALOGUES.responses.whole));
    const response = await fetch(`${rig.gateway.url}/v1/responses/r1`, { method });
    expect([response.status, await response.json()]).toEqual([200, DIALOGUES.responses.whole]);
  });

  test("of which nobody knows who gave it needs a provider", async () => {
    await using rig = await start();
    const response = await fetch(`${rig.gateway.url}/v1/responses/r1`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("?provider=");
  });
});
