import type { AttemptSummary } from "../core/attempt-summary.ts";
import type { FailureCode } from "../core/errors.ts";
import type { Outcome, RequestRecord, TokenUsage, UsageSource } from "../core/request-context.ts";
import type { LineBuffer } from "./line-writer.ts";
import { writeCost, writeTried } from "./rare-members.ts";
import { MAX_CHARACTERS, type MemberStarts } from "./request-fields.ts";

/**
 * What is known of a request that is over, as it was at that moment: numbers, and texts that exist anyway. Taking it costs
 * some forty assignments and makes nothing, so whoever has to put it into words can do so later, for many at once. It does
 * not hold the request: neither its body nor its answer, nor whatever tries and prices it.
 *
 * A class whose instances are used again, because then there is nothing to be collected.
 */
export class SettledRequest {
  id = "";
  traceId: string | undefined = undefined;
  method = "";
  route = "";
  identity: string | undefined = undefined;
  clientAddress: string | undefined = undefined;
  userAgent: string | undefined = undefined;
  provider: string | undefined = undefined;
  model: string | undefined = undefined;
  alias: string | undefined = undefined;
  /** Only if it is more than what answered. */
  tried: readonly AttemptSummary[] | undefined = undefined;
  queuedMs: number | undefined = undefined;
  status = 0;
  outcome: Outcome | undefined = undefined;
  streaming = false;
  bytesIn = 0;
  bytesOut = 0;
  usage: TokenUsage | undefined = undefined;
  usageSource: UsageSource | undefined = undefined;
  cost: bigint | null | undefined = undefined;
  toolRounds: number | undefined = undefined;
  toolCalls: number | undefined = undefined;
  /** Milliseconds of the monotonic clock, as all times here. */
  startedAt = 0;
  responseHeaderAt: number | undefined = undefined;
  firstByteAt: number | undefined = undefined;
  finishedAt = 0;
  failure: FailureCode | undefined = undefined;
  cause: string | undefined = undefined;

  /** Takes all of it. */
  take(request: RequestRecord, finishedAt: number): void {
    this.id = request.id;
    this.traceId = request.trace?.id;
    this.method = request.method;
    this.route = request.route;
    this.identity = request.principal?.name;
    this.clientAddress = request.client?.address;
    this.userAgent = request.client?.userAgent;
    this.provider = request.provider;
    this.model = request.model;
    this.#takeRouting(request);
    this.status = request.status;
    this.outcome = request.outcome;
    this.streaming = request.streaming;
    this.bytesIn = request.bytesIn;
    this.bytesOut = request.bytesOut;
    this.usage = request.usage;
    this.usageSource = request.usageSource;
    this.cost = request.cost;
    this.toolRounds = request.toolRounds;
    this.toolCalls = request.toolCalls;
    this.startedAt = request.startedAt;
    this.responseHeaderAt = request.responseHeaderAt;
    this.firstByteAt = request.firstByteAt;
    this.finishedAt = finishedAt;
    this.failure = request.failure;
    this.cause = describeCause(request);
  }

  #takeRouting({ routing }: RequestRecord): void {
    if (routing === undefined) {
      this.alias = this.tried = this.queuedMs = undefined;
      return;
    }
    const { tried } = routing;
    this.alias = routing.alias;
    this.tried = tried.length > 1 ? tried : undefined;
    this.queuedMs = routing.queuedMs;
  }

  /** Whether it holds a text that may be much longer than what is written of it, and so must not be held for long. */
  get isLong(): boolean {
    return isLong(this.model) || isLong(this.userAgent) || isLong(this.alias) || isLong(this.cause);
  }

  /** Lets go of everything that is not small. */
  letGo(): void {
    this.id = "";
    this.traceId = this.identity = this.clientAddress = this.userAgent = this.model = this.alias = undefined;
    this.tried = this.usage = this.cost = this.cause = undefined;
  }
}

/** Whether a text is longer than what is written of it. */
export const isLong = (text: string | undefined): boolean => text !== undefined && text.length > MAX_CHARACTERS;

/** The stack of unexpected errors; of expected failures only a word, because their texts may quote the client. */
function describeCause({ cause, failure }: RequestRecord): string | undefined {
  if (cause === undefined) return undefined;
  if (failure === "internal") return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return typeof cause === "string" ? cause : undefined;
}

/**
 * Writes the members of a request's line, each after a comma. In parts, because the time to compile a function grows faster
 * than its length: all of them in one took half a second of CPU time after each start.
 */
export function writeMembers(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  writeAsker(line, starts, request);
  writeAnswerer(line, starts, request);
  writeOutcome(line, starts, request);
  writeUsage(line, starts, request);
  writeTime(line, starts.response_header_ms, request.startedAt, request.responseHeaderAt);
  writeTime(line, starts.first_byte_ms, request.startedAt, request.firstByteAt);
  writeTime(line, starts.total_ms, request.startedAt, request.finishedAt);
  writeText(line, starts.failure, request.failure);
  writeText(line, starts.cause, request.cause);
}

function writeAsker(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  writeText(line, starts.request_id, request.id);
  writeText(line, starts.trace_id, request.traceId);
  writeText(line, starts.method, request.method);
  writeText(line, starts.route, request.route);
  writeText(line, starts.identity, request.identity);
  writeText(line, starts.client_address, request.clientAddress);
  writeText(line, starts.user_agent, request.userAgent?.slice(0, MAX_CHARACTERS));
}

function writeAnswerer(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  writeText(line, starts.provider, request.provider);
  writeText(line, starts.model, request.model?.slice(0, MAX_CHARACTERS));
  writeText(line, starts.alias, request.alias?.slice(0, MAX_CHARACTERS));
  if (request.tried !== undefined) writeTried(line, starts, request.tried);
  writeTime(line, starts.queue_ms, 0, request.queuedMs);
}

function writeOutcome(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  writeNumber(line, starts.status, request.status);
  writeText(line, starts.outcome, request.outcome);
  writeFlag(line, starts.client_gone, request.outcome === "client_gone");
  writeFlag(line, starts.streaming, request.streaming);
  writeNumber(line, starts.bytes_in, request.bytesIn);
  writeNumber(line, starts.bytes_out, request.bytesOut);
}

function writeUsage(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  const { usage } = request;
  writeNumber(line, starts.input_tokens, usage?.inputTokens);
  writeNumber(line, starts.output_tokens, usage?.outputTokens);
  writeNumber(line, starts.total_tokens, usage?.totalTokens);
  writeNumber(line, starts.cached_input_tokens, usage?.cachedInputTokens);
  writeNumber(line, starts.cache_creation_input_tokens, usage?.cacheCreationInputTokens);
  writeNumber(line, starts.reasoning_tokens, usage?.reasoningTokens);
  writeText(line, starts.usage_source, request.usageSource);
  if (request.cost !== undefined) writeCost(line, starts.cost_usd, request.cost);
  writeNumber(line, starts.tool_rounds, request.toolRounds);
  writeNumber(line, starts.tool_calls, request.toolCalls);
}

// Each of these writes one member: nothing if the member is not written (it has no start), or there is no value.

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
