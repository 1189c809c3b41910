import type { Seal } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";

/**
 * The origin of a signature that a client sent without an envelope: it got it from some provider of this wire, by an
 * answer that was relayed as it was, and which one is not known.
 */
export const RELAYED = "generate";

/** The origin of what a provider of this wire signs. */
export const originOf = ({ provider }: WireTarget): string => `${provider}/generate`;

/** Whether a provider made this seal, as far as can be known, and must get it back. */
export const isOwnSeal = ({ origin }: Seal, target: WireTarget): boolean =>
  origin === RELAYED || origin === originOf(target);

/**
 * Gemini 3 refuses the first call of each step without a signature; this is Google's word for one that is lost.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export const LOST_SIGNATURE = "skip_thought_signature_validator";
