import type { Tool } from "./conversation.ts";

/** What providers take. https://platform.openai.com/docs/api-reference/chat/create */
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

const MAX_PREFIX_CHARACTERS = 55;

/** The name of a tool for a provider: one that it would refuse becomes a prefix and a hash, always the same ones. */
export function fitToolName(name: string): string {
  if (NAME.test(name)) return name;
  const hash = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, MAX_PREFIX_CHARACTERS)}_${hash}`;
}

/** Turns names that a provider says into those of the request's tools. */
export type ClientToolName = (name: string) => string;

/** @param tools those of the request; usually no name of theirs had to be changed */
export function clientToolNames(tools: readonly Tool[] = []): ClientToolName {
  const changed = tools.filter(({ name }) => !NAME.test(name));
  if (changed.length === 0) return (name) => name;
  const names = new Map(changed.map(({ name }) => [fitToolName(name), name]));
  return (name) => names.get(name) ?? name;
}
