import { type HistoryDatabase, NewerDatabase, type Run } from "./database.ts";

/**
 * What makes each version of the tables from the one before, the first one from nothing. What was released is never changed:
 * another change is another migration. Numbers that may be large are BIGINT: SQLite takes every type, Postgres looks.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE requests (
      id TEXT PRIMARY KEY, time BIGINT NOT NULL, request_id TEXT NOT NULL, route TEXT NOT NULL, format TEXT NOT NULL,
      identity TEXT, provider TEXT, model TEXT, alias TEXT, attempts BIGINT NOT NULL, status BIGINT NOT NULL,
      outcome TEXT, failure TEXT, streaming BIGINT NOT NULL, input_tokens BIGINT, output_tokens BIGINT,
      cached_input_tokens BIGINT, cache_creation_tokens BIGINT, reasoning_tokens BIGINT, total_ms DOUBLE PRECISION,
      response_header_ms DOUBLE PRECISION, first_byte_ms DOUBLE PRECISION, queue_ms DOUBLE PRECISION,
      bytes_in BIGINT NOT NULL, bytes_out BIGINT NOT NULL, client_address TEXT)`,
  ],
  [
    `CREATE TABLE hourly (
      hour BIGINT NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, identity TEXT NOT NULL, requests BIGINT NOT NULL,
      failed BIGINT NOT NULL, input_tokens BIGINT NOT NULL, output_tokens BIGINT NOT NULL,
      cached_input_tokens BIGINT NOT NULL, cache_creation_tokens BIGINT NOT NULL, reasoning_tokens BIGINT NOT NULL,
      total_ms DOUBLE PRECISION NOT NULL, PRIMARY KEY (hour, provider, model, identity))`,
    `INSERT INTO hourly SELECT
      time - time % 3600000, COALESCE(provider, ''), COALESCE(model, ''), COALESCE(identity, ''), COUNT(*),
      SUM(CASE WHEN status >= 400 OR outcome IN ('failed', 'cut') THEN 1 ELSE 0 END), COALESCE(SUM(input_tokens), 0),
      COALESCE(SUM(output_tokens), 0), COALESCE(SUM(cached_input_tokens), 0), COALESCE(SUM(cache_creation_tokens), 0),
      COALESCE(SUM(reasoning_tokens), 0), COALESCE(SUM(total_ms), 0)
      FROM requests GROUP BY 1, 2, 3, 4`,
  ],
  [
    "ALTER TABLE requests ADD COLUMN usage_source TEXT",
    "ALTER TABLE requests ADD COLUMN cost BIGINT",
    // What was answered before has no price that is known.
    "ALTER TABLE hourly ADD COLUMN priced BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE hourly ADD COLUMN unpriced BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE hourly ADD COLUMN cost BIGINT NOT NULL DEFAULT 0",
    `UPDATE hourly SET unpriced = requests WHERE input_tokens + output_tokens > 0`,
  ],
  [
    `CREATE TABLE contents (
      id TEXT PRIMARY KEY, owner TEXT NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL,
      request_is_cut BIGINT NOT NULL, response_is_cut BIGINT NOT NULL, bytes BIGINT NOT NULL)`,
    // What all of them take is read from this alone.
    "CREATE INDEX contents_bytes ON contents (bytes)",
  ],
];

/** Of the lock under which one process at a time migrates a Postgres database; any number that nobody else takes. */
const ADVISORY_LOCK = 7_310_579_623;

/**
 * Brings the tables to the last version, or up to the one that is named. Processes that do so at once do it one after the
 * other, and one that ends within leaves it undone.
 * @throws NewerDatabase
 */
export async function migrate(database: HistoryDatabase, upTo = MIGRATIONS.length): Promise<void> {
  if (database.kind === "postgres" && (await isCurrent(database.run, upTo))) return;
  await database.transaction(async (run) => {
    // SQLite's transaction has the lock already.
    if (database.kind === "postgres") await run(`SELECT pg_advisory_xact_lock(${ADVISORY_LOCK})`);
    await run("CREATE TABLE IF NOT EXISTS history_migrations (version BIGINT PRIMARY KEY, time BIGINT NOT NULL)");
    const version = await readVersion(run);
    if (version > MIGRATIONS.length) {
      throw new NewerDatabase(`its tables are of version ${version}, and this gateway knows ${MIGRATIONS.length}`);
    }
    for (const [index, statements] of MIGRATIONS.slice(0, upTo).entries()) {
      if (index < version) continue;
      for (const statement of statements) await run(statement);
      await run("INSERT INTO history_migrations (version, time) VALUES (?, ?)", [index + 1, Date.now()]);
    }
  });
}

async function readVersion(run: Run): Promise<number> {
  const { rows } = await run("SELECT MAX(version) AS version FROM history_migrations");
  return Number(rows[0]?.["version"] ?? 0);
}

/** So that a server whose tables are good is not asked for the right to make some. */
async function isCurrent(run: Run, version: number): Promise<boolean> {
  const { rows } = await run("SELECT to_regclass('history_migrations') IS NOT NULL AS known");
  return rows[0]?.["known"] === true && (await readVersion(run)) === version;
}
