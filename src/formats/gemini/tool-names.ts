import type { Tool } from "../form/conversation.ts";

/** What the wire takes. https://ai.google.dev/api/caching#FunctionDeclaration */
const NAME = /^[a-zA-Z_][\w.:-]{0,63}$/;

const MAX_PREFIX_CHARACTERS = 55;

/** The name of a tool for a provider: one that it would refuse becomes a prefix and a hash, always the same ones. */
export function toWireName(name: string): string {
  if (NAME.test(name)) return name;
  const plain = name.replace(/[^\w.:-]/g, "_");
  const prefix = /^[a-zA-Z_]/.test(plain) ? plain : `_${plain}`;
  return `${prefix.slice(0, MAX_PREFIX_CHARACTERS)}_${digest(name, 8)}`;
}

/** @returns what turns names that a provider says into those of the request's tools; usually none had to be changed */
export function clientNames(tools: readonly Tool[] = []): (name: string) => string {
  const changed = tools.filter(({ name }) => !NAME.test(name));
  if (changed.length === 0) return (name) => name;
  const names = new Map(changed.map(({ name }) => [toWireName(name), name]));
  return (name) => names.get(name) ?? name;
}

/**
 * An id for a call that has none, as older models give none: the same for the same call of the same answer.
 * @param answer the provider's id of the answer
 * @param position of the call among those of the answer
 */
export const makeCallId = (answer: string, position: number, name: string, input: string): string =>
  `call_${digest(`${answer} ${position} ${name} ${input}`, 24)}`;

const digest = (text: string, length: number): string =>
  new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, length);
