import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { saysSomething } from "./unread-members.ts";

/** Which members an object may have, and what is known of those that are objects or lists of objects. */
export interface KnownMembers {
  /** Those that are read, or that say nothing to anybody else, as what answers have and clients send back. */
  readonly names: ReadonlySet<string>;
  readonly within: ReadonlyMap<string, ChooseKnown>;
}

/** What is known of an object by what it is, such as the `type` of a part; undefined: that it is not read is told elsewhere. */
export type ChooseKnown = (object: JsonObject) => KnownMembers | undefined;

/** @param within by the names of members, which are known by that */
export const known = (names: readonly string[], within: Readonly<Record<string, ChooseKnown>> = {}): KnownMembers => ({
  names: new Set([...names, ...Object.keys(within)]),
  within: new Map(Object.entries(within)),
});

/** Is the same for all objects of one place. */
export const always =
  (members: KnownMembers): ChooseKnown =>
  () =>
    members;

/** Chooses by the value of a member. */
export const byMember = (name: string, kinds: Readonly<Record<string, KnownMembers>>): ChooseKnown => {
  const table = new Map(Object.entries(kinds));
  return (object) => table.get(String(object[name]));
};

/** The header that tells them has no room for more. */
const MAX_TOLD = 100;

/**
 * Paths of the members of what was said that are not known: of one shape the first, as a conversation may have the same
 * member in each of its messages.
 * @param value an object or a list of objects; anything else has no members
 * @param path where it is in the request
 */
export function unknownMembers(value: unknown, path: string, choose: ChooseKnown): readonly string[] {
  const search: Search = { told: [], shapes: new Set() };
  searchValue(value, path, choose, search);
  return search.told;
}

interface Search {
  readonly told: string[];
  readonly shapes: Set<string>;
}

function searchValue(value: unknown, path: string, choose: ChooseKnown, search: Search): void {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      if (isJsonObject(value[at])) searchObject(value[at], `${path}[${at}]`, choose, search);
    }
  } else if (isJsonObject(value)) searchObject(value, path, choose, search);
}

function searchObject(object: JsonObject, path: string, choose: ChooseKnown, search: Search): void {
  const members = choose(object);
  if (!members) return;
  for (const name in object) {
    const value = object[name];
    if (!members.names.has(name)) {
      if (search.told.length < MAX_TOLD && saysSomething(value) && !isEmpty(value)) tell(`${path}.${name}`, search);
      continue;
    }
    const inner = typeof value === "object" ? members.within.get(name) : undefined;
    if (inner) searchValue(value, `${path}.${name}`, inner, search);
  }
}

const isEmpty = (value: unknown): boolean => isJsonObject(value) && Object.keys(value).length === 0;

function tell(path: string, { told, shapes }: Search): void {
  const shape = path.replace(/\[\d+\]/g, "[]");
  if (shapes.has(shape)) return;
  shapes.add(shape);
  told.push(path);
}
