/** The load generator, a process of its own: takes a {@link LoadCommand} at a time by IPC. */
import { chatBody, EVENT_COUNTS } from "./chat-body.ts";
import type { Answer } from "./chat-body.ts";
import { connect, postRequest } from "./http-connection.ts";
import type { Connection } from "./http-connection.ts";
import type { LoadAnswer, LoadCommand, LoadPlan, LoadResult } from "./load-plan.ts";
import { spread } from "./statistics.ts";

const LONGEST_RUN_MILLISECONDS = 30_000;
const HOLD_MILLISECONDS = 15_000;
const LINE_FEED = 10;

interface Tally {
  readonly latency: number[];
  readonly firstEvent: number[];
  readonly gap: number[];
  readonly lateness: number[];
  readonly reasons: Set<string>;
  begun: number;
  events: number;
  errors: number;
}

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

function exchange(connection: Connection, request: Uint8Array, answer: Answer, tally: Tally): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const expected = EVENT_COUNTS[answer];
  const count = expected > 0 ? eventCounter() : undefined;
  let events = 0;
  let bytes = 0;
  let last = 0;
  const fail = (reason: string): void => {
    tally.errors += 1;
    if (tally.reasons.size < 5) tally.reasons.add(reason);
  };
  const sentAt = performance.now();
  tally.begun += 1;
  connection.send(request, {
    body(piece, at) {
      bytes += piece.length;
      const found = count?.(piece) ?? 0;
      if (found === 0) return;
      if (events === 0) tally.firstEvent.push(at - sentAt);
      else if (answer === "paced") tally.gap.push(at - last);
      if (answer === "paced") for (let index = 1; index < found; index += 1) tally.gap.push(0);
      events += found;
      last = at;
    },
    done(status, at) {
      tally.latency.push(at - sentAt);
      tally.events += events;
      if (status !== 200) fail(`status ${status}`);
      // The closing [DONE] counts as one more.
      else if (bytes === 0 || (expected > 0 && events <= expected)) fail(`a short answer: ${events} events`);
      resolve();
    },
    failed(reason) {
      fail(reason);
      resolve();
    },
  });
  return promise;
}

type Dial = () => Promise<Connection>;
/** Bytes of the next request. */
type Next = () => Uint8Array;

async function closedLoop(dial: Dial, next: Next, plan: LoadPlan, tally: Tally, until: number): Promise<void> {
  const client = async (index: number): Promise<void> => {
    let connection = await dial();
    // Streams of one pace begun together would stay in step and measure bursts.
    if (plan.answer === "paced") await Bun.sleep((index / plan.connections) * 200);
    while (tally.begun < plan.requests && (performance.now() < until || tally.begun < plan.connections)) {
      await exchange(connection, next(), plan.answer, tally);
      if (tally.errors > 100) break;
      if (!connection.usable()) connection = await dial();
    }
  };
  await Promise.all(Array.from({ length: plan.connections }, (_, index) => client(index)));
}

async function openLoop(dial: Dial, next: Next, plan: LoadPlan, tally: Tally, until: number): Promise<void> {
  const idle: Connection[] = [];
  const pending = new Set<Promise<void>>();
  const one = async (due: number): Promise<void> => {
    const connection = idle.pop() ?? (await dial());
    tally.lateness.push(performance.now() - due);
    await exchange(connection, next(), plan.answer, tally);
    if (connection.usable()) idle.push(connection);
  };
  const beganAt = performance.now();
  let planned = 0;
  while (performance.now() < until && planned < plan.requests) {
    const due = beganAt + (planned * 1000) / plan.rate;
    const wait = due - performance.now();
    if (wait > 0) {
      await Bun.sleep(Math.max(1, wait));
      continue;
    }
    planned += 1;
    if (pending.size >= plan.connections) {
      tally.errors += 1;
      tally.reasons.add("more requests in flight than connections");
      await Promise.race(pending);
    }
    const sent = one(due).finally(() => pending.delete(sent));
    pending.add(sent);
  }
  await Promise.all(pending);
}

function requestsInTurn(url: URL, body: Uint8Array, credentials: readonly string[]): Next {
  const all = credentials.map((credential) => postRequest(url, body, { authorization: `Bearer ${credential}` }));
  const plain = postRequest(url, body);
  let count = 0;
  return () => all[count++ % all.length] ?? plain;
}

async function run(target: string, plan: LoadPlan, credentials: readonly string[]): Promise<LoadResult> {
  const url = new URL(target);
  const next = requestsInTurn(url, chatBody(plan.answer, plan.bodyBytes), credentials);
  const tally: Tally = {
    latency: [],
    firstEvent: [],
    gap: [],
    lateness: [],
    reasons: new Set(),
    begun: 0,
    events: 0,
    errors: 0,
  };
  const beganAt = performance.now();
  const until = beganAt + plan.seconds * 1000;
  const opened: Connection[] = [];
  const dial = async (): Promise<Connection> => {
    const connection = await connect(url.hostname, Number(url.port));
    opened.push(connection);
    return connection;
  };
  const closeAll = (): void => {
    for (const connection of opened) connection.close();
  };
  // Answers that never end count as failures, and the bench goes on.
  const timer = setTimeout(closeAll, plan.seconds * 1000 + LONGEST_RUN_MILLISECONDS);
  const loop = plan.loop === "open" ? openLoop : closedLoop;
  await loop(dial, next, plan, tally, until).finally(() => {
    clearTimeout(timer);
    closeAll();
  });
  return {
    requests: tally.latency.length,
    errors: tally.errors,
    reasons: [...tally.reasons],
    seconds: (performance.now() - beganAt) / 1000,
    events: tally.events,
    latency: spread(tally.latency),
    firstEvent: spread(tally.firstEvent),
    gap: spread(tally.gap),
    lateness: spread(tally.lateness),
  };
}

const held: Connection[] = [];

/** Opens streams and leaves them open; resolves with the number of those that gave an event before the time was up. */
async function hold(target: string, streams: number): Promise<number> {
  const url = new URL(target);
  const request = postRequest(url, chatBody("held", 200));
  let open = 0;
  const all = Promise.withResolvers<void>();
  const opening = async (): Promise<void> => {
    const connection = await connect(url.hostname, Number(url.port));
    held.push(connection);
    let seen = false;
    connection.send(request, {
      body() {
        if (seen) return;
        seen = true;
        open += 1;
        if (open === streams) all.resolve();
      },
      done() {},
      failed() {},
    });
  };
  const time = Bun.sleep(HOLD_MILLISECONDS);
  for (let index = 0; index < streams; index += 1) {
    await opening();
    if (index % 50 === 49) await Bun.sleep(5); // A burst that overflows the accept queue measures the queue.
  }
  await Promise.race([all.promise, time]);
  return open;
}

async function obey(command: LoadCommand): Promise<LoadAnswer> {
  switch (command.kind) {
    case "run":
      return { kind: "result", result: await run(command.url, command.plan, command.credentials) };
    case "hold":
      return { kind: "open", streams: await hold(command.url, command.streams) };
    case "release":
      for (const connection of held.splice(0)) connection.close();
      return { kind: "released" };
  }
}

process.on("message", (command: LoadCommand) => {
  obey(command).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ kind: "failed", reason: String(error) } satisfies LoadAnswer),
  );
});
process.on("disconnect", () => process.exit(0));
