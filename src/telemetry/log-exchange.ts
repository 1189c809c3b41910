import type { Exchange, ExchangeObserver } from "../exchange/exchange.ts";
import { type Log, lineWriterOf } from "./create-log.ts";

type Value = string | number | boolean | undefined;

/** The members of a line in their order; one without a value is left out. */
const MEMBERS: readonly (readonly [name: string, read: (exchange: Exchange, settledAt: number) => Value])[] = [
  ["request_id", ({ id }) => id],
  ["method", ({ method }) => method],
  ["route", ({ route }) => route],
  ["identity", ({ identity }) => identity?.name],
  ["provider", ({ provider }) => provider],
  ["model", ({ model }) => model?.slice(0, MAX_MODEL_CHARACTERS)],
  ["status", ({ status }) => status],
  ["outcome", ({ outcome }) => outcome],
  ["client_gone", ({ outcome }) => outcome === "client_gone"],
  ["streaming", ({ streaming }) => streaming],
  ["bytes_in", ({ bytesIn }) => bytesIn],
  ["bytes_out", ({ bytesOut }) => bytesOut],
  ["input_tokens", ({ usage }) => usage?.inputTokens],
  ["output_tokens", ({ usage }) => usage?.outputTokens],
  ["total_tokens", ({ usage }) => usage?.totalTokens],
  ["cached_input_tokens", ({ usage }) => usage?.cachedInputTokens],
  ["tool_rounds", ({ toolRounds }) => toolRounds],
  ["tool_calls", ({ toolCalls }) => toolCalls],
  ["first_byte_ms", ({ firstByteAt, startedAt }) => firstByteAt && round(firstByteAt - startedAt)],
  ["total_ms", ({ startedAt }, settledAt) => round(settledAt - startedAt)],
  ["failure", ({ failure }) => failure],
  ["cause", describeCause],
];

/**
 * Writes one line per settled exchange: who answered what, how it ended, how much and how long. Never a prompt, an
 * answer, a credential or an upstream URL.
 * @param quietRoutes their lines are written at `debug`.
 */
export function logExchange(log: Log, quietRoutes: ReadonlySet<string>): ExchangeObserver {
  const writeLine = lineWriterOf(log);
  return (exchange, settledAt) => {
    if (exchange.failure === "internal") {
      return log.error(asObject(exchange, settledAt), "request failed unexpectedly");
    }
    const level = quietRoutes.has(exchange.route) ? "debug" : "info";
    if (!log.isLevelEnabled(level)) return;
    if (writeLine) writeLine(level, asJsonMembers(exchange, settledAt), "request");
    else log[level](asObject(exchange, settledAt), "request");
  };
}

function asObject(exchange: Exchange, settledAt: number): Record<string, Value> {
  return Object.fromEntries(MEMBERS.map(([name, read]) => [name, read(exchange, settledAt)]));
}

/** What `JSON.stringify` would write between the braces, at a third of the cost. */
function asJsonMembers(exchange: Exchange, settledAt: number): string {
  let members = "";
  for (const [name, read] of MEMBERS) {
    const value = read(exchange, settledAt);
    if (value !== undefined) members += `,"${name}":${typeof value === "string" ? quote(value) : value}`;
  }
  return members;
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
