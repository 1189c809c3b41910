import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import type { ModelList } from "../../src/routing/model-lists/model-list.ts";
import { createAnthropicPages, parsePaging } from "../../src/server/handlers/anthropic-models.ts";
import { createProvider } from "../upstream/open-upstream.ts";
import { rejectionOf } from "../fixtures/rejection.ts";

function listOf(provider: string, ...ids: readonly string[]): ModelList {
  const models = ids.map((id) => [id, { id, created: 86_400, ownedBy: undefined, extras: {} }] as const);
  return { provider: createProvider(provider), models: new Map(models), readAt: 0 };
}

const LISTS = [listOf("one", "a", "hidden", "b"), listOf("two", "a/c"), listOf("three"), listOf("four", "d", "e")];
const ALL = ["one/a", "one/b", "two/a/c", "four/d", "four/e"];
const PRICING = {
  currency: "USD",
  input_per_token: "1",
  source: "provider",
  updated_at: "1970-01-01T00:00:00Z",
} as const;
const WINDOW = { tokens: 8192, source: "runtime", updated_at: "1970-01-01T00:00:00Z" } as const;
const cut = createAnthropicPages(
  { refusal: (_, model) => (model === "hidden" ? new Failure("model_disallowed") : undefined) },
  {
    find: async (models) =>
      models.map(({ id }) => (id.endsWith("old") ? {} : { pricing: PRICING, context_window: WINDOW })),
    listed: () => ({}),
  },
);

async function pageOf(query: string) {
  const page = await cut(LISTS, parsePaging(new URLSearchParams(query)), []);
  return { ...page, data: page.data.map(({ id }) => id) };
}

describe("a page", () => {
  test.each([
    ["", ALL, false],
    ["limit=1000", ALL, false],
    ["limit=5", ALL, false],
    ["limit=2", ["one/a", "one/b"], true],
    ["limit=2&after_id=one/b", ["two/a/c", "four/d"], true],
    ["limit=2&after_id=two%2Fa%2Fc", ["four/d", "four/e"], false],
    ["after_id=four/e", [], false],
    ["limit=2&before_id=four/e", ["two/a/c", "four/d"], true],
    ["limit=3&before_id=four/d", ["one/a", "one/b", "two/a/c"], false],
    ["before_id=one/a", [], false],
    ["after_id=&before_id=", ALL, false],
  ])("for %j is %j, more: %p", async (query, ids, hasMore) => {
    expect(await pageOf(query)).toEqual({
      data: ids,
      has_more: hasMore,
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
    });
  });

  test("has 20 models unless the query says otherwise", async () => {
    const long = listOf("one", ...Array.from({ length: 1500 }, (_, index) => `m${index}`));
    for (const [query, count] of [
      ["", 20],
      ["limit=1000", 1000],
    ] as const) {
      const page = await cut([long], parsePaging(new URLSearchParams(query)), []);
      expect([page.data.length, page.has_more]).toEqual([count, true]);
    }
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=ten",
    "limit=",
    "limit=1e3",
    "after_id=one/a&before_id=one/b",
  ])("for %j is refused", (query) => {
    expect(() => parsePaging(new URLSearchParams(query))).toThrow(Failure);
  });

  test.each(["after_id=one/hidden", "before_id=nowhere"])(
    "for %j, which is not in the list, is refused",
    async (query) => {
      expect(await rejectionOf(pageOf(query))).toMatchObject({ code: "invalid_request" });
    },
  );
});

describe("a model", () => {
  test("has the name that its provider gives it, and a date", async () => {
    const models = [
      { id: "claude-1", created: 1739923200, displayName: "Claude One" },
      { id: "old", created: 0 },
      { id: "odd", created: 1e30 },
      { id: "odder", created: -5 },
    ].map((model) => [model.id, { ownedBy: undefined, extras: {}, ...model }] as const);
    const { data } = await cut(
      [{ provider: createProvider("anthropic"), models: new Map(models), readAt: 0 }],
      parsePaging(new URLSearchParams()),
      ["context_window", "pricing"],
    );
    const known = { context_window: WINDOW, max_input_tokens: 8192, pricing: PRICING };
    const epoch = "1970-01-01T00:00:00Z";
    const type = "model";
    expect(data).toEqual([
      { type, id: "anthropic/claude-1", display_name: "Claude One", created_at: "2025-02-19T00:00:00Z", ...known },
      {
        type,
        id: "anthropic/old",
        display_name: "old",
        created_at: epoch,
        ...{ context_window: null, max_input_tokens: null, pricing: null },
      },
      { type, id: "anthropic/odd", display_name: "odd", created_at: epoch, ...known },
      { type, id: "anthropic/odder", display_name: "odder", created_at: epoch, ...known },
    ]);
  });
});
