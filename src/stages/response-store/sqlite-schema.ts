import type { Database } from "bun:sqlite";

const VERSION = 1;

/**
 * `used` is in milliseconds since the epoch. Texts are apart from it, because SQLite writes a row anew with its text when
 * any of it changes. The totals are those of each owner, and of all under an empty name.
 */
const TABLES = `
CREATE TABLE responses (id TEXT PRIMARY KEY, owner TEXT NOT NULL, used INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX responses_used ON responses (used);
CREATE INDEX responses_of_owner ON responses (owner, used);
CREATE TABLE texts (id TEXT PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE items (owner TEXT, item TEXT, id TEXT NOT NULL, PRIMARY KEY (owner, item)) WITHOUT ROWID;
CREATE INDEX items_of_response ON items (id);
CREATE TABLE totals (owner TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER response_kept AFTER INSERT ON responses BEGIN
  INSERT INTO totals VALUES (new.owner, new.bytes), ('', new.bytes)
    ON CONFLICT (owner) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER response_dropped AFTER DELETE ON responses BEGIN
  UPDATE totals SET bytes = bytes - old.bytes WHERE owner IN (old.owner, '');
  DELETE FROM totals WHERE owner = old.owner AND bytes <= 0;
  DELETE FROM texts WHERE id = old.id;
  DELETE FROM items WHERE id = old.id;
END;
PRAGMA user_version = ${VERSION};
`;

/**
 * Prepares a database for one of several processes that may begin with it at the same time.
 * @param timeoutMs how long a call may wait for others that have it locked
 * @throws Error if it cannot be used, or is that of something else
 */
export function prepareDatabase(database: Database, timeoutMs: number): void {
  // At the start one waits longer for another.
  database.run("PRAGMA busy_timeout = 5000");
  database.run("PRAGMA journal_mode = WAL");
  // What was committed before a crash of the process stays, and a crash of the machine leaves a database that is whole.
  database.run("PRAGMA synchronous = NORMAL");
  // What is deleted is not in the file any more.
  database.run("PRAGMA secure_delete = ON");
  database.run("PRAGMA journal_size_limit = 16777216");
  database
    .transaction(() => {
      const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
      if (version === VERSION) return;
      const tables = database.query<{ count: number }, []>("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
      if (tables !== 0) throw new Error("it is no store of responses that this version knows");
      database.run(TABLES);
    })
    .immediate();
  database.run(`PRAGMA busy_timeout = ${timeoutMs}`);
}
