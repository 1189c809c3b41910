import { formatDollars } from "../core/picodollars.ts";
import type { RequestObserver, RequestRecord } from "../core/request-context.ts";
import { LineBuffer, type LineLevel } from "./line-writer.ts";
import type { Log } from "./log.ts";
import type { RoutingRecord } from "../core/attempt-summary.ts";

/**
 * Writes one line per finished request: who answered what, how it ended, how much and how long. Never a prompt, an
 * answer, a credential or an upstream URL. Requests that failed are written at `warn`, those that the gateway itself let
 * fail at `error`.
 * @param quietRoutes their lines are written at `debug` unless they failed.
 */
export function logRequest(log: Log, quietRoutes: ReadonlySet<string>): RequestObserver {
  const writer = log.lineWriter;
  return (context, finishedAt) => {
    if (context.failure === "internal") {
      return log.error(membersOf(context, finishedAt), "request failed unexpectedly");
    }
    const level = levelOf(context, quietRoutes);
    if (!log.isLevelEnabled(level)) return;
    if (!writer) return log[level](membersOf(context, finishedAt), "request");
    writeMembers(writer.begin(level), context, finishedAt);
    writer.end("request");
  };
}

/** A client that left is no failure, whatever it left in the middle of. An error of the provider is one, also if relayed. */
function levelOf({ failure, outcome, route }: RequestRecord, quietRoutes: ReadonlySet<string>): LineLevel {
  if (failure !== undefined && outcome !== "client_gone") return "warn";
  return quietRoutes.has(route) ? "debug" : "info";
}

/** Writes the members of a line, each after a comma. */
function writeMembers(line: LineBuffer, context: RequestRecord, finishedAt: number): void {
  const { principal: identity, client, provider, model, outcome, usage, startedAt, failure } = context;
  writeText(line, ',"request_id":', context.id);
  writeText(line, ',"method":', context.method);
  writeText(line, ',"route":', context.route);
  writeText(line, ',"identity":', identity?.name);
  if (client !== undefined) {
    writeText(line, ',"client_address":', client.address);
    writeText(line, ',"user_agent":', client.userAgent?.slice(0, MAX_CHARACTERS));
  }
  writeText(line, ',"provider":', provider);
  writeText(line, ',"model":', model?.slice(0, MAX_CHARACTERS));
  if (context.routing !== undefined) writeRouting(line, context.routing);
  writeNumber(line, ',"status":', context.status);
  writeText(line, ',"outcome":', outcome);
  line.text(outcome === "client_gone" ? ',"client_gone":true' : ',"client_gone":false');
  line.text(context.streaming ? ',"streaming":true' : ',"streaming":false');
  writeNumber(line, ',"bytes_in":', context.bytesIn);
  writeNumber(line, ',"bytes_out":', context.bytesOut);
  writeNumber(line, ',"input_tokens":', usage?.inputTokens);
  writeNumber(line, ',"output_tokens":', usage?.outputTokens);
  writeNumber(line, ',"total_tokens":', usage?.totalTokens);
  writeNumber(line, ',"cached_input_tokens":', usage?.cachedInputTokens);
  writeNumber(line, ',"cache_creation_input_tokens":', usage?.cacheCreationTokens);
  writeNumber(line, ',"reasoning_tokens":', usage?.reasoningTokens);
  writeText(line, ',"usage_source":', context.usageSource);
  writeCost(line, context.cost);
  writeNumber(line, ',"tool_rounds":', context.toolRounds);
  writeNumber(line, ',"tool_calls":', context.toolCalls);
  writeTime(line, ',"response_header_ms":', startedAt, context.responseHeaderAt);
  writeTime(line, ',"first_byte_ms":', startedAt, context.firstByteAt);
  writeTime(line, ',"total_ms":', startedAt, finishedAt);
  writeText(line, ',"failure":', failure);
  writeText(line, ',"cause":', describeCause(context));
}

/** What was tried is only told if it is more than what answered. */
function writeRouting(line: LineBuffer, { alias, tried, queuedMs }: RoutingRecord): void {
  writeText(line, ',"alias":', alias?.slice(0, MAX_CHARACTERS));
  if (tried.length > 1) {
    writeNumber(line, ',"attempts":', tried.length);
    for (const [index, { provider, model, status, why = "answered" }] of tried.entries()) {
      const told = [`${provider}/${model.slice(0, MAX_CHARACTERS)}`, status, why].filter((word) => word !== undefined);
      writeText(line, index === 0 ? ',"tried":[' : ",", told.join(" "));
    }
    line.text("]");
  }
  if (queuedMs === undefined) return;
  line.text(',"queue_ms":');
  line.hundredths(queuedMs);
}

/** Null says that the price is not known; nothing at all that there was nothing to pay, or that costs are not computed. */
function writeCost(line: LineBuffer, cost: RequestRecord["cost"]): void {
  if (cost === undefined) return;
  line.text(',"cost_usd":');
  line.text(cost === null ? "null" : formatDollars(cost));
}

function writeText(line: LineBuffer, name: string, value: string | undefined): void {
  if (value === undefined) return;
  line.text(name);
  line.quoted(value);
}

function writeNumber(line: LineBuffer, name: string, value: number | undefined): void {
  if (value === undefined) return;
  line.text(name);
  line.number(value);
}

/** Writes the milliseconds between two times. */
function writeTime(line: LineBuffer, name: string, from: number, to: number | undefined): void {
  if (to === undefined) return;
  line.text(name);
  line.hundredths(to - from);
}

/** The same members for a log that writes its lines itself. */
function membersOf(context: RequestRecord, finishedAt: number): object {
  const line = new LineBuffer();
  writeMembers(line, context, finishedAt);
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
