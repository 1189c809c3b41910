import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { createRandom } from "../../fixtures/random.ts";
import { migrate } from "../../../src/telemetry/history/migrations.ts";
import { openDatabase } from "../../../src/telemetry/history/open-database.ts";
import { COLUMNS, type ColumnName, type Row, type Value } from "../../../src/telemetry/history/row.ts";
import { runQuery } from "../../../src/telemetry/history/run-query.ts";
import { openTables } from "../../../src/telemetry/history/tables.ts";
import { endPostgres, KINDS, openPlace } from "./places.ts";
import { newRowId } from "./written-rows.ts";

afterAll(endPostgres);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Midnight. */
const NOW = 20_000 * DAY;

const DEFAULTS: Readonly<Partial<Record<ColumnName, Value>>> = {
  request_id: "r",
  route: "/v1/chat/completions",
  format: "chat",
  provider: "openai",
  model: "m",
  attempts: 1,
  status: 200,
  outcome: "answered",
  streaming: 0,
  bytes_in: 1,
  bytes_out: 2,
};

const rowAt = (time: number, values: Partial<Record<ColumnName, Value>> = {}): Row =>
  COLUMNS.map(([name]) => ({ ...DEFAULTS, id: newRowId(time), time, ...values })[name] ?? null);

async function openAll(kind: (typeof KINDS)[number]) {
  const place = await openPlace(kind);
  const database = await openDatabase(
    place.url === undefined
      ? { kind: "sqlite", path: join(place.folder, "history.sqlite") }
      : { kind: "postgres", url: place.url },
  );
  await migrate(database);
  const tables = await openTables(database, {
    retentionMs: DAY,
    rollUpRetentionMs: 10 * DAY,
    contentMs: HOUR,
    maxContentBytes: 2000,
  });
  const usage = async (groups: readonly ("model" | "hour" | "day")[], from = 0, to = NOW + DAY) => {
    const answer = await runQuery(database, { kind: "usage", from, to, groups, filters: [] });
    return answer && "groups" in answer ? answer.groups : [];
  };
  const close = async (): Promise<void> => {
    await database.close();
    await place[Symbol.asyncDispose]();
  };
  return { database, tables, usage, [Symbol.asyncDispose]: close };
}

test.each(KINDS)("%s: rows go after their time, and sums after theirs", async (kind) => {
  await using all = await openAll(kind);
  const { tables, usage, database } = all;
  const old = Array.from({ length: 1500 }, (_, index) => rowAt(NOW - 2 * HOUR + index));
  expect(await tables.insert(old, NOW)).toEqual({ count: 1500, dropped: 0 });
  expect(await tables.insert([rowAt(NOW)], NOW)).toEqual({ count: 1, dropped: 0 });
  // What has waited for too long is not taken.
  expect(await tables.insert([rowAt(NOW - 2 * DAY), rowAt(NOW)], NOW)).toEqual({ count: 1, dropped: 1 });
  const later = NOW + DAY - HOUR;
  expect([await tables.expire(later), await tables.expire(later), await tables.expire(later)]).toEqual([
    true,
    false,
    false,
  ]);
  expect((await database.run("SELECT id FROM requests")).rows.length).toBe(2);
  expect((await usage(["hour"])).map(({ hour, requests }) => [hour, requests])).toEqual([
    [new Date(NOW - 2 * HOUR).toISOString(), 1500],
    [new Date(NOW).toISOString(), 2],
  ]);
  await tables.expire(NOW + 10 * DAY);
  expect((await usage(["hour"])).map(({ requests }) => requests)).toEqual([2]);
});

test.each(KINDS)("%s: rows that come twice count once, and bad ones hold up no others", async (kind) => {
  await using all = await openAll(kind);
  const { tables, usage } = all;
  const rows = Array.from({ length: 30 }, (_, index) => rowAt(NOW + index, { input_tokens: 2 }));
  const bad = rowAt(NOW, { bytes_in: null });
  expect(await tables.insert([...rows.slice(0, 20), bad], NOW)).toEqual({ count: 20, dropped: 1 });
  expect(await tables.insert(rows, NOW)).toEqual({ count: 10, dropped: 0 });
  expect(await tables.insert(rows, NOW)).toEqual({ count: 0, dropped: 0 });
  expect(await tables.insert([], NOW)).toEqual({ count: 0, dropped: 0 });
  expect(await usage(["model"])).toMatchObject([{ model: "m", requests: 30, input_tokens: 60 }]);
});

test.each(KINDS)("%s: money is summed exactly, and what has no price is told apart", async (kind) => {
  await using all = await openAll(kind);
  const { tables, usage } = all;
  const costs = ["100000", "1", "9007199254740993", "9000000000000000000", "9000000000000000000"];
  await tables.insert(
    [
      // In hours of their own: one sum of more than 9 million dollars is not kept.
      ...costs.map((cost, index) => rowAt(NOW - index * HOUR, { cost, input_tokens: 1 })),
      rowAt(NOW, { model: "free", cost: "0", input_tokens: 1 }),
      rowAt(NOW, { model: "unknown", input_tokens: 1 }),
      rowAt(NOW, { model: "unknown", input_tokens: null }),
    ],
    NOW,
  );
  expect(
    (await usage(["model"])).map(({ model, cost_usd: cost, unpriced_requests: unpriced }) => [model, cost, unpriced]),
  ).toEqual([
    ["free", "0", 0],
    ["m", "18009007.199254840994", 0],
    ["unknown", null, 1],
  ]);
});

test.each(KINDS)("%s: a sum of money stops at the most that a column holds", async (kind) => {
  await using all = await openAll(kind);
  const { tables, usage } = all;
  const rows = (count: number) => Array.from({ length: count }, () => rowAt(NOW, { cost: "5000000000000000000" }));
  // Within what is inserted at once, and with what is there.
  for (const count of [2, 1, 1]) expect(await tables.insert(rows(count), NOW)).toEqual({ count, dropped: 0 });
  expect(await usage(["model"])).toMatchObject([{ requests: 4, cost_usd: "9223372.036854775807" }]);
  const [own] = await usage(["model"], NOW + HOUR);
  await tables.insert([rowAt(NOW + HOUR, { cost: "5000000000000000000" })], NOW);
  await tables.insert([rowAt(NOW + HOUR, { cost: "5000000000000000000" })], NOW);
  expect([own, await usage(["model"], NOW + HOUR)]).toMatchObject([undefined, [{ cost_usd: "9223372.036854775807" }]]);
});

test.each(KINDS)("%s: rows are kept as they are, whichever members they have in common", async (kind) => {
  await using all = await openAll(kind);
  const { tables, database } = all;
  const random = createRandom(Date.now());
  const some = <Given extends Value>(...values: readonly Given[]) => values[random.below(values.length)] ?? null;
  for (const count of [1, 2, 19, 20, 21, 45, 600, 121, 2, 1]) {
    const rows = Array.from({ length: count }, (_, index) =>
      rowAt(NOW + index, {
        identity: some(null, "a", "b"),
        alias: some(null, null, null, null, "fast"),
        model: count === 45 ? "same" : some("m", null),
        failure: null,
        input_tokens: some(0, 7, null),
        total_ms: some(0.5, 1),
        cost: some(null, "9007199254740991"),
      }),
    );
    await database.run("DELETE FROM requests");
    expect(await tables.insert(rows, NOW)).toEqual({ count, dropped: 0 });
    const kept = await database.run("SELECT * FROM requests ORDER BY id");
    const texts = (row: readonly unknown[]) => row.map((value) => (value === null ? null : String(value)));
    expect(kept.rows.map((row) => texts(COLUMNS.map(([name]) => row[name] ?? null))).sort()).toEqual(
      rows.map(texts).sort(),
    );
  }
});

test.each(KINDS)("%s: only names that were answered well have sums of their own", async (kind) => {
  await using all = await openAll(kind);
  const { tables, usage } = all;
  const failing = { status: 404, outcome: "answered" };
  await tables.insert(
    [
      ...Array.from({ length: 50 }, (_, index) => rowAt(NOW, { ...failing, model: `made-up-${index}` })),
      rowAt(NOW, { model: "real" }),
      rowAt(NOW, { ...failing, model: "real" }),
    ],
    NOW,
  );
  const sums = (await usage(["model", "day"])).map(({ model, day, requests, failed }) => [
    model,
    day,
    requests,
    failed,
  ]);
  const day = new Date(NOW).toISOString().slice(0, 10);
  expect(sums).toEqual([
    ["other", day, 50, 50],
    ["real", day, 2, 1],
  ]);
});

test.each(KINDS)("%s: content goes after its time, and the oldest if it is too much", async (kind) => {
  await using all = await openAll(kind);
  const { tables, database } = all;
  const contentAt = (time: number, text: string) => ({
    ...{ id: newRowId(time), owner: "o" },
    request: { text, isCut: false },
    response: { text: "", isCut: false },
  });
  const left = async (time: number) => {
    while (await tables.expire(time));
    return (await database.run("SELECT id FROM contents ORDER BY id")).rows.map(({ id }) => id);
  };
  const random = createRandom(1);
  const noise = () => Array.from({ length: 1000 }, () => random.below(36).toString(36)).join("");
  const old = Array.from({ length: 250 }, (_, index) => contentAt(NOW - 2 * HOUR + index, "x"));
  const recent = [contentAt(NOW - 2, "a"), contentAt(NOW - 1, "b")];
  await tables.insertContents([...old, ...recent]);
  // Once more changes nothing.
  await tables.insertContents(recent);
  expect(await left(NOW)).toEqual(recent.map(({ id }) => id));
  const many = Array.from({ length: 150 }, (_, index) => contentAt(NOW + index, noise()));
  await tables.insertContents(many);
  const kept = await left(NOW + 200);
  expect(kept).toEqual(many.map(({ id }) => id).slice(-kept.length));
  const [sum] = (await database.run("SELECT SUM(bytes) AS bytes FROM contents")).rows;
  expect(Number(sum?.["bytes"])).toBeLessThanOrEqual(2000);
  expect(kept.length).toBeGreaterThan(0);
});

test.each(KINDS)("%s: contents that are refused cost no others, and are counted", async (kind) => {
  await using all = await openAll(kind);
  const { tables, database } = all;
  const contentOf = (index: number, owner: string | null = "o") => ({
    // No column takes null; nothing else is refused by both.
    ...{ id: newRowId(NOW + index), owner: owner as string },
    request: { text: "x", isCut: false },
    response: { text: "", isCut: false },
  });
  const contents = Array.from({ length: 20 }, (_, index) => contentOf(index, index % 9 === 4 ? null : "o"));
  expect(await tables.insertContents(contents)).toBe(2);
  expect(await tables.insertContents([contentOf(30)])).toBe(0);
  expect((await database.run("SELECT id FROM contents")).rows.length).toBe(19);
});

test.each(KINDS)("%s: a page with a filter that fits little ends somewhere", async (kind) => {
  await using all = await openAll(kind);
  const { tables, database } = all;
  const rows = Array.from({ length: 10_500 }, (_, index) => rowAt(NOW + index, { model: index === 0 ? "rare" : "m" }));
  for (let first = 0; first < rows.length; first += 500) await tables.insert(rows.slice(first, first + 500), NOW);
  const page = async (after: string | undefined) => {
    const filters = [[[["model", "rare"]]]] as const;
    const answer = await runQuery(database, { kind: "requests", from: 0, to: NOW + DAY, filters, limit: 10, after });
    return answer && "rows" in answer ? answer : { rows: [], next: undefined };
  };
  const first = await page(undefined);
  expect([first.rows.length, first.next]).toEqual([0, String(rows[500]?.[0])]);
  const second = await page(first.next);
  expect([second.rows.map(({ model }) => model), second.next]).toEqual([["rare"], undefined]);
});
