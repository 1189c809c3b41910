import { describe, expect, test } from "bun:test";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { Failure } from "../../src/core/errors.ts";
import { DEFAULT_JSON_LIMITS } from "../../src/core/json/limits.ts";
import { listModels } from "../../src/routing/model-lists/fetch-models.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { ListedModel } from "../../src/providers/model-list-readers.ts";
import type { ListingShape } from "../../src/providers/provider-row.ts";
import { bodyOfBytes } from "../../src/upstream/body.ts";
import { createUpstream } from "../../src/upstream/open-call.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { carriedBy, createProvider, LIMITS } from "../upstream/open-upstream.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";

const MIB = 1024 * 1024;

interface Listed {
  /** How many pages were asked for. */
  readonly pages: number;
  readonly models?: readonly ListedModel[];
  /** Why there is no list. */
  readonly cause?: unknown;
}

/** Lists the models of a provider that answers each page with this text. */
async function list(
  pageOf: (page: number, query: string) => string,
  listing: ListingShape = "openai",
): Promise<Listed> {
  const provider: Provider = { ...createProvider("mock"), listing };
  const clock = createManualClock();
  let pages = 0;
  const open = createUpstream({
    ...carriedBy((_provider, { url }, onConnected) => {
      onConnected();
      const body = bodyOfBytes(Buffer.from(pageOf(++pages, new URL(url).search.slice(1))));
      return { response: Promise.resolve({ status: 200, headers: new Headers(), body }), abort() {} };
    }),
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
    const growth = await cpuGrowth(MIB - 256, (bytes) => {
      const text = page(Math.floor(bytes / 210), (index) => `{"id":"m${index}","x":"${"\\u0041".repeat(32)}"}`);
      return () => list(() => text);
    });
    expect(growth).toBeLessThan(LINEAR);
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
      { id: "a", created: 0, ownedBy: undefined, extras: { pricing: { currency: "USD", input_per_token: "1" } } },
      { id: "b", created: 0, ownedBy: undefined, extras: {} },
      { id: "c", created: 0, ownedBy: undefined, extras: {} },
    ]);
  });
});

describe("whatever shape a list has, its models are read", () => {
  const shown = async (answer: unknown, listing?: ListingShape) => {
    const { models } = await list(() => JSON.stringify(answer), listing);
    return models?.map((model) => model.id);
  };

  test.each([
    ["OpenAI", { object: "list", data: [{ id: "a" }] }],
    ["an array", [{ id: "a" }]],
    ["texts", ["a"]],
    ["texts in data", { data: ["a"] }],
    ["texts in models", { models: ["a"] }],
    ["Ollama's tags", { models: [{ name: "a", model: "a", modified_at: "2025-01-01T00:00:00.5+02:00" }] }],
    ["llama.cpp, which sends two lists", { models: [{ name: "x" }], object: "list", data: [{ id: "a" }] }],
    ["no list where another is", { data: null, models: [{ id: "a" }] }],
    ["nested", { data: { models: [{ id: "a" }] } }],
    ["nested twice", { result: { data: { items: [{ id: "a" }] } } }],
    ["Replicate", { next: null, previous: null, results: [{ name: "a" }] }],
    ["Bedrock", { modelSummaries: [{ modelId: "a", modelName: "A" }] }],
    ["watsonx", { resources: [{ model_id: "a" }] }],
    ["LiteLLM", { data: [{ model_name: "a", model_info: {} }] }],
    ["what is no model left out", { data: [null, 1, [], {}, { id: 5 }, "", { id: "" }, { id: "a" }] }],
  ])("%s", async (_, answer) => {
    expect(await shown(answer)).toEqual(["a"]);
  });

  test("ids that lose a prefix do so everywhere, and Cohere's and Cloudflare's are their names", async () => {
    expect(await shown({ models: ["models/a", { name: "models/b" }] }, "google")).toEqual(["a", "b"]);
    expect(await shown({ result: [{ id: "uuid", name: "a" }] }, "cloudflare")).toEqual(["a"]);
    expect(await shown({ data: [{ id: "uuid", name: "a" }] }, "cohere")).toEqual(["a"]);
  });

  test.each([
    ["an error", { error: { message: "no" } }],
    ["nothing", {}],
    ["a text", "models"],
    ["a text for a list", { data: "a" }],
    ["a list that is nested too deeply", { data: { data: { data: { data: [{ id: "a" }] } } } }],
  ])("%s is no list", async (_, answer) => {
    expect((await list(() => JSON.stringify(answer))).cause).toBe(
      "the list of models: it does not have the provider's shape",
    );
  });

  test.each([
    [1715367049, 1715367049],
    [1715367049.9, 1715367049],
    [1715367049123, 1715367049],
    [1715367049123456, 1715367049],
    ["1715367049", 1715367049],
    ["1715367049123", 1715367049],
    ["2024-05-10T18:50:49Z", 1715367049],
    ["2024-05-10T18:50:49.123456+00:00", 1715367049],
    [-1, 0],
    [null, 0],
    ["soon", 0],
  ])("created %j is %j", async (created, seconds) => {
    for (const entry of [{ created }, { created_at: created }, { created: 0, created_at: created }]) {
      const { models } = await list(() => JSON.stringify({ data: [{ id: "a", ...entry }] }));
      expect(models?.[0]?.created).toBe(seconds);
    }
  });

  test.each([
    [{ meta: { n_ctx: 4096, n_ctx_train: 131072 } }, 4096],
    [{ meta: { n_ctx: null, n_ctx_train: 131072 } }, undefined],
    [{ context_length: "8192" }, 8192],
    [{ context_length: 0, max_model_len: 4096 }, 4096],
    [{ context_length: -1 }, undefined],
    [{ context_length: 1.5 }, undefined],
    [{ context_length: 1e300 }, undefined],
    [{ context_length: true }, undefined],
    [{ context_length: [4096] }, undefined],
    [{ meta: null, max_model_len: 8192 }, 8192],
    [{ loaded_context_length: 4096, max_context_length: 32768 }, 4096],
    [{ limits: { max_input_tokens: 1 } }, 1],
    [{ top_provider: { context_length: 2 } }, 2],
    [{ inputTokenLimit: 3 }, 3],
  ])("the context window of %j", async (entry, tokens) => {
    const { models } = await list(() => JSON.stringify({ data: [{ id: "a", ...entry }] }));
    expect(models?.[0]?.extras.context_window).toBe(tokens as number);
  });
});

describe("pages are followed", () => {
  /** Serves pages by what leads to them: a query, or nothing for the first. */
  const follow = async (pages: Readonly<Record<string, unknown>>, listing?: ListingShape) => {
    const asked: string[] = [];
    const { models } = await list((_, query) => {
      asked.push(query);
      return JSON.stringify(pages[query] ?? { data: [] });
    }, listing);
    return [models?.map((model) => model.id), asked];
  };

  const last = { data: [{ id: "b" }] };
  test.each([
    ["OpenAI's", { data: [{ id: "a" }], has_more: true, last_id: "a" }, "after=a"],
    ["OpenAI's without last_id", { data: [{ id: "x" }, { id: "a" }], has_more: true }, "after=a"],
    ["Google's", { models: [{ name: "a" }], nextPageToken: "t/1" }, "pageToken=t%2F1"],
    ["Cohere's", { models: [{ name: "a" }], next_page_token: "t" }, "page_token=t"],
    ["Bedrock's", { modelSummaries: [{ modelId: "a" }], nextToken: "t" }, "nextToken=t"],
    ["by number", { data: [{ id: "a" }], next_page: 2 }, "page=2"],
    [
      "by address",
      { results: [{ name: "a" }], next: "https://other.example/v9/models?cursor=c%3D1&l=5" },
      "cursor=c%3D1&l=5",
    ],
    ["by path", { data: [{ id: "a" }], next: "/v1/models?page=2" }, "page=2"],
    ["by link", { resources: [{ model_id: "a" }], next: { href: "https://h/x?start=s" } }, "start=s"],
    ["by links", { data: [{ id: "a" }], links: { next: "https://h/x?page=2" } }, "page=2"],
    ["by cursor beside the list", { data: [{ id: "a" }], pagination: { next_cursor: "c" } }, "cursor=c"],
  ])("%s", async (_, first, query) => {
    const ids = ("data" in first ? first.data : [{ id: "a" }]).map((model) => model.id);
    expect(await follow({ "": first, [query]: last })).toEqual([
      [...ids, "b"],
      ["", query],
    ]);
  });

  test("but not for ever: a page that brings nothing new is the last", async () => {
    const page = { data: [{ id: "a" }, { id: "b" }], has_more: true, next: "/x?page=2" };
    const { pages, models } = await list(() => JSON.stringify(page));
    expect([pages, models?.length]).toEqual([2, 4]);
  });

  test.each([
    [{ has_more: false, last_id: "a" }],
    [{ next: null }],
    [{ next: "" }],
    [{ next: "javascript:alert(1)" }],
    [{ next_page_token: "" }],
    [{ links: { next: null } }],
    [{ result_info: { page: 2, total_pages: 2 } }],
  ])("%j ends the list", async (members) => {
    expect(await follow({ "": { data: [{ id: "a" }], ...members } })).toEqual([["a"], [""]]);
  });
});
