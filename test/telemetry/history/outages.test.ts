import { afterAll, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import type { RequestContext } from "../../../src/core/request-context.ts";
import { openHistory } from "../../../src/telemetry/history/open-history.ts";
import { createBlockReader } from "../../../src/telemetry/history/read-blocks.ts";
import { lockSlot, openFolder, segmentPath, sparePath } from "../../../src/telemetry/history/spool-files.ts";
import { json } from "../../fixtures/answers.ts";
import { freePort } from "../../fixtures/free-port.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { within } from "../../fixtures/within.ts";
import { CHAT } from "../../routes/requests.ts";
import { startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { endPostgres, type HistoryPlace, KINDS, openPlace, postgres } from "./places.ts";
import { blocksOf, lineOf } from "./written-rows.ts";
import { scratchFolder } from "../../fixtures/scratch-folder.ts";

afterAll(endPostgres);

/** More rows than there is room for in the bound below. */
const MANY = 1000;
const BOUND = 64 * 1024;

const requestOf = (index: number) =>
  ({
    id: `r${index}`,
    route: "/v1/chat/completions",
    startedAt: 0,
    status: 200,
    outcome: "answered",
    streaming: true,
    bytesIn: 1,
    bytesOut: 2,
  }) as unknown as RequestContext;

async function openIn({ folder }: Pick<HistoryPlace, "folder">, databaseUrl: string | undefined) {
  const changes: (string | undefined)[] = [];
  const losses: (number | undefined)[] = [];
  const history = await openHistory(
    {
      ...{ directory: folder, databaseUrl, retentionMs: 3_600_000, rollUpRetentionMs: 3_600_000, maxSpoolBytes: BOUND },
      ...{ keepsContent: false, contentMs: 3_600_000, maxContentBytes: 1 << 30 },
    },
    {
      formats: new Map([["/v1/chat/completions", "chat"]]),
      clock: Date.now,
      timers: BACKGROUND_TIMERS,
      onChange: (problem) => changes.push(problem),
      onLost: (count) => losses.push(count),
    },
  );
  return { history, changes, losses };
}

const ALL = { kind: "requests", from: 0, to: 1e14, filters: [], limit: 1000, after: undefined } as const;

const spooled = (folder: string) =>
  readdirSync(join(folder, "history-spool"))
    .filter((name) => name.endsWith(".segment"))
    .flatMap((name) => createBlockReader()(readFileSync(join(folder, "history-spool", name)), true).rows);

test("what is beyond the bound is lost, counted, and told once", async () => {
  await using place = await openPlace("sqlite");
  const { history, changes, losses } = await openIn(place, `postgres://nobody@127.0.0.1:${await freePort()}/none`);
  for (let index = 0; index < MANY; index++) history.observe(requestOf(index), 5);
  expect(history.lost()).toBeWithin(1, MANY);
  const rows = spooled(place.folder);
  expect(rows.length).toBe(MANY - history.lost());
  expect(losses).toEqual([undefined]);
  expect(changes.map((problem) => typeof problem)).toEqual(["string"]);
  await history.close();
  expect(losses).toEqual([undefined, history.lost()]);
  // They are in the database as soon as there is one.
  const next = await openIn(place, undefined);
  expect((await next.history.requests(ALL)).rows.length).toBe(rows.length);
  await next.history.close();
});

test("a server that is away from the start is not said to be back because no row waits for it", async () => {
  await using place = await openPlace("sqlite");
  const { history, changes } = await openIn(place, `postgres://nobody@127.0.0.1:${await freePort()}/none`);
  // The thread answers after what it does at its start.
  for (let count = 0; count < 2; count++) await history.requests(ALL).catch(() => {});
  await history.close();
  expect(changes.map((problem) => typeof problem)).toEqual(["string"]);
});

test("a file that is no database is named, and left as it is", async () => {
  await using place = await openPlace("sqlite");
  const path = join(place.folder, "history.sqlite");
  const text = "no database ".repeat(100);
  writeFileSync(path, text);
  const error = await openIn(place, undefined).catch((caught: unknown) => caught);
  expect(String(error)).toContain(`the history in ${path} cannot be used: file is not a database`);
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a file that cannot be removed does not keep the history from closing", async () => {
  await using place = await openPlace("sqlite");
  const { history } = await openIn(place, undefined);
  const spool = join(place.folder, "history-spool");
  mkdirSync(sparePath(spool, 0));
  await history.close();
  using slot = lockSlot(spool, 0);
  expect(slot?.number).toBe(0);
});

test.skipIf(!KINDS.includes("postgres"))("rows are taken again once the database is back", async () => {
  await using place = await openPlace("postgres");
  const server = await postgres();
  const { history, losses } = await openIn(place, place.url);
  await server.kill();
  let sent = 0;
  for (; history.lost() === 0; sent++) history.observe(requestOf(sent), 5);
  await server.start();
  // The first one that finds room again says how many did not.
  const isBack = async (): Promise<void> => {
    while (losses.length < 2) {
      await Bun.sleep(20);
      history.observe(requestOf(sent++), 5);
    }
  };
  await within(isBack(), 10_000, "room for rows");
  await history.close();
  expect(losses).toEqual([undefined, history.lost()]);
  expect((await place.ask("SELECT id FROM requests")).length).toBe(sent - history.lost());
});

/** Leaves a segment with a row, as a process that was killed does. */
function leaveSegment(folder: string, slot: number): void {
  // Of a millisecond of its own, so that ids are in the order of slots.
  const whole = blocksOf([requestOf(slot)], Date.now() - 100 + slot);
  // And the beginning of one that it had no time for.
  writeFileSync(segmentPath(folder, slot, 1), Buffer.concat([whole, whole.subarray(0, 40)]));
}

test("what processes have left behind that are gone is taken over, and what others still write is not", async () => {
  await using place = await openPlace("sqlite");
  const folder = join(place.folder, "history-spool");
  openFolder(folder);
  const others = lockSlot(folder, 3);
  for (const slot of [3, 7]) leaveSegment(folder, slot);
  const found = async () => {
    const { history, losses } = await openIn(place, undefined);
    // Each query brings in a batch first.
    for (let count = 0; count < 3; count++) await history.requests(ALL);
    const { rows } = await history.requests(ALL);
    await history.close();
    const left = readdirSync(folder).filter((name) => name.endsWith(".segment"));
    return { ids: rows.map(({ request_id: id }) => id), left, losses };
  };
  expect(await found()).toEqual({ ids: ["r7"], left: ["3-1.segment"], losses: [1] });
  others?.[Symbol.dispose]();
  expect(await found()).toEqual({ ids: ["r7", "r3"], left: [], losses: [1] });
});

test("what a former version has left behind is brought in, each row once", async () => {
  await using place = await openPlace("sqlite");
  const folder = join(place.folder, "history-spool");
  openFolder(folder);
  const rows = createBlockReader()(blocksOf([0, 1, 2, 3].map(requestOf), Date.now()), true).rows;
  const lines = rows.map(lineOf);
  // In the slot that this process gets, of which one row is in the database already, and in one of a process that is gone.
  writeFileSync(join(folder, "0-4.rows"), Buffer.concat(lines.slice(0, 2)));
  writeFileSync(join(folder, "0-5.rows"), Buffer.concat([lines[0]!, lines[2]!]));
  writeFileSync(join(folder, "6-1.rows"), Buffer.concat([lines[3]!, lines[3]!.subarray(0, 40)]));
  // A later version was there before, and neither counts the files of the other.
  writeFileSync(join(folder, "0-4.blocks"), blocksOf([requestOf(5)], Date.now()));
  const { history, losses } = await openIn(place, undefined);
  history.observe(requestOf(4), 5);
  for (let count = 0; count < 5; count++) await history.requests(ALL);
  const found = (await history.requests(ALL)).rows;
  await history.close();
  expect(found.map(({ request_id: id }) => id).sort()).toEqual(["r0", "r1", "r2", "r3", "r4", "r5"]);
  expect(found.map(({ id }) => id)).toEqual(expect.arrayContaining(rows.map(([id]) => id)));
  expect(readdirSync(folder).filter((name) => !name.endsWith(".lock"))).toEqual([]);
  expect(losses).toEqual([1]);
});

/** A folder on a disk of its own, which is small; undefined where none can be made. */
function mountSmallDisk(): (Pick<HistoryPlace, "folder"> & Disposable) | undefined {
  const folder = scratchFolder("small-disk");
  const isMounted =
    process.platform === "linux" &&
    Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], { stderr: "ignore" }).exitCode === 0;
  const remove = (): void => {
    if (isMounted) Bun.spawnSync(["umount", "-l", folder]);
  };
  if (isMounted) return { folder, [Symbol.dispose]: remove };
  remove();
  console.log("skipped: a full disk, because none can be mounted here");
  return undefined;
}

/** Takes all that is left of a disk. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let size = 65_536; size >= 1; size >>= 1) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch {
        // A smaller piece may still fit.
      }
    }
  } finally {
    closeSync(file);
  }
}

test("a full disk costs no row and no request", async () => {
  using disk = mountSmallDisk();
  if (!disk) return;
  const settings = { HISTORY_ENABLED: "true", DATA_DIR: join(disk.folder, "data") };
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...settings }));
  started.answerWith(json(200, { usage: { prompt_tokens: 1, completion_tokens: 1 } }));
  const ask = async (count: number): Promise<void> => {
    for (let each = 0; each < count; each++) {
      const response = await started.post("/v1/chat/completions", CHAT);
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
  };
  const changed = () => started.gateway.log.filter(({ msg }) => String(msg).startsWith("the request history"));
  await ask(20);
  fill(join(disk.folder, "ballast"));
  await ask(200);
  await started.gateway.logged(({ msg, level }) => level === "warn" && String(msg).startsWith("the request history"));
  unlinkSync(join(disk.folder, "ballast"));
  await started.gateway.logged(({ msg }) => msg === "the request history is written again");
  await ask(20);
  const { data } = (await (await fetch(`${started.gateway.url}/v1/usage`)).json()) as { data: { requests: number }[] };
  expect(data[0]?.requests).toBe(240);
  expect(changed().map(({ level }) => level)).toEqual(["warn", "info"]);
});

test("rows that a full disk has not taken until the end are lost, counted and told", async () => {
  using disk = mountSmallDisk();
  if (!disk) return;
  const ballast = join(disk.folder, "ballast");
  const { history, losses } = await openIn(disk, undefined);
  for (let index = 0; index < 10; index++) history.observe(requestOf(index), 5);
  fill(ballast);
  for (let index = 10; index < 300; index++) history.observe(requestOf(index), 5);
  await history.close();
  unlinkSync(ballast);
  const next = await openIn(disk, undefined);
  const { rows } = await next.history.requests(ALL);
  await next.history.close();
  expect(rows.length).toBeWithin(10, 300);
  expect([history.lost(), losses]).toEqual([300 - rows.length, [300 - rows.length]]);
});

test.each([
  ["DATA_DIR", "a folder that is a file", (folder: string) => ({ DATA_DIR: join(folder, "file", "data") })],
  ["DATA_DIR", "a file that is no database", (folder: string) => ({ DATA_DIR: join(folder, "broken") })],
])("%s: %s is said at the start", async (name, _, settings) => {
  await using place = await openPlace("sqlite");
  await Bun.write(join(place.folder, "file"), "x");
  mkdirSync(join(place.folder, "broken"));
  await Bun.write(join(place.folder, "broken", "history.sqlite"), "no database".repeat(1000));
  const start = startGateway({ HISTORY_ENABLED: "true", ...settings(place.folder) });
  const problem = await start.then(
    () => "",
    (error: unknown) => String(error),
  );
  expect(problem).toContain(`${name} is not accepted`);
});

test("a start that fails later leaves no thread that has the history open", async () => {
  await using place = await openPlace("sqlite");
  const settings = { ...place.settings, TELEMETRY_TRACING_ENABLED: "true" };
  const start = startGateway({ ...settings, OTEL_EXPORTER_OTLP_CERTIFICATE: join(place.folder, "none.pem") });
  expect(
    await start.then(
      () => "",
      (error: unknown) => String(error),
    ),
  ).toContain("OTEL_EXPORTER_OTLP_CERTIFICATE");
  expect(readdirSync(place.folder)).toContain("history.sqlite");
  using slot = lockSlot(join(place.folder, "history-spool"), 0);
  expect(slot?.number).toBe(0);
  // Whoever closes the database last removes its log.
  expect(readdirSync(place.folder).filter((name) => name.endsWith("-wal"))).toEqual([]);
});

test("a URL that names no Postgres server is refused", async () => {
  for (const url of ["mysql://host/database", "postgres:", "localhost:5432"]) {
    const problem = await startGateway({ HISTORY_ENABLED: "true", DATABASE_URL: url }).then(String, String);
    expect(problem).toContain("DATABASE_URL must be a URL such as postgres://");
  }
});
