import type { Exchange, ExchangeObserver } from "../exchange/exchange.ts";
import { type Log, lineWriterOf } from "./create-log.ts";
import { LineBuffer } from "./line-buffer.ts";

/**
 * Writes one line per settled exchange: who answered what, how it ended, how much and how long. Never a prompt, an
 * answer, a credential or an upstream URL.
 * @param quietRoutes their lines are written at `debug`.
 */
export function logExchange(log: Log, quietRoutes: ReadonlySet<string>): ExchangeObserver {
  const writer = lineWriterOf(log);
  return (exchange, settledAt) => {
    if (exchange.failure === "internal") {
      return log.error(membersOf(exchange, settledAt), "request failed unexpectedly");
    }
    const level = quietRoutes.has(exchange.route) ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    if (!writer) return log[level](membersOf(exchange, settledAt), "request");
    writeMembers(writer.begin(level), exchange, settledAt);
    writer.end("request");
  };
}

/** Writes the members of a line, each behind a comma. */
function writeMembers(line: LineBuffer, exchange: Exchange, settledAt: number): void {
  const { identity, provider, model, outcome, usage, firstByteAt, startedAt, failure } = exchange;
  writeText(line, ',"request_id":', exchange.id);
  writeText(line, ',"method":', exchange.method);
  writeText(line, ',"route":', exchange.route);
  writeText(line, ',"identity":', identity?.name);
  writeText(line, ',"provider":', provider);
  writeText(line, ',"model":', model?.slice(0, MAX_MODEL_CHARACTERS));
  writeNumber(line, ',"status":', exchange.status);
  writeText(line, ',"outcome":', outcome);
  line.text(outcome === "client_gone" ? ',"client_gone":true' : ',"client_gone":false');
  line.text(exchange.streaming ? ',"streaming":true' : ',"streaming":false');
  writeNumber(line, ',"bytes_in":', exchange.bytesIn);
  writeNumber(line, ',"bytes_out":', exchange.bytesOut);
  writeNumber(line, ',"input_tokens":', usage?.inputTokens);
  writeNumber(line, ',"output_tokens":', usage?.outputTokens);
  writeNumber(line, ',"total_tokens":', usage?.totalTokens);
  writeNumber(line, ',"cached_input_tokens":', usage?.cachedInputTokens);
  writeNumber(line, ',"tool_rounds":', exchange.toolRounds);
  writeNumber(line, ',"tool_calls":', exchange.toolCalls);
  if (firstByteAt !== undefined) {
    line.text(',"first_byte_ms":');
    line.hundredths(firstByteAt - startedAt);
  }
  line.text(',"total_ms":');
  line.hundredths(settledAt - startedAt);
  writeText(line, ',"failure":', failure);
  writeText(line, ',"cause":', describeCause(exchange));
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

/** The same members for a log that writes its lines itself. */
function membersOf(exchange: Exchange, settledAt: number): object {
  const line = new LineBuffer();
  writeMembers(line, exchange, settledAt);
  return JSON.parse(`{${line.take().toString().slice(1)}}`) as object;
}

/** A client may send any length of name. */
const MAX_MODEL_CHARACTERS = 256;

/** The stack of what nobody foresaw; of foreseen failures only a word, because their texts may quote the client. */
function describeCause({ cause, failure }: Exchange): string | undefined {
  if (cause === undefined) return undefined;
  if (failure === "internal") return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return typeof cause === "string" ? cause : undefined;
}
