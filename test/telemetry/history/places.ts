import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { hasPostgres, type PostgresServer, startPostgres } from "../../fixtures/postgres-server.ts";

export type Kind = "sqlite" | "postgres";

/** The kinds of databases that can be tested here. */
export const KINDS: readonly Kind[] = hasPostgres ? ["sqlite", "postgres"] : ["sqlite"];

/** A folder and an empty database, and the settings with which gateways use them. */
export interface HistoryPlace extends AsyncDisposable {
  readonly kind: Kind;
  readonly folder: string;
  /** Of Postgres. */
  readonly url: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
  /** Asks the database itself. */
  ask(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

let server: Promise<PostgresServer> | undefined;
let databases = 0;

/** The server of this file of tests, which is started once. */
export const postgres = (): Promise<PostgresServer> => (server ??= startPostgres());

/** To be called when the tests of a file are over. */
export async function endPostgres(): Promise<void> {
  const started = await server;
  server = undefined;
  await started?.[Symbol.asyncDispose]();
}

export async function openPlace(kind: Kind): Promise<HistoryPlace> {
  const folder = mkdtempSync(join(tmpdir(), "history-"));
  const url = kind === "postgres" ? await (await postgres()).createDatabase(`test_${++databases}`) : undefined;
  return {
    kind,
    folder,
    url,
    settings: { HISTORY_ENABLED: "true", DATA_DIR: folder, ...(url !== undefined && { DATABASE_URL: url }) },
    async ask(statement) {
      const sql = url === undefined ? new SQL(`sqlite://${join(folder, "history.sqlite")}`) : new SQL(url, { max: 1 });
      try {
        // The gateway may be writing.
        if (url === undefined) await sql.unsafe("PRAGMA busy_timeout = 10000");
        return [...(await sql.unsafe<Record<string, unknown>[]>(statement))];
      } finally {
        await sql.close();
      }
    },
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
