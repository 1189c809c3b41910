import type { TokenUsage } from "../core/request-context.ts";
import { contentBytes } from "./content-bytes.ts";
import { saysUsage } from "./usage.ts";

/*
 * What an exchange used whose provider does not say, by a rule of bytes: four of them for a token, of the request's body
 * without media, and of what the answer says. A tokenizer would be nearer for one model, and wrong for the next.
 */

/** Of English text, and of JSON around it. */
const BYTES_PER_TOKEN = 4;

const tokensOf = (bytes: number): number => Math.ceil(bytes / BYTES_PER_TOKEN);

/** Of a longer answer in one piece the rest is taken to be like its beginning. */
const MAX_READ_BYTES = 1024 * 1024;

/** What an estimate is made of. */
export interface Seen {
  /** Of the request's body. */
  readonly bytesIn: number;
  /** The part of them that is media. */
  readonly mediaBytesIn: number;
  /** What the provider has said, if anything. */
  readonly usage: TokenUsage | undefined;
}

/** A counter that says less than this part of what has come is from before. */
const STALE = 0.5;

/** What there is of an answer that is over. */
export interface SeenAnswer {
  /** Its last bytes, or all of them. */
  readonly last: Uint8Array;
  /** How many came. */
  readonly total: number;
  /** It came in pieces that are like one another. */
  readonly isStream: boolean;
  /** It broke off, or its client left: what the provider has said so far may be from its beginning. */
  readonly isCut: boolean;
}

/** What an exchange used, of what its provider did not say; undefined if it has said it. */
export function estimateUsage(seen: Seen, { last, total, isStream, isCut }: SeenAnswer): TokenUsage | undefined {
  const { usage } = seen;
  const isTold = saysUsage(usage);
  if (isTold && !isCut) return undefined;
  const read = isStream ? last : last.subarray(0, MAX_READ_BYTES);
  const outputTokens = tokensOf(contentBytes(read, total, isStream));
  if (isTold && (usage.outputTokens ?? 0) >= outputTokens * STALE) return undefined;
  const inputTokens = usage?.inputTokens || tokensOf(Math.max(0, seen.bytesIn - seen.mediaBytesIn));
  return { inputTokens, outputTokens };
}
