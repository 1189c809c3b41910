import type { Seal } from "./blocks.ts";

const VERSION = "gw1";
const KINDS: readonly Seal["kind"][] = ["signature", "encrypted"];

/**
 * A seal of one wire as a text that clients of another API carry back unchanged: `gw1.<origin>.<kind>.<value>`, with the
 * value in base64url. The id of an item does not travel.
 */
export function wrapSeal(seal: Seal): string {
  return `${VERSION}.${seal.origin}.${seal.kind}.${Buffer.from(seal.value).toString("base64url")}`;
}

/** @returns undefined if the text is no envelope: a value in the API's own form, or anything else */
export function openSeal(text: string): Seal | undefined {
  const fields = /^gw1\.([^\s]+)\.([a-z]+)\.([A-Za-z0-9_-]*)$/.exec(text);
  const kind = KINDS.find((known) => known === fields?.[2]);
  if (!fields || kind === undefined) return undefined;
  const [, origin = "", , value = ""] = fields;
  return { origin, kind, value: Buffer.from(value, "base64url").toString() };
}
