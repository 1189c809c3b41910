import { describe, expect, test } from "bun:test";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { Failure } from "../../src/core/errors.ts";
import { DEFAULT_JSON_LIMITS } from "../../src/core/json/limits.ts";
import { listModels } from "../../src/routing/fetch-models.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { ListedModel } from "../../src/providers/model-list-readers.ts";
import type { ListingShape } from "../../src/providers/provider-row.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import { createUpstream } from "../../src/upstream/call.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { createProvider, LIMITS } from "../upstream/open-upstream.ts";

const MIB = 1024 * 1024;

interface Listed {
  /** How many pages were asked for. */
  readonly pages: number;
  readonly models?: readonly ListedModel[];
  /** Why there is no list. */
  readonly cause?: unknown;
}

/** Lists the models of a provider that answers each page with this text. */
async function list(pageOf: (page: number) => string, listing: ListingShape = "openai"): Promise<Listed> {
  const provider: Provider = { ...createProvider("mock"), listing };
  const clock = createManualClock();
  let pages = 0;
  const open = createUpstream({
    transport: (_provider, _request, onConnected) => {
      onConnected();
      const body = bodyOfBytes(Buffer.from(pageOf(++pages)));
      return { response: Promise.resolve({ status: 200, headers: new Headers(), body }), abort() {} };
    },
    deadlines: createDeadlines(clock),
    now: clock.now,
    limits: LIMITS,
  });
  try {
    return { models: await listModels(provider, open, new AbortController().signal, DEFAULT_JSON_LIMITS), pages };
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "upstream_invalid_response") throw error;
    return { pages, cause: error.details.cause };
  }
}

const entries = (count: number, entry: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => entry(index)).join(",");
const page = (count: number, entry: (index: number) => string, more = ""): string =>
  `{"data":[${entries(count, entry)}]${more}}`;

describe("a list of models is bounded", () => {
  const id = (index: number): string => `{"id":"m${index}"}`;

  test("in models", async () => {
    expect((await list(() => page(20_000, id))).models).toHaveLength(20_000);
    expect(await list(() => page(20_001, id))).toEqual({
      pages: 1,
      cause: "the list of models: it has more than 20000 models",
    });
  });

  test("in pages, of which an endless list has no last", async () => {
    const endless = (): string => page(1, id, ',"has_more":true,"last_id":"m0"');
    expect(await list(endless, "anthropic")).toEqual({
      pages: 50,
      cause: "the list of models: it has more than 50 pages",
    });
    const fifty = (number: number): string => (number < 50 ? endless() : page(1, id));
    expect(await list(fifty, "anthropic")).toMatchObject({ pages: 50, models: expect.any(Array) });
  });

  test("in bytes of a page, and of all pages", async () => {
    const padded = (bytes: number, more = ""): string => page(1, () => `{"id":"m","x":"${"x".repeat(bytes)}"}`, more);
    const tooLong = "the list of models: it is too long";
    expect((await list(() => padded(4 * MIB - 100))).models).toHaveLength(1);
    expect(await list(() => padded(4 * MIB))).toEqual({ pages: 1, cause: tooLong });
    const more = ',"has_more":true,"last_id":"m"';
    expect(await list(() => padded(3 * MIB, more), "anthropic")).toEqual({ pages: 3, cause: tooLong });
  });

  test.each([
    ["many small values", () => `{"data":[${"[],".repeat(210_000)}[]]}`],
    ["one wide entry", () => `{"data":[{"id":"m","x":[${"0,".repeat(200_001)}0]}]}`],
    ["depth", () => `{"data":[{"id":"m","x":${"[".repeat(40)}${"]".repeat(40)}}]}`],
    ["depth without an end", () => `{"data":${"[".repeat(MIB)}`],
  ])("in %s", async (_, text) => {
    expect(await list(text)).toEqual({
      pages: 1,
      cause: "the list of models: it has too many values, or they are nested too deeply",
    });
  });

  test("punctuation within texts counts for nothing", async () => {
    const text = page(1, () => `{"id":"m","description":"${'[{\\",'.repeat(100_000)}"}`);
    expect((await list(() => text)).models).toHaveLength(1);
  });

  test("time grows with the bytes", async () => {
    const cpuOf = async (bytes: number): Promise<number> => {
      const text = page(Math.floor(bytes / 210), (index) => `{"id":"m${index}","x":"${"\\u0041".repeat(32)}"}`);
      const before = process.cpuUsage();
      for (let round = 0; round < 4; round++) await list(() => text);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    await cpuOf(MIB);
    const [small, large] = [await cpuOf(MIB / 2), await cpuOf(4 * MIB - 1024)];
    expect(large / small).toBeLessThan(8 * 3);
  });
});

describe("what is no model, or no word about one, is left out", () => {
  test("ids too long, or with control characters", async () => {
    const ids = ["ok", "x".repeat(256), "x".repeat(257), "a\nb", "\u0000", "", "ключ 🔑"];
    const { models } = await list(() => JSON.stringify({ data: ids.map((name) => ({ id: name })) }));
    expect(models?.map((model) => model.id)).toEqual(["ok", "x".repeat(256), "ключ 🔑"]);
  });

  test("owners and extras too large to be shown", async () => {
    const data = [
      { id: "a", owned_by: "x".repeat(300), context_length: "9".repeat(5000), pricing: { prompt: "1" } },
      { id: "b", pricing: Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index, 1])) },
      { id: "c", pricing: [[[[[[[1]]]]]]] },
    ];
    expect((await list(() => JSON.stringify({ data }))).models).toEqual([
      { id: "a", created: 0, ownedBy: undefined, extras: { pricing: { prompt: "1" } } },
      { id: "b", created: 0, ownedBy: undefined, extras: {} },
      { id: "c", created: 0, ownedBy: undefined, extras: {} },
    ]);
  });
});
