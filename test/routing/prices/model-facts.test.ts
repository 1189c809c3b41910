import { expect, test } from "bun:test";
import { devDependencies } from "../../../package.json" with { type: "json" };
import { createCommunityFacts } from "../../../src/routing/details/community-facts.ts";
import { BUILT_IN, loadModelFacts, type ModelFacts } from "../../../src/routing/prices/model-facts.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const AT = new Date("2026-10-01T12:00:00Z");

test("the date is that of the data in use: with another version comes another date", () => {
  expect<string>(BUILT_IN.version).toBe(devDependencies["@pydantic/genai-prices"]);
});

test("the list knows models by the provider, or by where the provider is", async () => {
  const facts = await loadModelFacts();
  const openai = createProvider("openai");
  expect(facts.find(openai, "openai/GPT-4o", AT)).toEqual({
    context_window: 128_000,
    pricing: {
      currency: "USD",
      input_per_token: "0.0000025",
      output_per_token: "0.00001",
      cache_read_per_token: "0.00000125",
    },
  });
  expect(facts.find({ ...createProvider("second"), baseUrl: "https://api.openai.com/v1" }, "gpt-4o", AT)).toBeDefined();
  for (const id of ["llamacpp", "my-openai", "demo"]) {
    const provider = { ...createProvider(id), baseUrl: "http://127.0.0.1:1/v1" };
    expect([facts.has(provider), facts.find(provider, "gpt-4o", AT)]).toEqual([false, undefined]);
  }
});

test("is loaded when it is needed, once, and looks each model of a list up once, up to a bound", async () => {
  let loads = 0;
  const lookedUp: string[] = [];
  const facts: ModelFacts = {
    has: ({ id }) => id === "openai",
    find(_, model) {
      lookedUp.push(model);
      return model.endsWith("7") ? { context_window: 7 } : undefined;
    },
  };
  const load = async (): Promise<ModelFacts> => {
    loads++;
    return facts;
  };
  const community = createCommunityFacts(load, () => 0);
  const list = { provider: createProvider("openai"), models: new Map<string, never>(), readAt: 0 };
  const models = Array.from({ length: 3000 }, (_, index) => `m${index}`);
  expect(loads).toBe(0);
  const [found, again] = await Promise.all([community.ask(list, models), community.ask(list, models.slice(0, 10))]);
  expect(again.get("m7")).toMatchObject({ source: "community", says: { context_window: 7 } });
  expect(found.size).toBe(200);
  expect(lookedUp).toHaveLength(2000);
  expect(new Set(lookedUp).size).toBe(2000);
  const local = { provider: createProvider("local"), models: new Map<string, never>(), readAt: 0 };
  expect((await community.ask(local, models)).size).toBe(0);
  expect([loads, lookedUp.length]).toEqual([1, 2000]);
});
