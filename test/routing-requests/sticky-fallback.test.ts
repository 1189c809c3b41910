import { expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { answerOf, DIALOGUES } from "./dialogues.ts";
import { type ModelSketch, startTwoProviders, withModels } from "./routed-gateway.ts";

const { path, ask } = DIALOGUES.chat;
const GOOD: ModelSketch = {
  name: "good",
  strategy: "sticky",
  sticky: { by: "header:x-tenant", loadFactor: 100 },
  deployments: [
    { provider: "right", model: "one" },
    { provider: "right", model: "two" },
  ],
};

test.each([
  ["goes by turns", {}],
  ["goes by something else", { strategy: "sticky", sticky: { by: "conversation", loadFactor: 2 } }],
] as const)(
  "a model that is fallen back to chooses by its own key, if the one that was asked for %s",
  async (_, own) => {
    const fast: ModelSketch = { name: "fast", deployments: [{ provider: "left" }], fallbacks: ["good"], ...own };
    const cooldown = { failures: 99, rate: 1, forMs: 1, maxMs: 1, slowStartMs: 0, whenAll: "try" } as const;
    await using rig = await startTwoProviders(withModels([{ ...fast, cooldown }, GOOD]));
    rig.left.answerAlways(({ method }) => json(method === "GET" ? 200 : 500, { error: { message: "down" } }));
    rig.right.answerAlways(() => answerOf("chat", false));
    const chosen = new Map<string, Set<string | null>>();
    // Within the retry budget.
    for (const tenant of ["a", "b", "c", "a", "b", "c"]) {
      const body = { ...ask(false), messages: [{ role: "user", content: `${chosen.size} of ${tenant}` }] };
      const direct = await rig.post(path(false), { ...body, model: "good" }, { headers: { "x-tenant": tenant } });
      const fallen = await rig.post(path(false), body, { headers: { "x-tenant": tenant } });
      for (const response of [direct, fallen]) {
        await response.text();
        if (response.status !== 200) continue;
        const models = chosen.get(tenant) ?? new Set();
        chosen.set(tenant, models.add(response.headers.get("x-selected-model")));
      }
    }
    expect([...chosen.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
  },
);
