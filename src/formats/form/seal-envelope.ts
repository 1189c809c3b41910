import type { Seal } from "./blocks.ts";

const MARK = "gw1.";

/** A seal as one text that clients carry and give back unchanged: `gw1.<origin>.<kind>.<value in base64url>`. */
export function wrapSeal({ origin, kind, value }: Seal): string {
  return `${MARK}${origin}.${kind}.${Buffer.from(value).toString("base64url")}`;
}

/** @returns undefined if the text is not an envelope, such as a provider's own signature. */
export function openSeal(text: string): Seal | undefined {
  if (!text.startsWith(MARK)) return undefined;
  const valueAt = text.lastIndexOf(".");
  const kindAt = text.lastIndexOf(".", valueAt - 1);
  const kind = text.slice(kindAt + 1, valueAt);
  if (kindAt < MARK.length || (kind !== "signature" && kind !== "encrypted")) return undefined;
  return {
    origin: text.slice(MARK.length, kindAt),
    kind,
    value: Buffer.from(text.slice(valueAt + 1), "base64url").toString("utf8"),
  };
}
