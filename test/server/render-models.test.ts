import { expect, test } from "bun:test";
import type { DetailFinder } from "../../src/routing/details/find-details.ts";
import type { ModelList } from "../../src/routing/model-lists/model-list.ts";
import type { ModelPolicy } from "../../src/routing/policy/model-policy.ts";
import { createModelRenderer } from "../../src/server/handlers/models.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { createProvider } from "../upstream/open-upstream.ts";

const TOLD = { source: "provider", updated_at: "1970-01-01T00:00:00Z" } as const;
const DETAILS: DetailFinder = {
  find: async (models) => models.map(() => ({ pricing: { currency: "USD", input_per_token: "1", ...TOLD } })),
  listed: () => ({}),
};

function setUp() {
  const asked = { count: 0 };
  const policy: Pick<ModelPolicy, "refusal"> = {
    refusal() {
      asked.count++;
      return undefined;
    },
  };
  return { asked, render: createModelRenderer(policy, DETAILS) };
}

test("a list that could not be rendered is rendered with the next request", async () => {
  let asked = 0;
  const find: DetailFinder["find"] = async (models) => {
    if (++asked === 1) throw new Error("no descriptor is left");
    return DETAILS.find(models, ["pricing"]);
  };
  const render = createModelRenderer({ refusal: () => undefined }, { ...DETAILS, find });
  const list = listOf(1);

  expect(String(await rejectionOf(render(list, ["pricing"])))).toBe("Error: no descriptor is left");
  expect(JSON.parse(`[${await render(list, ["pricing"])}]`)).toHaveLength(1);
});

function listOf(count: number): ModelList {
  const ids = Array.from({ length: count }, (_, index) => `model-${index}`);
  const models = ids.map((id) => [id, { id, created: 0, ownedBy: undefined, extras: {} }] as const);
  return { provider: createProvider("mock"), models: new Map(models), readAt: 0 };
}

test("a list is rendered once for each set of extras, whoever asks, and anew when it is another", async () => {
  const { asked, render } = setUp();
  const list = listOf(3);
  const [first, second] = await Promise.all([render(list, []), render(list, [])]);
  expect([first === second, asked.count]).toEqual([true, 3]);
  expect(JSON.parse(`[${first}]`)).toHaveLength(3);
  expect(JSON.parse(`[${await render(list, ["pricing"])}]`)).toMatchObject([
    { pricing: { input_per_token: "1" } },
    {},
    {},
  ]);
  expect([await render(list, []), asked.count]).toEqual([first, 6]);
  await render(listOf(3), []);
  expect(asked.count).toBe(9);
});

test("a long list is rendered in many turns of the event loop, byte for byte as in one", async () => {
  const { render } = setUp();
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const long = await render(listOf(20_000), []);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(40);
  const ids = (JSON.parse(`[${long}]`) as { id: string }[]).map(({ id }) => id);
  expect(ids).toEqual(Array.from({ length: 20_000 }, (_, index) => `mock/model-${index}`));
});

test.each([0, 1, 499, 500, 501, 1000])("%i models make as many", async (count) => {
  const { render } = setUp();
  expect(JSON.parse(`[${await render(listOf(count), [])}]`)).toHaveLength(count);
});
