import type { TSchema } from "@sinclair/typebox";
import type { Environment } from "../environment.ts";
import { problemLine } from "../setting-problem.ts";
import { type Fault, type FileNode, plainText, type Position, type ScalarNode, shownPath } from "./file-node.ts";
import { fillIn } from "./fill-in.ts";
import { acceptedAt, isJsonPlace, readingOf, type ValueReading } from "./typed-places.ts";

/** A section that is read as a whole, with nothing wrong in its types. */
export interface Part {
  readonly path: readonly string[];
  /** Where its key is. */
  readonly at: Position;
  readonly node: FileNode;
  readonly schema: TSchema;
}

/** Where a value of a part is. */
export interface ValuePlace extends Position {
  /** Whether a part of it came from another variable or file, and may be secret. */
  readonly filled?: true;
}

export interface ReadPart {
  /** As its schema says. */
  readonly value: unknown;
  /** By their paths in the file. */
  readonly places: Readonly<Record<string, ValuePlace>>;
  readonly faults: readonly Fault[];
}

type Path = readonly (string | number)[];

/** Reads the values of a part, with its references filled in. What is filled in with nothing is as if it was not said. */
export function readPart({ path, at, node, schema }: Part, environment: Environment): ReadPart {
  const places: Record<string, ValuePlace> = {};
  const faults: Fault[] = [];

  const fill = (node: ScalarNode, path: Path): string | undefined => {
    if (typeof node.value !== "string") return plainText(node.value);
    const result = fillIn(node.value, environment);
    if (!result.ok) faults.push({ at: node.at, text: `${shownPath(path)}: ${result.reason}` });
    else if (result.filled) places[shownPath(path)] = { ...node.at, filled: true };
    return result.ok ? result.text : undefined;
  };

  const readText = (node: ScalarNode, { parse, accepted }: ValueReading, path: Path): unknown => {
    const text = fill(node, path)?.trim();
    if (text === undefined || text === "") return undefined;
    const value = parse(text);
    if (value !== undefined) return value;
    const name = shownPath(path);
    const shown = places[name]?.filled ? "***" : text;
    faults.push({ at: node.at, text: problemLine({ name, value: shown, secret: false, expected: accepted }) });
    return undefined;
  };

  const readJson = (node: FileNode, path: Path): unknown => {
    places[shownPath(path)] = { ...node.at };
    if (node.kind === "list") return node.items.map((item, index) => readJson(item, [...path, index]));
    if (node.kind === "map") {
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, readJson(value, [...path, key])]));
    }
    return typeof node.value === "string" ? fill(node, path) : node.value;
  };

  const read = (node: FileNode, schema: TSchema, path: Path): unknown => {
    if (isJsonPlace(schema)) return readJson(node, path);
    places[shownPath(path)] = { ...node.at };
    const reading = readingOf(schema);
    if (reading) return node.kind === "scalar" ? readText(node, reading, path) : undefined;
    if (node.kind === "list")
      return node.items.flatMap((item, index) => present(read(item, schema["items"], [...path, index])));
    const found: Record<string, unknown> = {};
    for (const [key, { value }] of node.kind === "map" ? node.entries : []) {
      const place = schema["properties"][key];
      const before = faults.length;
      const one = read(value, place, [...path, key]);
      if (one !== undefined) found[key] = one;
      else if (schema["required"]?.includes(key) && faults.length === before) {
        const name = shownPath([...path, key]);
        faults.push({ at: value.at, text: `${name} is blank: expected ${acceptedAt(place) ?? "a value"}` });
      }
    }
    return found;
  };

  const value = read(node, schema, path);
  places[shownPath(path)] = at;
  return { value, places, faults };
}

const present = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value]);
