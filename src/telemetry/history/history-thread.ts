import { createIngest, type Ingest, type IngestOptions, isLasting, problemOf } from "./ingest.ts";
import { runQuery } from "./run-query.ts";
import type { HistoryQuery } from "./queries.ts";

/*
 * This file is a module and, where a thread was started with it, what that thread does. So there is nothing else that the
 * builds of the gateway would have to know of. The runtime's SQLite answers at once or not at all: a batch of 500 rows takes
 * it 3 ms, for which no request is to wait.
 */

declare const self: Pick<Worker, "onmessage">;

/** With what its thread knows itself. */
const THREAD = "--thread-of-history";

/** What the thread is told: first how to open, then what was written, what is asked, and that it is to end. */
export type ThreadMessage =
  | { readonly kind: "open"; readonly options: IngestOptions; readonly slot: number; readonly segment: number }
  | { readonly kind: "written"; readonly segment: number }
  | { readonly kind: "query"; readonly id: number; readonly query: HistoryQuery }
  | { readonly kind: "close" };

/** What the thread says. */
export type ThreadReport =
  /** It reads. `problem`: why the database cannot be used yet; `isLasting` if that will stay so. */
  | { readonly kind: "opened"; readonly problem: string | undefined; readonly isLasting: boolean }
  | { readonly kind: "consumed"; readonly bytes: number }
  | { readonly kind: "dropped"; readonly count: number }
  /** The database stopped to answer, or answers again. */
  | { readonly kind: "state"; readonly problem: string | undefined }
  | { readonly kind: "answer"; readonly id: number; readonly result?: unknown; readonly problem?: string };

export const startHistoryThread = (): Worker => new Worker(import.meta.url, { argv: [THREAD], smol: true });

/** After a failure it waits so long, each time twice as long as before, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;
/** So often it looks for what other processes have left behind, and for what is too old. */
const ADOPT_MS = 30_000;
const EXPIRE_MS = 600_000;
/** At the end it goes on for so long. */
const LAST_MS = 2000;

if (!Bun.isMainThread && process.argv.includes(THREAD)) serve();

function serve(): void {
  const report = (said: ThreadReport): void => postMessage(said);
  let ingest: Ingest | undefined;
  let segment = 0;
  let problem: string | undefined;
  let waitMs = FIRST_WAIT_MS;
  let retry: Timer | undefined;
  /** One thing after the other. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };

  const setProblem = (now: string | undefined): void => {
    if ((now === undefined) !== (problem === undefined)) report({ kind: "state", problem: now });
    problem = now;
  };
  /** Brings in what there is, a batch in each turn, so that what is asked meanwhile does not wait for all of it. */
  const advance = async (): Promise<void> => {
    if (retry !== undefined) return;
    try {
      while (await inTurn(async () => (await ingest?.step()) ?? false));
      setProblem(undefined);
      waitMs = FIRST_WAIT_MS;
    } catch (error) {
      setProblem(problemOf(error));
      retry ??= setTimeout(() => {
        retry = undefined;
        void advance();
      }, waitMs);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  };
  const adopt = (): void => {
    try {
      ingest?.adopt();
    } catch (error) {
      setProblem(problemOf(error));
    }
    void advance();
  };
  const expire = async (): Promise<void> => {
    try {
      while (await inTurn(async () => (await ingest?.expire()) ?? false));
    } catch {
      // The next time, or the next batch, says why.
    }
  };

  const open = async ({ options, slot, segment: first }: ThreadMessage & { kind: "open" }): Promise<void> => {
    segment = first;
    ingest = createIngest(options, {
      slot,
      live: () => segment,
      onConsumed: (bytes) => report({ kind: "consumed", bytes }),
      onDropped: (count) => report({ kind: "dropped", count }),
    });
    try {
      await inTurn(async () => ingest?.open());
      report({ kind: "opened", problem: undefined, isLasting: false });
    } catch (error) {
      problem = problemOf(error);
      report({ kind: "opened", problem, isLasting: isLasting(options.database, error) });
    }
    adopt();
    void expire();
    setInterval(adopt, ADOPT_MS);
    setInterval(() => void expire(), EXPIRE_MS);
  };
  const answer = async ({ id, query }: ThreadMessage & { kind: "query" }): Promise<void> => {
    try {
      // With what was written until now, unless that is a lot.
      const result = await inTurn(async () => {
        await ingest?.step();
        return ingest && runQuery(await ingest.open(), query);
      });
      report({ kind: "answer", id, result });
    } catch (error) {
      report({ kind: "answer", id, problem: problemOf(error) });
    }
    void advance();
  };
  const close = async (): Promise<void> => {
    clearTimeout(retry);
    retry = undefined;
    await Promise.race([advance(), Bun.sleep(LAST_MS)]);
    await ingest?.close();
    process.exit(0);
  };

  self.onmessage = ({ data }: MessageEvent<ThreadMessage>) => {
    if (data.kind === "open") void open(data);
    else if (data.kind === "written") {
      segment = data.segment;
      void advance();
    } else if (data.kind === "query") void answer(data);
    else void close();
  };
}
