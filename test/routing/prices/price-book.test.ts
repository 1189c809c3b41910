import { describe, expect, test } from "bun:test";
import type { NamedPrice, PriceOptions } from "../../../src/routing/models/model-options.ts";
import { createPriceBook } from "../../../src/routing/prices/price-book.ts";
import type { PriceList } from "../../../src/routing/prices/price-list.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const openai = createProvider("openai");
const groq = createProvider("groq");
const at = (input: number): PriceOptions => ({ input, output: 0 });
const priced = (provider: string, model: string, input: number): NamedPrice => ({ provider, model, price: at(input) });

const LISTED: PriceList = { find: (_, name) => (name.startsWith("listed") ? at(99) : undefined) };

describe("what the operator says", () => {
  const book = createPriceBook({
    named: [
      priced("openai", "*", 1),
      priced("openai", "gpt-*", 2),
      priced("openai", "gpt-*-mini", 3),
      priced("openai", "gpt-4o-mini", 4),
      priced("openai", "ft:*:acme", 5),
    ],
    list: LISTED,
    clock: () => 0,
  });

  test.each([
    ["gpt-4o-mini", 4],
    ["GPT-4o-Mini", 4],
    ["openai/gpt-4o-mini", 4],
    ["gpt-5-mini", 3],
    ["gpt-5", 2],
    ["gpt-mini", 2],
    ["ft:gpt-4o:acme", 5],
    ["listed", 1],
    ["other", 1],
  ])("wins for %s, the nearest name first", (model, input) => {
    expect(book.find(openai, model)?.price.input).toBe(input);
  });

  test("is for its provider alone", () => {
    expect(book.find(groq, "listed")?.price.input).toBe(99);
    expect(book.find(groq, "gpt-4o-mini")).toBeUndefined();
  });
});

describe("a price", () => {
  test("is looked up again only after a minute, and also if nobody knows it", () => {
    let now = 0;
    let finds = 0;
    const list: PriceList = {
      find(_, name, date) {
        finds += 1;
        return name === "by day" ? at(date.getTime()) : undefined;
      },
    };
    const book = createPriceBook({ named: [], list, clock: () => now });
    expect([book.find(openai, "unknown"), book.find(openai, "unknown")]).toEqual([undefined, undefined]);
    expect(finds).toBe(1);
    expect(book.find(openai, "by day")?.price.input).toBe(0);
    now = 59_999;
    expect(book.find(openai, "by day")?.price.input).toBe(0);
    now = 60_000;
    expect(book.find(openai, "by day")?.price.input).toBe(60_000);
    expect(finds).toBe(3);
  });

  test("is remembered for a bounded number of models", () => {
    let finds = 0;
    const list: PriceList = { find: () => void (finds += 1) };
    const book = createPriceBook({ named: [], list, clock: () => 0 });
    for (let index = 0; index < 10_000; index++) book.find(openai, `model-${index}`);
    expect(finds).toBe(10_000);
    book.find(openai, "model-9999");
    expect(finds).toBe(10_000);
    book.find(openai, "model-0");
    expect(finds).toBe(10_001);
  });
});
