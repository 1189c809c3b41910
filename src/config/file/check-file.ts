import type { TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { nearestName } from "../../core/nearest-name.ts";
import { type Fault, type FileNode, kindOf, type ListNode, type MapNode, shownPath } from "./file-node.ts";
import type { Part } from "./read-part.ts";
import { type Place, placesOf, type Saying, sayingOf } from "./saying.ts";
import { acceptedAt, isJsonPlace, isPartOfFile } from "./typed-places.ts";

/** A place of the file that says a setting, and what it says. */
export interface Said {
  readonly path: readonly string[];
  readonly node: FileNode;
  readonly saying: Saying;
}

export interface CheckedFile {
  readonly said: readonly Said[];
  /** The sections that are read as a whole. */
  readonly parts: readonly Part[];
  readonly faults: readonly Fault[];
}

type Path = readonly (string | number)[];

/** Longer lists of what is known would hide what is said. */
const MAX_NAMED = 20;

/** Checks what a file holds against its schema, and finds what it says, as far as that is as it should be. */
export function checkFile(root: FileNode, schema: TSchema): CheckedFile {
  const said: Said[] = [];
  const parts: Part[] = [];
  const faults: Fault[] = [];
  const suggest = createSuggestions(schema);

  const refuse = (node: FileNode, schema: TSchema, path: Path, accepted: string): void => {
    const where = path.length === 0 ? "the file" : shownPath(path);
    const found = `found ${kindOf(node)}${adviceOn(node, membersOf(schema))}`;
    faults.push({ at: node.at, text: `${where} is not accepted: expected ${accepted}, ${found}` });
  };

  const check = (given: FileNode, schema: TSchema, path: Path, accepted: string, at = given.at): void => {
    const before = faults.length;
    const saying = sayingOf(schema);
    const expected = acceptedAt(schema) ?? accepted;
    const member = memberFor(schema, given);
    // A section that has nothing below it.
    const isEmptyMap = member?.["type"] === "object" && given.kind === "scalar";
    const node: FileNode = isEmptyMap ? { kind: "map", at: given.at, entries: new Map() } : given;
    const isRefused = member === undefined || (isJsonPlace(schema) && node.kind !== "map");
    if (isRefused) refuse(node, schema, path, expected);
    else if (isJsonPlace(schema)) return;
    else if (node.kind === "list") checkList(node, member, path, expected);
    else if (node.kind === "map") checkMap(node, member, path, expected);
    if (faults.length > before) return;
    if (saying) said.push({ path: path.map(String), node, saying });
    if (isPartOfFile(schema)) parts.push({ path: path.map(String), at, node, schema });
  };

  const checkList = (node: ListNode, schema: TSchema, path: Path, accepted: string): void => {
    const { minItems = 0, maxItems = Infinity } = schema as { minItems?: number; maxItems?: number };
    const count = node.items.length;
    if (count < minItems || count > maxItems) return refuse(node, schema, path, accepted);
    node.items.forEach((item, index) => check(item, schema["items"], [...path, index], accepted));
  };

  const checkMap = (node: MapNode, schema: TSchema, path: Path, accepted: string): void => {
    const properties: Readonly<Record<string, TSchema>> = schema["properties"] ?? {};
    const further: TSchema | undefined = schema["additionalProperties"] || undefined;
    const pattern = new RegExp(schema["propertyNames"]?.pattern ?? "");
    for (const [key, { at, value }] of node.entries) {
      const known = Object.hasOwn(properties, key) ? properties[key] : pattern.test(key) ? further : undefined;
      if (known) check(value, known, [...path, key], accepted, at);
      else faults.push({ at, text: `${shownPath([...path, key])} is ${unknown(key, value, path, schema)}` });
    }
    for (const key of schema["required"] ?? []) {
      if (node.entries.has(key)) continue;
      const what = acceptedAt(properties[key] ?? schema) ?? "it";
      faults.push({ at: node.at, text: `${shownPath([...path, key])} is not there: expected ${what}` });
    }
  };

  const unknown = (key: string, value: FileNode, path: Path, schema: TSchema): string => {
    if (key === "<<") return "not read, because merge keys are no part of YAML 1.2: repeat the keys";
    const names = Object.keys(schema["properties"] ?? {});
    const meant = suggest(key, value, path, names);
    const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
    const right = schema["propertyNames"]?.description;
    if (right !== undefined) return `no name that can be used here${hint || `: expected ${right}`}`;
    const known = meant === undefined && names.length <= MAX_NAMED ? `: expected one of ${names.join(", ")}` : "";
    return `not known${hint}${known}`;
  };

  check(root, schema, [], "keys and values");
  return { said, parts, faults };
}

const membersOf = (schema: TSchema): readonly TSchema[] => schema["anyOf"] ?? [schema];

const isNothing = (node: FileNode): boolean => node.kind === "scalar" && node.value === null;

/** Which of the schemas of a union, or that one schema, is for a value; undefined if it is not accepted. */
function memberFor(schema: TSchema, node: FileNode): TSchema | undefined {
  const members = membersOf(schema);
  const ofType = (type: string): TSchema | undefined => members.find((member) => member["type"] === type);
  if (node.kind === "list") return ofType("array");
  if (node.kind === "map" || (isNothing(node) && !sayingOf(schema))) return ofType("object");
  return members.find((member) => member["type"] !== "object" && Value.Check(member, node.value));
}

/** What would make a value that is refused one of those that are accepted, if that is likely. */
function adviceOn(node: FileNode, members: readonly TSchema[]): string {
  if (node.kind !== "scalar" || node.value === null) return "";
  if (typeof node.value !== "string") {
    const takesText = members.some((member) => member["type"] === "string" && member["pattern"] === undefined);
    return takesText ? ": text that looks like this goes in quotes" : "";
  }
  const words = members.flatMap((member): readonly string[] => ("const" in member ? [String(member["const"])] : []));
  const meant = nearestName(node.value.toLowerCase(), words);
  return meant === undefined ? "" : ` (did you mean ${meant}?)`;
}

/**
 * Makes what finds what an unknown key was meant to be. By an index of all places, as a file may have thousands of such keys:
 * to go through the places for each took 0.25 ms.
 */
function createSuggestions(schema: TSchema) {
  let places: ReadonlyMap<string, string> | undefined;
  return (key: string, value: FileNode, path: Path, siblings: readonly string[]): string | undefined => {
    const name = key.toLowerCase();
    const near = siblings.find((sibling) => sibling.endsWith(`_${name}`)) ?? nearestName(name, siblings);
    if (near !== undefined) return shownPath([...path, near]);
    const found = (places ??= indexPlaces(placesOf(schema)));
    // A section that would hold what variables begin with: `history: { enabled: true }`.
    const inner = value.kind === "map" ? [...value.entries.keys()].slice(0, MAX_NAMED) : [];
    const variable = inner.map((each) => `${key}_${each}`.toUpperCase()).find((each) => found.has(each));
    return found.get(key) ?? found.get(name) ?? (variable && found.get(variable));
  };
}

/** The first place that each variable, and each last key of a path, names. */
function indexPlaces(places: readonly Place[]): ReadonlyMap<string, string> {
  const index = new Map<string, string>();
  for (const { path, saying } of places) {
    for (const name of [saying.variable(path), path.at(-1) ?? ""]) {
      if (!index.has(name)) index.set(name, path.join("."));
    }
  }
  return index;
}
