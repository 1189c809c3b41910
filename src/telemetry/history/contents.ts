import { identityOf } from "../../core/identity.ts";
import type { Principal } from "../../core/request-context.ts";
import { DataRefused, type HistoryDatabase, type Run } from "./database.ts";
import { lowestId } from "./row-id.ts";
import type { ContentMessage, KeptText } from "./content-message.ts";

/** What is kept of bodies, compressed. */
export interface ContentsOptions {
  /** For how long, in milliseconds. */
  readonly contentMs: number;
  /** How many bytes, of all together. */
  readonly maxContentBytes: number;
}

/** What was asked and answered, as it is read again. */
export interface ShownContent {
  readonly request: string;
  readonly response: string;
  readonly request_is_cut: boolean;
  readonly response_is_cut: boolean;
}

/** Who may read what a client has asked: that client. One hash for all if nobody is asked who they are. */
export const ownerOf = (principal: Principal | undefined): string =>
  new Bun.CryptoHasher("sha256").update(identityOf(principal) ?? "").digest("base64url");

const INSERTION = `INSERT INTO contents (id, owner, request, response, request_is_cut, response_is_cut, bytes)
  VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`;

/** What became of contents. */
export interface InsertedContents {
  /** How many bytes they take. */
  readonly bytes: number;
  /** How many the database refuses. */
  readonly refused: number;
}

/** Adds contents; those that the database refuses are found by halves, so that they cost no others. @throws DatabaseAway */
export async function insertContents(
  database: HistoryDatabase,
  contents: readonly ContentMessage[],
): Promise<InsertedContents> {
  try {
    return { bytes: await insertTogether(database, contents), refused: 0 };
  } catch (error) {
    if (!(error instanceof DataRefused)) throw error;
    if (contents.length === 1) return { bytes: 0, refused: 1 };
    const half = contents.length >> 1;
    const first = await insertContents(database, contents.slice(0, half));
    const second = await insertContents(database, contents.slice(half));
    return { bytes: first.bytes + second.bytes, refused: first.refused + second.refused };
  }
}

/** All of them or none. @returns how many bytes they take */
const insertTogether = (database: HistoryDatabase, contents: readonly ContentMessage[]): Promise<number> =>
  database.transaction(async (run) => {
    let bytes = 0;
    for (const { id, owner, request, response } of contents) {
      const [asked, answered] = [compress(request), compress(response)];
      const flags = [Number(request.isCut), Number(response.isCut)];
      bytes += asked.length + answered.length;
      await run(INSERTION, [id, owner, asked, answered, ...flags, asked.length + answered.length]);
    }
    return bytes;
  });

/** In Base64, because the two databases have no type for bytes in common. */
const compress = ({ text }: KeptText): string => Bun.zstdCompressSync(Buffer.from(text)).toString("base64");

const decompress = (text: unknown): string => Bun.zstdDecompressSync(Buffer.from(String(text), "base64")).toString();

/** What was kept of a request; undefined if nothing was, or if it is another's. */
export async function readContent(run: Run, id: string, owner: string): Promise<ShownContent | undefined> {
  const { rows } = await run("SELECT * FROM contents WHERE id = ? AND owner = ?", [id, owner]);
  const [row] = rows;
  return (
    row && {
      request: decompress(row["request"]),
      response: decompress(row["response"]),
      request_is_cut: Number(row["request_is_cut"]) === 1,
      response_is_cut: Number(row["response_is_cut"]) === 1,
    }
  );
}

/** So many are removed by one statement. */
const REMOVED_AT_ONCE = 1000;

/** Removes what is too old. @returns whether there may be more */
export async function expireContents(run: Run, { contentMs }: ContentsOptions, time: number): Promise<boolean> {
  const { count } = await run(
    "DELETE FROM contents WHERE id IN (SELECT id FROM contents WHERE id < ? ORDER BY id LIMIT ?)",
    [lowestId(time - contentMs), REMOVED_AT_ONCE],
  );
  return count === REMOVED_AT_ONCE;
}

/** Removes what is too much, the oldest first. @returns whether there may be more */
export async function trimContents(run: Run, { maxContentBytes }: ContentsOptions): Promise<boolean> {
  const sums = await run("SELECT COALESCE(SUM(bytes), 0) AS bytes FROM contents");
  let excess = Number(sums.rows[0]?.["bytes"] ?? 0) - maxContentBytes;
  if (excess <= 0) return false;
  const { rows } = await run("SELECT id, bytes FROM contents ORDER BY id LIMIT ?", [REMOVED_AT_ONCE]);
  const last = rows.find(({ bytes }) => (excess -= Number(bytes)) <= 0);
  await run("DELETE FROM contents WHERE id <= ?", [String((last ?? rows.at(-1))?.["id"] ?? "")]);
  return last === undefined;
}
