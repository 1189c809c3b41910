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
    if (exchange.failure === "internal") {
      return log.error(asObject(membersOf(exchange, settledAt)), "request failed unexpectedly");
    }
    const level = quietRoutes.has(exchange.route) ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    const members = membersOf(exchange, settledAt);
    if (writeLine) writeLine(level, members, "request");
    else log[level](asObject(members), "request");
  };
}

/** The members of a line as JSON text, each behind a comma: written by hand, because every request pays for it. */
function membersOf(exchange: Exchange, settledAt: number): string {
  const { identity, provider, model, outcome, usage, firstByteAt, startedAt, failure } = exchange;
  let text = `,"request_id":${quote(exchange.id)},"method":${quote(exchange.method)},"route":"${exchange.route}"`;
  if (identity) text += `,"identity":${quote(identity.name)}`;
  if (provider !== undefined) text += `,"provider":${quote(provider)}`;
  if (model !== undefined) text += `,"model":${quote(model.slice(0, MAX_MODEL_CHARACTERS))}`;
  text += `,"status":${exchange.status},"outcome":"${outcome}","client_gone":${outcome === "client_gone"}`;
  text += `,"streaming":${exchange.streaming},"bytes_in":${exchange.bytesIn},"bytes_out":${exchange.bytesOut}`;
  if (usage?.inputTokens !== undefined) text += `,"input_tokens":${usage.inputTokens}`;
  if (usage?.outputTokens !== undefined) text += `,"output_tokens":${usage.outputTokens}`;
  if (usage?.totalTokens !== undefined) text += `,"total_tokens":${usage.totalTokens}`;
  if (usage?.cachedInputTokens !== undefined) text += `,"cached_input_tokens":${usage.cachedInputTokens}`;
  if (exchange.toolRounds !== undefined) text += `,"tool_rounds":${exchange.toolRounds}`;
  if (exchange.toolCalls !== undefined) text += `,"tool_calls":${exchange.toolCalls}`;
  if (firstByteAt !== undefined) text += `,"first_byte_ms":${round(firstByteAt - startedAt)}`;
  text += `,"total_ms":${round(settledAt - startedAt)}`;
  if (failure !== undefined) text += `,"failure":"${failure}"`;
  const cause = describeCause(exchange);
  return cause === undefined ? text : `${text},"cause":${quote(cause)}`;
}

/** The same for a log that writes its lines in another form. */
function asObject(members: string): object {
  return JSON.parse(`{${members.slice(1)}}`) as object;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** A client may send any length of name. */
const MAX_MODEL_CHARACTERS = 256;

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}

/** The stack of what nobody foresaw; of foreseen failures only a word, because their texts may quote the client. */
function describeCause({ cause, failure }: Exchange): string | undefined {
  if (cause === undefined) return undefined;
  if (failure === "internal") return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return typeof cause === "string" ? cause : undefined;
}
