import { describe, expect, test } from "bun:test";
import { PROVIDER_TABLE } from "../../../src/providers/table.ts";
import { createPriceSource } from "../../../src/routing/prices/price-source.ts";
import type { PriceList } from "../../../src/routing/prices/price-list.ts";
import { type FetchPrices, PRICES_URL } from "../../../src/routing/prices/price-updates.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const HOUR = 3_600_000;
const openai = { ...createProvider("openai"), baseUrl: PROVIDER_TABLE.openai.url };

const listOf = (input: number): unknown =>
  ["openai", "anthropic", "google", "groq", "cohere"].map((id) => ({
    ...{ id, name: id, api_pattern: `https://api\\.${id}\\.com` },
    models: [{ id: "m", match: { equals: "m" }, prices: { input_mtok: input, output_mtok: 2 } }],
  }));

/** Answers fetches, one after the other, and the last of them for ever. */
function open(...answers: readonly (() => Response | Promise<Response>)[]) {
  const clock = createManualClock();
  const problems: (string | undefined)[] = [];
  const urls: string[] = [];
  const fetch: FetchPrices = async (url) => {
    const answer = answers[Math.min(urls.push(url), answers.length) - 1];
    if (!answer) throw new Error("no answer");
    return answer();
  };
  const source = createPriceSource({
    ...{ timers: { ...clock, now: clock.now }, clock: clock.now },
    onChange: (problem) => problems.push(problem),
  });
  return { clock, problems, urls, fetch, source };
}

const options = { named: [], computesCost: true, updates: true };
const good = (input: number) => () => Response.json(listOf(input));

async function later(clock: { advance(ms: number): Promise<void> }, milliseconds: number): Promise<void> {
  await clock.advance(milliseconds);
  await settle();
  await Bun.sleep(0);
  await settle();
}

test("the built-in list that could not be loaded is loaded again for the next configuration, and then once", async () => {
  let loads = 0;
  const load = async (): Promise<PriceList> => {
    if (++loads === 1) throw new Error("no descriptor is left");
    return { find: () => undefined };
  };
  const clock = createManualClock();
  const source = createPriceSource({ timers: clock, clock: clock.now, onChange: () => {}, load });

  expect(String(await rejectionOf(source.open(options)))).toBe("Error: no descriptor is left");
  expect(await source.open(options)).toBeDefined();
  expect(await source.open(options)).toBeDefined();
  expect(loads).toBe(2);
});

describe("newer prices", () => {
  test("are used once they are there, and fetched again the day after", async () => {
    const { clock, source, fetch, urls, problems } = open(good(5), good(6));
    const prices = await source.open(options);
    expect(prices?.book.find(openai, "m")).toBeUndefined();
    prices?.start(fetch);
    await later(clock, 60_000);
    expect(prices?.book.find(openai, "m")?.price).toEqual({ input: 5, output: 2 });
    await later(clock, 23 * HOUR);
    expect(urls).toEqual([PRICES_URL]);
    await later(clock, HOUR);
    await later(clock, 60_000);
    expect(prices?.book.find(openai, "m")?.price.input).toBe(6);
    expect(problems).toEqual([]);
  });

  test("are not fetched unless that is asked for, nor when it is over", async () => {
    const { clock, source, fetch, urls } = open(good(5));
    const quiet = await source.open({ ...options, updates: false });
    quiet?.start(fetch);
    await later(clock, 48 * HOUR);
    expect(urls).toEqual([]);
    const prices = await source.open(options);
    prices?.start(fetch);
    await later(clock, 1);
    const next = await source.open(options);
    next?.start(fetch);
    // What was started later goes on, and does not fetch again what is new.
    prices?.stop();
    await later(clock, HOUR);
    expect(urls).toHaveLength(1);
    await later(clock, 24 * HOUR);
    expect(urls).toHaveLength(2);
    next?.stop();
    await later(clock, 48 * HOUR);
    expect(urls).toHaveLength(2);
  });

  test.each([
    ["a status", () => new Response("no", { status: 404 }), "it was answered with status 404"],
    ["no list", () => Response.json({ error: "no" }), "it is no list of prices"],
    ["too few providers", () => Response.json([]), "it is no list of prices"],
    ["no JSON", () => new Response("<html>"), "it is no list of prices"],
    ["something long", () => new Response("x".repeat(17 * 1024 * 1024)), "it is too long"],
    ["a failure", () => Promise.reject(new Error("secret")), "it cannot be fetched"],
  ])("that are %s are said once, and tried again", async (_, answer, problem) => {
    const { clock, source, fetch, urls, problems } = open(answer, answer, good(5));
    const prices = await source.open(options);
    prices?.start(fetch);
    await later(clock, 1);
    await later(clock, HOUR);
    expect(problems).toEqual([problem]);
    expect(prices?.book.find(openai, "gpt-4o-mini")?.price.input).toBe(0.15);
    await later(clock, HOUR);
    expect([urls.length, problems]).toEqual([3, [problem, undefined]]);
    await later(clock, 60_000);
    expect(prices?.book.find(openai, "m")?.price.input).toBe(5);
  });

  test("of a form that is not known leave a provider to what is built in", async () => {
    const odd = listOf(5) as { models: unknown[] }[];
    odd[0]?.models.push({
      id: "odd",
      match: { resembles: "odd" },
      prices: [{ constraint: { moon: "full" }, prices: 7 }],
    });
    const { clock, source, fetch } = open(() => Response.json(odd));
    const prices = await source.open(options);
    prices?.start(fetch);
    await later(clock, 60_000);
    expect(prices?.book.find(openai, "odd")).toBeUndefined();
    expect(prices?.book.find(openai, "gpt-4o-mini")?.price.input).toBe(0.15);
    const groq = { ...createProvider("groq"), baseUrl: PROVIDER_TABLE.groq.url };
    expect(prices?.book.find(groq, "m")?.price.input).toBe(5);
  });
});
