import { DatabaseAway } from "./database.ts";
import { createIngest, type Ingest, isLasting, problemOf } from "./ingest.ts";
import { runQuery } from "./run-query.ts";
import type { ContentMessage } from "./content-message.ts";
import type { SpoolPosition } from "./spool-files.ts";
import type { AskedQuery, ThreadOpening, ThreadReport } from "./thread-messages.ts";

/** After a failure it waits so long, each time twice as long as before, in milliseconds. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5000;
const FIRST_ANSWER_MS = 1000;
/** So often it looks for what other processes have left behind, and for what is too old. */
const ADOPT_MS = 30_000;
const EXPIRE_MS = 600_000;
/** At the end it goes on for so long. */
const LAST_MS = 2000;

/** What the thread of the history does: brings rows in, answers, and removes what is too old, one thing after the other. */
export interface ThreadWork {
  open(opening: ThreadOpening): Promise<void>;
  /** So far rows are written. */
  written(position: SpoolPosition): void;
  /** To be kept when rows are brought in next. */
  contents(contents: readonly ContentMessage[]): void;
  answer(asked: AskedQuery): Promise<void>;
  /** Goes on for a moment, then resolves. */
  close(): Promise<void>;
}

export function createThreadWork(report: (said: ThreadReport) => void): ThreadWork {
  let ingest: Ingest | undefined;
  /** None at the end, when nothing is written any more. */
  let position: SpoolPosition | undefined;
  const inTurn = createTurns();
  const advancing = createAdvancing({
    step: () => inTurn(async () => (await ingest?.step()) ?? false),
    reach: () => inTurn(async () => ingest?.open()),
    report,
  });

  const adopt = (): void => {
    try {
      ingest?.adopt();
    } catch (error) {
      advancing.fail(error);
    }
    void advancing.advance();
  };
  const expire = async (): Promise<void> => {
    try {
      while (await inTurn(async () => (await ingest?.expire()) ?? false));
    } catch {
      // The next batch says why.
    }
  };

  return {
    async open({ options, slot, position: first }) {
      position = first;
      ingest = createIngest(options, {
        slot,
        live: () => position,
        onConsumed: (bytes) => report({ kind: "consumed", bytes }),
        onDropped: (count) => report({ kind: "dropped", count }),
        onContents: (characters, lost) => report({ kind: "contents", characters, lost }),
      });
      try {
        const opened = inTurn(async () => ingest?.open());
        await (options.database.kind === "sqlite" ? opened : Promise.race([opened, giveUp()]));
        report({ kind: "opened", problem: undefined, isLasting: false });
      } catch (error) {
        advancing.begin(error);
        report({ kind: "opened", problem: problemOf(error), isLasting: isLasting(options.database, error) });
      }
      adopt();
      void expire();
      setInterval(adopt, ADOPT_MS);
      setInterval(() => void expire(), EXPIRE_MS);
    },
    written(reached) {
      position = reached;
      void advancing.advance();
    },
    contents: (contents) => ingest?.addContents(contents),
    async answer({ id, query, position: reached }) {
      position = reached;
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
      void advancing.advance();
    },
    async close() {
      // The last one is complete now, too, and is removed when all of it is in the database.
      position = undefined;
      await Promise.race([advancing.advanceLast(), Bun.sleep(LAST_MS)]);
      await ingest?.close();
    },
  };
}

/** A server that is away is not waited for at the start of the gateway. */
async function giveUp(): Promise<never> {
  await Bun.sleep(FIRST_ANSWER_MS);
  throw new DatabaseAway(`no answer within ${FIRST_ANSWER_MS} ms`);
}

/** Makes what does one thing after the other. */
function createTurns(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let turn: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
}

interface AdvancingParts {
  /** @returns whether there was something */
  readonly step: () => Promise<boolean>;
  /** Resolves if the database is there. */
  readonly reach: () => Promise<unknown>;
  readonly report: (said: ThreadReport) => void;
}

/**
 * Goes on as long as there is something, a batch in each turn, so that what is asked meanwhile does not wait for all of it;
 * and after a failure by itself, a while later.
 */
function createAdvancing({ step, reach, report }: AdvancingParts) {
  let problem: string | undefined;
  let waitMs = FIRST_WAIT_MS;
  let retry: Timer | undefined;

  const fail = (error: unknown): void => {
    if (problem === undefined) report({ kind: "state", problem: problemOf(error) });
    problem = problemOf(error);
  };
  const advance = async (): Promise<void> => {
    if (retry !== undefined) return;
    try {
      while (await step());
      // Where nothing waited, nothing has asked the database.
      if (problem !== undefined) {
        await reach();
        report({ kind: "state", problem: undefined });
      }
      problem = undefined;
      waitMs = FIRST_WAIT_MS;
    } catch (error) {
      fail(error);
      retry ??= setTimeout(() => {
        retry = undefined;
        void advance();
      }, waitMs);
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    }
  };
  return {
    advance,
    fail,
    /** It has failed from the beginning, which was told already. */
    begin(error: unknown) {
      problem = problemOf(error);
    },
    /** Without waiting any more. */
    advanceLast() {
      clearTimeout(retry);
      retry = undefined;
      return advance();
    },
  };
}
