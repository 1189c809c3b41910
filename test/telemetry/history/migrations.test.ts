import { Database } from "bun:sqlite";
import { afterAll, expect, spyOn, test } from "bun:test";
import { join } from "node:path";
import { type HistoryDatabase, NewerDatabase } from "../../../src/telemetry/history/database.ts";
import { openDatabase } from "../../../src/telemetry/history/open-database.ts";
import { migrate, MIGRATIONS } from "../../../src/telemetry/history/migrations.ts";
import { COLUMNS, type Row } from "../../../src/telemetry/history/row.ts";
import { openTables } from "../../../src/telemetry/history/tables.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";
import { endPostgres, type HistoryPlace, KINDS, openPlace } from "./places.ts";
import { newRowId } from "./written-rows.ts";

afterAll(endPostgres);

const open = ({ url, folder }: HistoryPlace): Promise<HistoryDatabase> =>
  openDatabase(
    url === undefined ? { kind: "sqlite", path: join(folder, "history.sqlite") } : { kind: "postgres", url },
  );

const NOW = Date.now();
const HOUR = NOW - (NOW % 3_600_000);

/** A row of the columns that the first version had. */
const firstRow = (model: string, status = 200): Row => [
  ...[newRowId(NOW), NOW, "r", "/v1/chat/completions", "chat", null, "openai", model, null, 1, status, "answered"],
  ...[null, 0, 10, 5, null, null, null, 2.5, null, null, null, 1, 2, null],
];

async function insertAtFirst({ run }: HistoryDatabase, row: Row): Promise<void> {
  const names = COLUMNS.slice(0, row.length).map(([name]) => name);
  await run(`INSERT INTO requests (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`, row);
}

const VERSIONS = KINDS.flatMap((kind) => MIGRATIONS.map((_, index) => [kind, index + 1] as const));

test.each(VERSIONS)("%s: a database of version %i becomes one of today, with what is in it", async (kind, version) => {
  await using place = await openPlace(kind);
  const database = await open(place);
  await migrate(database, version);
  await insertAtFirst(database, firstRow("m"));
  await insertAtFirst(database, firstRow("m", 500));
  await migrate(database);
  // Once more changes nothing.
  await migrate(database);
  const tables = await openTables(database, {
    retentionMs: 3_600_000,
    rollUpRetentionMs: 3_600_000,
    contentMs: 3_600_000,
    maxContentBytes: 1 << 30,
  });
  const today = [...firstRow("m"), "provider", "2500000"];
  expect(await tables.insert([today, today], NOW)).toEqual({ count: 1, dropped: 0 });
  const { rows } = await database.run("SELECT usage_source, cost FROM requests ORDER BY id");
  expect(rows.map(({ usage_source: source, cost }) => [source, cost === null ? null : Number(cost)])).toEqual([
    [null, null],
    [null, null],
    ["provider", 2_500_000],
  ]);
  const sums = (await database.run("SELECT * FROM hourly")).rows;
  // Sums came with the second version: of rows from before they are made then.
  const before = version === 1 ? 2 : 0;
  expect(
    sums.map(({ hour, model, requests, failed, input_tokens: tokens, priced, unpriced, cost }) =>
      [hour, model, requests, failed, tokens, priced, unpriced, cost].map((value) =>
        model === value ? value : Number(value),
      ),
    ),
  ).toEqual([[HOUR, "m", before + 1, before / 2, 10 * (before + 1), 1, before, 2_500_000]]);
  expect(
    (await database.run("SELECT version FROM history_migrations ORDER BY version")).rows.map((row) =>
      Number(row["version"]),
    ),
  ).toEqual(MIGRATIONS.map((_, index) => index + 1));
  await database.close();
});

test.each(KINDS)("%s: several processes migrate at once", async (kind) => {
  await using place = await openPlace(kind);
  const module = join(import.meta.dir, "../../../src/telemetry/history");
  const options =
    place.url === undefined ? { kind, path: join(place.folder, "history.sqlite") } : { kind, url: place.url };
  const script = `
    const { openDatabase } = await import(${JSON.stringify(join(module, "open-database.ts"))});
    const { migrate } = await import(${JSON.stringify(join(module, "migrations.ts"))});
    const database = await openDatabase(${JSON.stringify(options)});
    await migrate(database);
    await database.close();`;
  const children = Array.from({ length: 4 }, () =>
    Bun.spawn([process.execPath, "-e", script], { stdin: "ignore", stdout: "ignore", stderr: "pipe" }),
  );
  const said = await Promise.all(
    children.map(async ({ exited, stderr }) => [await exited, await new Response(stderr).text()]),
  );
  expect(said).toEqual(children.map(() => [0, ""]));
  expect((await place.ask("SELECT version FROM history_migrations")).length).toBe(MIGRATIONS.length);
});

test("sqlite: a file in which somebody else makes its tables is opened when that is done", async () => {
  await using place = await openPlace("sqlite");
  const path = join(place.folder, "history.sqlite");
  const other = new Database(path, { create: true });
  other.run("BEGIN IMMEDIATE");
  // What waits for the file pauses between one try and the next.
  using pause = spyOn(Bun, "sleepSync").mockImplementationOnce(() => {
    other.run("CREATE TABLE made (name TEXT)");
    other.run("COMMIT");
    other.close();
  });
  const database = await openDatabase({ kind: "sqlite", path });
  expect(pause).toHaveBeenCalledTimes(1);
  expect((await database.run("SELECT name FROM made")).rows).toEqual([]);
  await database.close();
});

test.each(KINDS)("%s: a database of a later version is left alone", async (kind) => {
  await using place = await openPlace(kind);
  const database = await open(place);
  await migrate(database);
  await database.run("INSERT INTO history_migrations (version, time) VALUES (?, ?)", [MIGRATIONS.length + 1, NOW]);
  expect(await rejectionOf(migrate(database))).toBeInstanceOf(NewerDatabase);
  await database.close();
});
