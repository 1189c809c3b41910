import type { JsonObject } from "../../core/json/parse.ts";
import type { Seal, ThinkingBlock } from "../form/blocks.ts";
import type { WireTarget } from "../form/dialect.ts";
import { openSeal, wrapSeal } from "../form/seal-envelope.ts";

/**
 * The origin of a seal that a client sent without an envelope: it got it from some provider of this wire, by an answer
 * that was relayed as it was, and which one is not known.
 */
const RELAYED = "messages";

const OWN_WIRE = "/messages";

/** The origin of what a provider of this wire seals. */
export const originOf = ({ provider }: WireTarget): string => provider + OWN_WIRE;

/** Reads the `signature` or the `data` of a thinking block of a client; undefined if there is none. */
export function readSeal(value: unknown, kind: Seal["kind"]): Seal | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return openSeal(value) ?? { origin: RELAYED, kind, value };
}

/** Whether a provider made this seal, as far as can be known, and must get it back. */
export const isOwnSeal = ({ origin }: Seal, target: WireTarget): boolean =>
  origin === RELAYED || origin === originOf(target);

/** Whether the value is one of this wire, which its clients get as it is. */
const isOfWire = ({ origin }: Seal): boolean => origin === RELAYED || origin.endsWith(OWN_WIRE);

/** A seal for a client. */
const carry = (seal: Seal): string => (isOfWire(seal) ? seal.value : wrapSeal(seal));

/** A thought for a client; undefined if it holds nothing. */
export function carryThinking({ text, seal }: ThinkingBlock): JsonObject | undefined {
  if (seal?.kind === "encrypted" && text === "") return { type: "redacted_thinking", data: carry(seal) };
  if (text === "" && !seal) return undefined;
  return { type: "thinking", thinking: text, signature: thinkingSignature(seal) };
}

/** What stands in `signature` of a thought for a client: text without a seal has an empty one. */
export function thinkingSignature(seal: Seal | undefined): string {
  if (!seal) return "";
  // With a text, encrypted thoughts of this very wire have no place but the envelope, in which the two kinds differ.
  return seal.kind === "encrypted" ? wrapSeal(seal) : carry(seal);
}

/** What carries the seal of a call to a client, directly before the call. */
export const carryCallSeal = (seal: Seal): JsonObject => ({
  type: "redacted_thinking",
  data: wrapSeal({ ...seal, kind: "signature" }),
});
