import type { Tool } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";

const NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** A character that the wire has no place for, by its code point. */
const ESCAPED = /_x([0-9a-f]{1,6})_/g;
const HAS_ESCAPED = /_x[0-9a-f]{1,6}_/;

const MAX_PREFIX_CHARACTERS = 119;

/** What would be read as something else if it stayed: all that is not allowed, and what an escape begins with. */
const TO_ESCAPE = /[^a-zA-Z0-9_-]|_(?=x)/gu;

/**
 * The name of a tool for a provider. The wire allows letters, digits, `_` and `-`, at most 128; other characters are
 * written by their code points, so that {@link fromWireName} needs no table of what was renamed. What is too long becomes
 * a prefix and a hash.
 */
export function toWireName(name: string): string {
  if (NAME.test(name) && !HAS_ESCAPED.test(name)) return name;
  const escaped = name.replace(TO_ESCAPE, (character) => `_x${character.codePointAt(0)?.toString(16)}_`);
  if (NAME.test(escaped)) return escaped;
  if (name === "") throw new CannotTranslate("tools[].name", "tools must have a name");
  const hash = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.replace(/[^a-zA-Z0-9-]/g, "-").slice(0, MAX_PREFIX_CHARACTERS)}_${hash}`;
}

/** Turns names that a provider says into those of the request's tools. */
export type ClientToolName = (name: string) => string;

/** @param tools those of the request; usually no name of theirs had to be changed */
export function clientToolNames(tools: readonly Tool[] = []): ClientToolName {
  const changed = tools.filter(({ name }) => !NAME.test(name) || HAS_ESCAPED.test(name));
  if (changed.length === 0) return fromWireName;
  const names = new Map(changed.flatMap(({ name }) => (name === "" ? [] : [[toWireName(name), name]])));
  return (name) => names.get(name) ?? fromWireName(name);
}

/** The client's name of a tool that a provider calls. */
export const fromWireName = (name: string): string =>
  HAS_ESCAPED.test(name) ? name.replace(ESCAPED, (_, code: string) => fromCodePoint(code) ?? _) : name;

function fromCodePoint(hex: string): string | undefined {
  const code = Number.parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

const ID = /^[a-zA-Z0-9_-]+$/;

/** The id of a call for a provider: other ids than the wire allows become a hash, the same for the call and its result. */
export const toWireId = (id: string): string =>
  ID.test(id) ? id : `toolu_${new Bun.CryptoHasher("sha256").update(id).digest("base64url").slice(0, 24)}`;
