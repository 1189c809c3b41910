import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createRandom } from "../../fixtures/random.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { patient } from "../../fixtures/within.ts";
import { endPostgres, type HistoryPlace, KINDS, openPlace, postgres } from "./places.ts";

afterAll(endPostgres);

const WRITER = join(import.meta.dir, "row-writer.ts");

interface Written {
  /** The first index that was not said to be written. */
  readonly next: number;
  readonly errors: string;
}

/** Writes rows in another process. @param killAfterMs when it is killed, counted from when it is ready; never if absent */
async function write(place: HistoryPlace, first: number, count: number, killAfterMs?: number): Promise<Written> {
  const child = Bun.spawn([process.execPath, WRITER, place.folder, place.url ?? "", String(first), String(count)], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let said = "";
  let timer: Timer | undefined;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    said += text;
    if (killAfterMs !== undefined) timer ??= setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  }
  await child.exited;
  clearTimeout(timer);
  const lines = said
    .slice(0, said.lastIndexOf("\n") + 1)
    .trimEnd()
    .split("\n");
  const last = Number(lines.at(-1));
  return { next: Number.isNaN(last) ? first : last, errors: await new Response(child.stderr).text() };
}

/** How many rows a process that wrote nothing else to standard error called lost. */
function lostIn(errors: string): number {
  expect(errors).toMatch(/^(?:lost \d*\n)*$/);
  return [...errors.matchAll(/\d+/g)].reduce((sum, [count]) => sum + Number(count), 0);
}

/**
 * Starts processes, which each bring in what is left for a while, until nothing is.
 * @param torn how many rows may be called lost: of each process that was killed the one that it was writing, of which it
 * had told nobody
 */
async function finish(place: HistoryPlace, first: number, torn = 0): Promise<readonly [first: number, next: number]> {
  let lost = 0;
  for (let next = first; ; next += 10) {
    const { next: reached, errors } = await write(place, next, 10);
    lost += lostIn(errors);
    expect(reached).toBe(next + 10);
    expect(lost).toBeLessThanOrEqual(torn);
    if (!readdirSync(join(place.folder, "history-spool")).some((name) => name.endsWith(".segment")))
      return [first, next + 10];
  }
}

async function expectEachOnce(place: HistoryPlace, ranges: readonly (readonly [first: number, next: number])[]) {
  const rows = await place.ask("SELECT request_id FROM requests");
  const counts = new Map<string, number>();
  for (const { request_id: id } of rows) counts.set(String(id), (counts.get(String(id)) ?? 0) + 1);
  const doubled = [...counts].filter(([, count]) => count > 1);
  const missing = ranges.flatMap(([first, next]) =>
    Array.from({ length: next - first }, (_, index) => `r${first + index}`).filter((id) => !counts.has(id)),
  );
  expect({ doubled: doubled.slice(0, 5), missing: missing.slice(0, 5) }).toEqual({ doubled: [], missing: [] });
  const [sums] = await place.ask("SELECT SUM(requests) AS requests, SUM(input_tokens) AS tokens FROM hourly");
  expect([Number(sums?.["requests"]), Number(sums?.["tokens"])]).toEqual([rows.length, 10 * rows.length]);
}

/** So many rows of one process at most; `HISTORY_ROWS=1000000` in the environment tries a million. */
const ROWS = Number(process.env["HISTORY_ROWS"] ?? 5000);

test.each(KINDS)(
  "no row is lost or doubled in %s by processes that are killed",
  async (kind) => {
    await using place = await openPlace(kind);
    const { numRuns } = propertyRuns(3);
    const random = createRandom(Date.now());
    const ranges: (readonly [number, number])[] = [];
    let lost = 0;
    for (let run = 0, first = 0; run < numRuns; run++, first += ROWS) {
      const { next, errors } = await write(place, first, ROWS, random.below(ROWS / 50));
      lost += lostIn(errors);
      ranges.push([first, next]);
    }
    expect(lost).toBeLessThanOrEqual(numRuns);
    ranges.push(await finish(place, numRuns * ROWS, numRuns - lost));
    expect(ranges.reduce((sum, [from, next]) => sum + next - from, 0)).toBeGreaterThan(100);
    await expectEachOnce(place, ranges);
  },
  patient(30_000),
);

test.skipIf(!KINDS.includes("postgres"))(
  "no row is lost or doubled while the server is killed, stopped and started again",
  async () => {
    await using place = await openPlace("postgres");
    const server = await postgres();
    const random = createRandom(Date.now());
    const written = write(place, 0, ROWS);
    for (const leave of [server.kill, server.stop]) {
      await Bun.sleep(random.below(200));
      await leave();
      await server.start();
    }
    expect(await written).toEqual({ next: ROWS, errors: "" });
    // What the process had no more time for is brought in by the next one.
    await expectEachOnce(place, [[0, ROWS], await finish(place, ROWS)]);
  },
  patient(30_000),
);
