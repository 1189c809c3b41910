import type { DatabaseOptions, HistoryDatabase } from "./database.ts";

/** Opens it; what is wrong with a server shows with the first statement. Only the code of that kind is loaded. */
export async function openDatabase(options: DatabaseOptions): Promise<HistoryDatabase> {
  return options.kind === "sqlite"
    ? (await import("./sqlite-database.ts")).openSqlite(options.path)
    : (await import("./postgres-database.ts")).openPostgres(options.url);
}
