import { formatDollars } from "../core/picodollars.ts";
import type { LineBuffer } from "./line-buffer.ts";
import type { MemberStarts } from "./request-fields.ts";
import { MAX_CHARACTERS, type SettledRequest } from "./settled-request.ts";

/** Writes the members of a request's line, each after a comma. */
export function writeMembers(line: LineBuffer, starts: MemberStarts, request: SettledRequest): void {
  const { outcome, usage, startedAt } = request;
  writeText(line, starts.request_id, request.id);
  writeText(line, starts.trace_id, request.traceId);
  writeText(line, starts.method, request.method);
  writeText(line, starts.route, request.route);
  writeText(line, starts.identity, request.identity);
  writeText(line, starts.client_address, request.clientAddress);
  writeText(line, starts.user_agent, request.userAgent?.slice(0, MAX_CHARACTERS));
  writeText(line, starts.provider, request.provider);
  writeText(line, starts.model, request.model?.slice(0, MAX_CHARACTERS));
  writeText(line, starts.alias, request.alias?.slice(0, MAX_CHARACTERS));
  writeTried(line, starts, request.tried);
  writeTime(line, starts.queue_ms, 0, request.queuedMs);
  writeNumber(line, starts.status, request.status);
  writeText(line, starts.outcome, outcome);
  writeFlag(line, starts.client_gone, outcome === "client_gone");
  writeFlag(line, starts.streaming, request.streaming);
  writeNumber(line, starts.bytes_in, request.bytesIn);
  writeNumber(line, starts.bytes_out, request.bytesOut);
  writeNumber(line, starts.input_tokens, usage?.inputTokens);
  writeNumber(line, starts.output_tokens, usage?.outputTokens);
  writeNumber(line, starts.total_tokens, usage?.totalTokens);
  writeNumber(line, starts.cached_input_tokens, usage?.cachedInputTokens);
  writeNumber(line, starts.cache_creation_input_tokens, usage?.cacheCreationInputTokens);
  writeNumber(line, starts.reasoning_tokens, usage?.reasoningTokens);
  writeText(line, starts.usage_source, request.usageSource);
  writeCost(line, starts.cost_usd, request.cost);
  writeNumber(line, starts.tool_rounds, request.toolRounds);
  writeNumber(line, starts.tool_calls, request.toolCalls);
  writeTime(line, starts.response_header_ms, startedAt, request.responseHeaderAt);
  writeTime(line, starts.first_byte_ms, startedAt, request.firstByteAt);
  writeTime(line, starts.total_ms, startedAt, request.finishedAt);
  writeText(line, starts.failure, request.failure);
  writeText(line, starts.cause, request.cause);
}

// Each of these writes nothing if the member is not written (it has no start), or there is no value.

function writeTried(line: LineBuffer, starts: MemberStarts, tried: SettledRequest["tried"]): void {
  if (tried === undefined) return;
  writeNumber(line, starts.attempts, tried.length);
  if (starts.tried === undefined) return;
  line.text(starts.tried);
  for (const [index, { provider, model, status, why = "answered" }] of tried.entries()) {
    const told = [`${provider}/${model.slice(0, MAX_CHARACTERS)}`, status, why].filter((word) => word !== undefined);
    line.text(index === 0 ? "[" : ",");
    line.quoted(told.join(" "));
  }
  line.text("]");
}

/** Null says that the price is not known; nothing at all that there was nothing to pay, or that costs are not computed. */
function writeCost(line: LineBuffer, start: string | undefined, cost: SettledRequest["cost"]): void {
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
