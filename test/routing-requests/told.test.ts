import { describe, expect, test } from "bun:test";
import { closeWithoutAnswer, json } from "../fixtures/answers.ts";
import { DIALOGUES } from "./dialogues.ts";
import { startTwoProviders, withModels } from "./routed-gateway.ts";

const FAST = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] } as const;

describe.each(["chat", "messages"] as const)("a request of %s that all have failed", (api) => {
  test.each([
    ["left", "right"],
    ["right", "left"],
  ] as const)("is told and logged as that of %s, whose error it is, not %s, who said nothing", async (one, other) => {
    await using rig = await startTwoProviders(withModels([FAST]), { left: api, right: api });
    rig[one].answer(json(503, { error: { message: "too busy", type: "overloaded" } }));
    rig[other].answer(closeWithoutAnswer());
    const { path, ask } = DIALOGUES[api];
    const response = await rig.post(path(false), ask(false));
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining("too busy")]);
    const told = ["provider", "model"].map((name) => response.headers.get(`x-selected-${name}`));
    expect([...told, response.headers.get("x-attempts")]).toEqual([one, `${one}-model`, "2"]);
    expect(await rig.lineOf(response)).toMatchObject({ provider: one, model: `${one}-model`, attempts: 2 });
  });
});
