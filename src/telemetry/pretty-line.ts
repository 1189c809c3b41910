import { prettyFactory } from "pino-pretty";
import { isTerminal } from "./standard-output.ts";

/**
 * Makes a line for people of a JSON line, one for one. A module of its own, because most gateways have no use for it.
 * As a function and not as a transport: transports are worker threads loaded from files that a binary does not have.
 */
export function prettyLine(colorize = isTerminal()): (line: string) => string {
  return prettyFactory({
    colorize,
    translateTime: "SYS:HH:MM:ss.l",
    hideObject: true,
    messageFormat: (line) => (isWholeRequest(line) ? describeRequest(line) : describeEvent(line)),
  });
}

type Line = Readonly<Record<string, unknown>>;

/** Of some requests only chosen members are there, which are shown as those of any other event. */
function isWholeRequest(line: Line): boolean {
  return ["method", "route", "status", "outcome", "total_ms"].every((member) => line[member] !== undefined);
}

/** What pino-pretty shows itself, or what is the same on every line. */
const NOT_SHOWN: ReadonlySet<string> = new Set(["level", "time", "environment", "msg"]);

/** `POST /v1/chat/completions 200 openai/gpt-4o 812 ms, 11+7 tokens, alice`; of one that failed, why. */
function describeRequest(line: Line): string {
  const { method, route, status, provider, model, outcome, failure, cause } = line;
  const target = [provider, model].filter((name) => name !== undefined).join("/");
  const reason = cause === undefined ? failure : `${String(failure)} (${String(cause)})`;
  const details = [
    `${Math.round(Number(line["total_ms"]))} ms`,
    ...(line["streaming"] === true ? ["streamed"] : []),
    ...(line["total_tokens"] === undefined
      ? []
      : [`${number(line["input_tokens"])}+${number(line["output_tokens"])} tokens`]),
    ...["identity", "client_address"].flatMap((name) => (line[name] === undefined ? [] : [String(line[name])])),
  ].join(", ");
  const end = outcome === "answered" ? [] : [String(outcome)];
  const words = [method, route, status, ...end, target, details].filter((word) => word !== "" && word !== undefined);
  const known = reason === undefined ? "" : `: ${String(reason)}, request ${String(line["request_id"])}`;
  return oneLine(words.join(" ") + known);
}

function number(tokens: unknown): string {
  return tokens === undefined ? "?" : String(tokens);
}

/** The message, and `name=value` for every other member. */
function describeEvent(line: Line): string {
  const members = Object.entries(line).filter(([name]) => !NOT_SHOWN.has(name));
  return oneLine([line["msg"], ...members.map(([name, value]) => `${name}=${show(value)}`)].join(" "));
}

function show(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** What came from a client or a provider must neither begin a line of its own nor steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
