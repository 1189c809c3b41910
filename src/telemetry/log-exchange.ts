import type { Exchange, ExchangeObserver } from "../exchange/exchange.ts";
import { type Log, lineWriterOf } from "./create-log.ts";

/**
 * Writes one line per settled exchange: who answered what, how it ended, how much and how long. Never a prompt, an
 * answer, a credential or an upstream URL.
 * @param quietRoutes their lines are written at `debug`.
 */
export function logExchange(log: Log, quietRoutes: ReadonlySet<string>): ExchangeObserver {
  const writeLine = lineWriterOf(log);
  return (exchange, settledAt) => {
    const level = quietRoutes.has(exchange.route) ? "debug" : "info";
    const isUnforeseen = exchange.failure === "internal";
    if (!isUnforeseen && !log.isLevelEnabled(level)) return;
    const line = {
      request_id: exchange.id,
      method: exchange.method,
      route: exchange.route,
      identity: exchange.identity?.name,
      provider: exchange.provider,
      model: exchange.model?.slice(0, MAX_MODEL_CHARACTERS),
      status: exchange.status,
      outcome: exchange.outcome,
      client_gone: exchange.outcome === "client_gone",
      streaming: exchange.streaming,
      bytes_in: exchange.bytesIn,
      bytes_out: exchange.bytesOut,
      input_tokens: exchange.usage?.inputTokens,
      output_tokens: exchange.usage?.outputTokens,
      total_tokens: exchange.usage?.totalTokens,
      cached_input_tokens: exchange.usage?.cachedInputTokens,
      tool_rounds: exchange.toolRounds,
      tool_calls: exchange.toolCalls,
      first_byte_ms: exchange.firstByteAt === undefined ? undefined : round(exchange.firstByteAt - exchange.startedAt),
      total_ms: round(settledAt - exchange.startedAt),
      failure: exchange.failure,
      cause: describeCause(exchange),
    };
    if (isUnforeseen) log.error(line, "request failed unexpectedly");
    else if (writeLine) writeLine(level, line, "request");
    else log[level](line, "request");
  };
}

/** A client may send any length of name. */
const MAX_MODEL_CHARACTERS = 256;

const round = (milliseconds: number): number => Math.round(milliseconds * 100) / 100;

/** The stack of what nobody foresaw; of foreseen failures only a word, because their texts may quote the client. */
function describeCause({ cause, failure }: Exchange): string | undefined {
  if (cause === undefined) return undefined;
  if (failure === "internal") return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return typeof cause === "string" ? cause : undefined;
}
