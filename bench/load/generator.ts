/** The load generator, a process of its own: takes a {@link LoadCommand} at a time by IPC. */
import { spread } from "../measure/statistics.ts";
import { EVENT_COUNTS } from "../../test/fixtures/load-provider-answers.ts";
import { chatBody } from "../../test/fixtures/load-chat-body.ts";
import { type Connection, connect, postRequest } from "../../test/fixtures/load-connection.ts";
import type { LoadCommand, LoadPlan, LoadReply, LoadResult } from "./plan.ts";

const LONGEST_RUN_MS = 30_000;
const MAX_ERRORS = 100;
const LINE_FEED = 10;

/** One run of a plan, as far as it has come. */
type Run = Record<"begun" | "events" | "missing" | "merged" | "errors", number> & {
  readonly plan: LoadPlan;
  readonly until: number;
  readonly dial: () => Promise<Connection>;
  /** Bytes of the next request. */
  readonly next: () => Uint8Array;
  readonly latency: number[];
  readonly firstEvent: number[];
  readonly reasons: Set<string>;
};

/** Counts the empty lines that end events, over pieces cut anywhere. */
function eventCounter(): (piece: Buffer) => number {
  let endsInLineFeed = false;
  return (piece) => {
    let count = endsInLineFeed && piece[0] === LINE_FEED ? 1 : 0;
    for (let at = piece.indexOf("\n\n"); at >= 0; at = piece.indexOf("\n\n", at + 2)) count += 1;
    endsInLineFeed = piece[piece.length - 1] === LINE_FEED && piece[piece.length - 2] !== LINE_FEED;
    return count;
  };
}

function fail(run: Run, reason: string): void {
  run.errors += 1;
  if (run.reasons.size < 5) run.reasons.add(reason);
}

function exchange(connection: Connection, run: Run): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const expected = EVENT_COUNTS[run.plan.answer] ?? 0;
  const count = expected > 0 ? eventCounter() : undefined;
  let events = 0;
  let pieces = 0;
  let bytes = 0;
  const settle = (): void => {
    run.events += events;
    // The closing [DONE], which comes with the last event, counts as one more.
    if (expected > 0) run.missing += Math.max(0, expected + 1 - events);
    if (run.plan.answer === "paced" && events > expected) run.merged += Math.max(0, expected - pieces);
  };
  const sentAt = performance.now();
  run.begun += 1;
  connection.send(run.next(), {
    body(piece, at) {
      bytes += piece.length;
      const found = count?.(piece) ?? 0;
      if (found === 0) return;
      if (events === 0) run.firstEvent.push(at - sentAt);
      pieces += 1;
      events += found;
    },
    done(status, at) {
      run.latency.push(at - sentAt);
      settle();
      if (status !== 200) fail(run, `status ${status}`);
      else if (bytes === 0 || (expected > 0 && events <= expected)) fail(run, `a short answer: ${events} events`);
      resolve();
    },
    failed(reason) {
      settle();
      fail(run, reason);
      resolve();
    },
  });
  return promise;
}

async function closedLoop(run: Run): Promise<void> {
  const { plan } = run;
  const client = async (index: number): Promise<void> => {
    let connection = await run.dial();
    // Streams of one pace begun together would stay in step and measure bursts.
    if (plan.answer === "paced") await Bun.sleep((index / plan.connections) * 200);
    while (run.begun < plan.requests && (performance.now() < run.until || run.begun < plan.connections)) {
      await exchange(connection, run);
      if (run.errors > MAX_ERRORS) break;
      if (!connection.usable()) connection = await run.dial();
    }
  };
  await Promise.all(Array.from({ length: plan.connections }, (_, index) => client(index)));
}

async function openLoop(run: Run): Promise<void> {
  const { plan } = run;
  const idle: Connection[] = [];
  const pending = new Set<Promise<void>>();
  const one = async (): Promise<void> => {
    const connection = idle.shift() ?? (await run.dial());
    await exchange(connection, run);
    if (connection.usable()) idle.push(connection);
  };
  const beganAt = performance.now();
  for (let planned = 0; performance.now() < run.until && planned < plan.requests;) {
    const wait = beganAt + (planned * 1000) / plan.rate - performance.now();
    if (wait > 0) {
      await Bun.sleep(Math.max(1, wait));
      continue;
    }
    planned += 1;
    if (pending.size >= plan.connections) {
      fail(run, "more requests in flight than connections");
      await Promise.race(pending);
    }
    const sent = one().finally(() => pending.delete(sent));
    pending.add(sent);
  }
  await Promise.all(pending);
}

function requestsInTurn(url: URL, { plan, model, headers }: LoadCommand) {
  const body = chatBody(plan.answer, plan.bodyBytes, { model });
  const all = headers.map((each) => postRequest(url, body, each));
  let count = 0;
  return () => all[count++ % all.length] ?? postRequest(url, body);
}

async function carryOut(command: LoadCommand): Promise<LoadResult> {
  const { plan } = command;
  const urls = command.urls.map((url) => new URL(url));
  const opened: Connection[] = [];
  let dialled = 0;
  const dial = async (): Promise<Connection> => {
    const { hostname, port } = urls[dialled++ % urls.length] ?? {};
    const connection = await connect(hostname ?? "", Number(port));
    opened.push(connection);
    return connection;
  };
  const next = requestsInTurn(new URL(command.urls[0] ?? ""), command);
  const beganAt = performance.now();
  const counts = { begun: 0, events: 0, missing: 0, merged: 0, errors: 0 };
  const seen = { latency: [], firstEvent: [], reasons: new Set<string>() };
  const run: Run = { plan, until: beganAt + plan.seconds * 1000, dial, next, ...counts, ...seen };
  const closeAll = (): void => opened.forEach((connection) => connection.close());
  // Answers that never end count as failures, and the bench goes on.
  const timer = setTimeout(closeAll, plan.seconds * 1000 + LONGEST_RUN_MS);
  await (plan.loop === "open" ? openLoop : closedLoop)(run).finally(() => {
    clearTimeout(timer);
    closeAll();
  });
  const { errors, events, missing, merged, latency, firstEvent, reasons } = run;
  return {
    ...{ errors, events, missing, merged, requests: latency.length, reasons: [...reasons] },
    seconds: (performance.now() - beganAt) / 1000,
    latency: spread(latency),
    firstEvent: spread(firstEvent),
  };
}

process.on("message", (command: LoadCommand) => {
  carryOut(command).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failed: String(error) } satisfies LoadReply),
  );
});
process.on("disconnect", () => process.exit(0));
