import type { RoutingRecord } from "../core/attempt-summary.ts";
import { formatDollars } from "../core/picodollars.ts";
import type { RequestObserver, RequestRecord } from "../core/request-context.ts";
import { LineBuffer, type LineLevel } from "./line-writer.ts";
import type { Log } from "./log.ts";
import { type MemberStarts, memberStarts, memberStartsOfErrors } from "./request-fields.ts";
import { createSampling } from "./sampling.ts";

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
  return (context, finishedAt) => {
    if (context.failure === "internal") {
      return log.error(membersOf(context, startsOfErrors, finishedAt), "request failed unexpectedly");
    }
    const level = levelOf(context, quietRoutes);
    if (!log.isLevelEnabled(level)) return;
    const isSampled = sampling !== undefined && isSuccess(context);
    if (isSampled && !sampling.takes(context.id)) return;
    const rate = isSampled ? sampling.member : "";
    if (!writer) return log[level](membersOf(context, starts, finishedAt, rate), "request");
    const line = writer.begin(level);
    writeMembers(line, starts, context, finishedAt);
    line.text(rate);
    writer.end("request");
  };
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

/** Writes the members of a line, each after a comma. */
function writeMembers(line: LineBuffer, starts: MemberStarts, context: RequestRecord, finishedAt: number): void {
  const { principal: identity, client, provider, model, outcome, usage, startedAt, failure } = context;
  writeText(line, starts.request_id, context.id);
  writeText(line, starts.trace_id, context.trace?.id);
  writeText(line, starts.method, context.method);
  writeText(line, starts.route, context.route);
  writeText(line, starts.identity, identity?.name);
  if (client !== undefined) {
    writeText(line, starts.client_address, client.address);
    writeText(line, starts.user_agent, client.userAgent?.slice(0, MAX_CHARACTERS));
  }
  writeText(line, starts.provider, provider);
  writeText(line, starts.model, model?.slice(0, MAX_CHARACTERS));
  if (context.routing !== undefined) writeRouting(line, starts, context.routing);
  writeNumber(line, starts.status, context.status);
  writeText(line, starts.outcome, outcome);
  writeFlag(line, starts.client_gone, outcome === "client_gone");
  writeFlag(line, starts.streaming, context.streaming);
  writeNumber(line, starts.bytes_in, context.bytesIn);
  writeNumber(line, starts.bytes_out, context.bytesOut);
  writeNumber(line, starts.input_tokens, usage?.inputTokens);
  writeNumber(line, starts.output_tokens, usage?.outputTokens);
  writeNumber(line, starts.total_tokens, usage?.totalTokens);
  writeNumber(line, starts.cached_input_tokens, usage?.cachedInputTokens);
  writeNumber(line, starts.cache_creation_input_tokens, usage?.cacheCreationInputTokens);
  writeNumber(line, starts.reasoning_tokens, usage?.reasoningTokens);
  writeText(line, starts.usage_source, context.usageSource);
  writeCost(line, starts.cost_usd, context.cost);
  writeNumber(line, starts.tool_rounds, context.toolRounds);
  writeNumber(line, starts.tool_calls, context.toolCalls);
  writeTime(line, starts.response_header_ms, startedAt, context.responseHeaderAt);
  writeTime(line, starts.first_byte_ms, startedAt, context.firstByteAt);
  writeTime(line, starts.total_ms, startedAt, finishedAt);
  writeText(line, starts.failure, failure);
  writeText(line, starts.cause, describeCause(context));
}

/** What was tried is only told if it is more than what answered. */
function writeRouting(line: LineBuffer, starts: MemberStarts, { alias, tried, queuedMs }: RoutingRecord): void {
  writeText(line, starts.alias, alias?.slice(0, MAX_CHARACTERS));
  if (tried.length > 1) {
    writeNumber(line, starts.attempts, tried.length);
    if (starts.tried !== undefined) writeTried(line, starts.tried, tried);
  }
  if (queuedMs !== undefined) writeTime(line, starts.queue_ms, 0, queuedMs);
}

function writeTried(line: LineBuffer, start: string, tried: RoutingRecord["tried"]): void {
  line.text(start);
  for (const [index, { provider, model, status, why = "answered" }] of tried.entries()) {
    const told = [`${provider}/${model.slice(0, MAX_CHARACTERS)}`, status, why].filter((word) => word !== undefined);
    line.text(index === 0 ? "[" : ",");
    line.quoted(told.join(" "));
  }
  line.text("]");
}

// Each of these writes nothing if the member is not written (it has no start), or there is no value.

/** Null says that the price is not known; nothing at all that there was nothing to pay, or that costs are not computed. */
function writeCost(line: LineBuffer, start: string | undefined, cost: RequestRecord["cost"]): void {
  if (cost === undefined || start === undefined) return;
  line.text(start);
  line.text(cost === null ? "null" : formatDollars(cost));
}

function writeText(line: LineBuffer, start: string | undefined, value: string | undefined): void {
  if (value === undefined || start === undefined) return;
  line.text(start);
  line.quoted(value);
}

function writeNumber(line: LineBuffer, start: string | undefined, value: number | undefined): void {
  if (value === undefined || start === undefined) return;
  line.text(start);
  line.number(value);
}

function writeFlag(line: LineBuffer, start: string | undefined, value: boolean): void {
  if (start === undefined) return;
  line.text(start);
  line.text(value ? "true" : "false");
}

/** Writes the milliseconds between two times. */
function writeTime(line: LineBuffer, start: string | undefined, from: number, to: number | undefined): void {
  if (to === undefined || start === undefined) return;
  line.text(start);
  line.hundredths(to - from);
}

/** The same members for a log that writes its lines itself. @param further more of them, as text */
function membersOf(context: RequestRecord, starts: MemberStarts, finishedAt: number, further = ""): object {
  const line = new LineBuffer();
  writeMembers(line, starts, context, finishedAt);
  line.text(further);
  return JSON.parse(`{${line.take().toString().slice(1)}}`) as object;
}

/** A client may send a name of any length. */
const MAX_CHARACTERS = 256;

/** The stack of unexpected errors; of expected failures only a word, because their texts may quote the client. */
function describeCause({ cause, failure }: RequestRecord): string | undefined {
  if (cause === undefined) return undefined;
  if (failure === "internal") return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return typeof cause === "string" ? cause : undefined;
}
