import type { Seal } from "../form/blocks.ts";
import { openSeal, wrapSeal } from "../form/seal-envelope.ts";
import { RELAYED } from "./signatures.ts";

/*
 * How the seals of other wires travel with a client of this API: in `thoughtSignature`, which typed clients take for the
 * base64 of bytes that mean nothing to them, and send back with its part. A part has room for one such text, and thoughts
 * that the client did not want to see have no part. So the bytes are a list of lines: one for each thought that was before
 * the part, `<envelope> <base64url of its text>`, and one for the part itself, `<envelope>`.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */

/** A thought that the client was not shown, but must bring back. */
export interface HiddenThought {
  readonly text: string;
  readonly seal: Seal;
}

/** What was in the `thoughtSignature` of a part. */
export interface OpenedSignature {
  /** What was thought before the part, in order. */
  readonly thoughts: readonly HiddenThought[];
  /** Of the part itself. */
  readonly own: Seal | undefined;
}

const OWN_WIRE = "/generate";

const THOUGHT = " ";
const LINE_END = "\n";

/** How the base64 of an envelope begins. */
const SIGN = "Z3cxL";

/** The same in the bytes of a body: one without it holds no envelope. */
export const CARRIER_SIGN = Buffer.from(`"${SIGN}`);

/** @returns undefined if there is nothing to carry */
export function carrySeals(thoughts: readonly HiddenThought[], own: Seal | undefined): string | undefined {
  // A value of this very wire is what its clients expect.
  if (own && thoughts.length === 0 && isOfWire(own)) return own.value;
  const lines = thoughts.map(({ text, seal }) => wrapSeal(seal) + THOUGHT + encode(text, "base64url"));
  if (own) lines.push(wrapSeal(own));
  return lines.length === 0 ? undefined : encode(lines.join(LINE_END), "base64");
}

const isOfWire = ({ origin }: Seal): boolean => origin === RELAYED || origin.endsWith(OWN_WIRE);

/** Reads the `thoughtSignature` of a part of a client; undefined if it says nothing. */
export function openSignature(value: unknown): OpenedSignature | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return openCarrier(value) ?? { thoughts: [], own: { origin: RELAYED, kind: "signature", value } };
}

/** Whether a text is one of {@link carrySeals}. */
export const isCarrier = (value: unknown): boolean => typeof value === "string" && openCarrier(value) !== undefined;

function openCarrier(value: string): OpenedSignature | undefined {
  // Clients in Python write the other alphabet of base64, which is read as well.
  if (!value.startsWith(SIGN)) return undefined;
  const thoughts: HiddenThought[] = [];
  let own: Seal | undefined;
  for (const line of decode(value, "base64").split(LINE_END)) {
    const [envelope = "", text] = line.split(THOUGHT);
    const seal = openSeal(envelope);
    if (!seal) return undefined;
    if (text === undefined) own = seal;
    else thoughts.push({ text: decode(text, "base64url"), seal });
  }
  return { thoughts, own };
}

const encode = (text: string, encoding: "base64" | "base64url"): string => Buffer.from(text, "utf8").toString(encoding);

const decode = (text: string, encoding: "base64" | "base64url"): string => Buffer.from(text, encoding).toString("utf8");
