import type { RequestObserver, RequestRecord } from "../core/request-context.ts";
import { LineBuffer, type LineLevel, type LineWriter } from "./line-writer.ts";
import type { Log, LogOutput } from "./log.ts";
import { type MemberStarts, memberStarts, memberStartsOfErrors } from "./request-fields.ts";
import { SettledRequest, writeMembers } from "./request-line.ts";

export interface RequestLogOptions {
  /** The members that are written, of `REQUEST_FIELDS`; all if there are none. */
  readonly fields: readonly string[];
  /** From 0 to 1: the share of successful requests that are written. */
  readonly sample: number;
}

const WHOLE: RequestLogOptions = { fields: [], sample: 1 };

/**
 * Writes one line per finished request: who answered what, how it ended, how much and how long. Never a prompt, an
 * answer, a credential or an upstream URL. Requests that failed are written at `warn`, those that the gateway itself let
 * fail at `error`.
 * @param quietRoutes their lines are written at `debug` unless they failed.
 */
export function logRequest(
  log: Log,
  quietRoutes: ReadonlySet<string>,
  { fields, sample }: RequestLogOptions = WHOLE,
): RequestObserver {
  const writer = log.lineWriter;
  const starts = memberStarts(fields);
  const startsOfErrors = memberStartsOfErrors(fields);
  const sampling = createSampling(sample);
  const later = writer && writeLater(writer, starts, log.lineBroke);
  const write: RequestObserver = (context, finishedAt) => {
    if (context.failure === "internal") {
      return log.error(membersOf(context, startsOfErrors, finishedAt), "request failed unexpectedly");
    }
    const level = levelOf(context, quietRoutes);
    if (!log.enabled[level]) return;
    const isSampled = sampling !== undefined && isSuccess(context);
    if (isSampled && !sampling.takes(context.id)) return;
    const rate = isSampled ? sampling.member : "";
    if (later) later(context, finishedAt, level, rate);
    else log[level](membersOf(context, starts, finishedAt, rate), "request");
  };
  return (context, finishedAt) => {
    try {
      write(context, finishedAt);
    } catch (error) {
      log.lineBroke(context.id, error);
    }
  };
}

/** Which requests are written if not all of them are. */
export interface Sampling {
  /** Always the same answer for an id, in every process: all lines of a request are written, or none. */
  takes(id: string): boolean;
  /** The member of a line that says how many requests it counts for, with the comma before it. */
  readonly member: string;
}

const HASHES = 2 ** 32;

/**
 * @param rate from 0 to 1: the share of requests that are written
 * @returns undefined if that is all of them
 */
export function createSampling(rate: number): Sampling | undefined {
  if (rate >= 1) return undefined;
  const below = rate * HASHES;
  return { takes: (id) => Bun.hash.xxHash32(id) < below, member: `,"sample_rate":${JSON.stringify(rate)}` };
}

/** Whether it went as it should: whoever looks for what did not wants every line of that. */
function isSuccess({ failure, outcome }: RequestRecord): boolean {
  return failure === undefined && outcome === "answered";
}

/** A client that left is no failure, whatever it left in the middle of. An error of the provider is one, also if relayed. */
function levelOf({ failure, outcome, route }: RequestRecord, quietRoutes: ReadonlySet<string>): LineLevel {
  if (failure !== undefined && outcome !== "client_gone") return "warn";
  return quietRoutes.has(route) ? "debug" : "info";
}

/** A request whose line is still to be written. */
class DueLine extends SettledRequest {
  level: LineLevel = "info";
  /** When it ended, in milliseconds since the epoch. */
  time = 0;
  /** One more member, or nothing. */
  further = "";
}

/** So many requests wait for their lines at most. To write them takes a third of a millisecond. */
const MAX_DUE = 128;

/**
 * Makes what writes the line of a request later, together with others: between two requests little of the code that writes
 * one is still in the processor's caches, and to run it then costs several times what it costs right after another line.
 */
function writeLater(
  { begin, end, abandon, defer, catchUp }: LineWriter,
  starts: MemberStarts,
  onBroken: LogOutput["lineBroke"],
) {
  const lines: DueLine[] = [];
  let count = 0;

  const writeOne = (due: DueLine): void => {
    try {
      const line = begin(due.level, due.time);
      writeMembers(line, starts, due);
      line.text(due.further);
    } catch (error) {
      abandon();
      return onBroken(due.id, error);
    }
    end("request");
  };

  const write = (): void => {
    for (let index = 0; index < count; index++) {
      // What is kept is as many as there were at once.
      const due = lines[index] as DueLine;
      writeOne(due);
      due.letGo();
    }
    count = 0;
  };
  const areDue = defer(write);

  return (request: RequestRecord, finishedAt: number, level: LineLevel, further: string): void => {
    const due = (lines[count] ??= new DueLine());
    due.take(request, finishedAt);
    count += 1;
    due.level = level;
    due.time = Date.now();
    due.further = further;
    const isUrgent = level === "warn";
    if (count === 1 || isUrgent) areDue(isUrgent);
    if (count === MAX_DUE || due.isLong) catchUp();
  };
}

/** The same members for a log that writes its lines itself. @param further more of them, as text */
function membersOf(context: RequestRecord, starts: MemberStarts, finishedAt: number, further = ""): object {
  const line = new LineBuffer();
  const settled = new SettledRequest();
  settled.take(context, finishedAt);
  writeMembers(line, starts, settled);
  line.text(further);
  return JSON.parse(`{${line.take().toString().slice(1)}}`) as object;
}
