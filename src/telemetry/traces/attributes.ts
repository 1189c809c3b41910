import { Failure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import type { OpenAttributes } from "../otlp/attributes.ts";

/** The longest text of an attribute that comes from outside. */
export const MAX_CHARACTERS = 256;

/** How each kind of token is called. https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/ */
const USAGE_NAMES = {
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cachedInputTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheCreationInputTokens: "gen_ai.usage.cache_creation.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
} as const satisfies Partial<Record<keyof TokenUsage, string>>;

const USAGE_ENTRIES = Object.entries(USAGE_NAMES) as readonly (readonly [keyof typeof USAGE_NAMES, string])[];

/**
 * Says how many tokens were used.
 * @param before what of them was used before
 */
export function setUsage(attributes: OpenAttributes, usage: TokenUsage | undefined, before?: TokenUsage): void {
  if (!usage || usage === before) return;
  for (const [kind, name] of USAGE_ENTRIES) {
    const count = usage[kind];
    if (count !== undefined) attributes[name] = Math.max(0, count - (before?.[kind] ?? 0));
  }
}

/** Says what a text is, if there is one; of a long one only the beginning. */
export function setText(attributes: OpenAttributes, name: string, text: string | undefined): void {
  if (text !== undefined && text !== "") attributes[name] = text.slice(0, MAX_CHARACTERS);
}

/** The code of an error, which is one of few. */
export function codeOf(error: unknown): string {
  if (error instanceof Failure) return error.code;
  return typeof error === "string" ? error : "internal";
}

/** Says where a call went: never its path or query, which may hold a key. */
export function setServer(attributes: OpenAttributes, url: string): void {
  const parsed = URL.parse(url);
  if (!parsed) return;
  const { hostname, port, protocol } = parsed;
  attributes["server.address"] = hostname;
  attributes["server.port"] = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}
