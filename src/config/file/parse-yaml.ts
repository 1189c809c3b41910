import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, type Pair } from "yaml";
import type { Steps } from "../../core/event-loop.ts";
import { composeYaml, type Slice } from "./compose-yaml.ts";
import {
  type Fault,
  type FileNode,
  type ListNode,
  type MapEntry,
  type MapNode,
  type Position,
  type ScalarNode,
  shownKey,
} from "./file-node.ts";

/** The values of a file, and what is wrong with it; without values if nothing can be made of it. */
export interface ParsedYaml {
  readonly root?: FileNode;
  readonly faults: readonly Fault[];
}

const MAX_DEPTH = 32;
/** What aliases repeat counts each time, because it is looked at each time. */
const MAX_NODES = 100_000;
/** What follows the first errors of a text is mostly wrong because of them. */
const MAX_SYNTAX_FAULTS = 3;

/** What the reader's errors mean. Its own words may repeat a part of the file, which may be secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias can have neither an anchor nor a tag",
  BAD_ALIAS: "there is no anchor of that name before this alias",
  BAD_COLLECTION_TYPE: "the tag does not fit the value",
  BAD_DIRECTIVE: "there is no such directive",
  BAD_DQ_ESCAPE: 'there is no such escape in text between ", where \\ is written \\\\',
  BAD_INDENT: "the indentation does not fit, or a bracket is not closed",
  BAD_SCALAR_START: "text cannot begin with this character: put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a second key in one line: put text that has a colon in quotes, or begin a new line",
  BLOCK_IN_FLOW: "what is between brackets cannot have lines of keys or of - in it",
  DUPLICATE_KEY: "the key is there twice",
  MISSING_CHAR: "a comma, a colon, a space, a quote or a bracket is missing",
  MULTIPLE_DOCS: "a second document begins: expected one",
  RESOURCE_EXHAUSTION: `it is nested too deep: at most ${MAX_DEPTH} levels are read`,
  TAB_AS_INDENT: "a tab is used as indentation: expected spaces",
  TAG_RESOLVE_FAILED: "the tag is not known: write the value without it",
};

/** Most often text in a line with brackets, such as `{ api_key: ${KEY} }`. */
const ELSE = "what is here cannot be: text that has brackets, colons or quotes in it, as ${NAME} has, goes in quotes";

/**
 * Reads YAML 1.2 with its positions. Without merge keys, which YAML 1.2 does not have. May be
 * interrupted: a text of 64 KB takes 70 ms if the code is cold, as it is for a gateway that serves.
 */
export function* parseYaml(text: string): Steps<ParsedYaml> {
  const lineCounter = new LineCounter();
  const slices = yield* composeYaml(text, lineCounter);
  const positionOf = (offset: number): Position => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const errors = [
    ...slices.flatMap(({ document }) => document.errors),
    ...slices.flatMap(({ document }) => document.warnings),
  ];
  if (errors.length > 0) {
    const faults = errors.map(({ code, pos: [offset] }) => ({
      at: positionOf(offset),
      text: `this is no YAML: ${SYNTAX[code] ?? ELSE}`,
    }));
    return { faults: faults.slice(0, MAX_SYNTAX_FAULTS) };
  }
  return yield* convert(slices, positionOf);
}

/** Thrown at what makes the file as a whole unreadable. */
class Unreadable extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.text);
    this.fault = fault;
  }
}

/** A value to which entries may still be added. */
type OpenNode = ScalarNode | ListNode | (MapNode & { readonly entries: Map<string, MapEntry> });

interface Sized {
  readonly node: OpenNode;
  readonly size: number;
}

function createConverter(positionOf: (offset: number) => Position) {
  const faults: Fault[] = [];
  /** By the names of anchors, so far: one of the same name takes the place of the one before. */
  const anchored = new Map<string, Sized>();
  let total = 0;

  const count = (size: number, at: Position): void => {
    total += size;
    if (total > MAX_NODES) throw new Unreadable({ at, text: `it has more than ${MAX_NODES} values, aliases included` });
  };

  const convertNode = (node: unknown, depth: number, nearby: Position): Sized => {
    const offset = (node as { readonly range?: readonly number[] } | null)?.range?.[0];
    const at = offset === undefined ? nearby : positionOf(offset);
    if (depth > MAX_DEPTH) throw new Unreadable({ at, text: SYNTAX["RESOURCE_EXHAUSTION"] ?? "" });
    if (isAlias(node)) {
      const repeated = anchored.get(node.source);
      if (!repeated) throw new Unreadable({ at, text: "an alias repeats what is not complete before it" });
      count(repeated.size, at);
      return repeated;
    }
    const before = total;
    count(1, at);
    const converted: Sized = { node: convertValue(node, depth, at), size: total - before };
    const anchor = (node as { readonly anchor?: string } | null)?.anchor;
    if (anchor !== undefined) anchored.set(anchor, converted);
    return converted;
  };

  const convertValue = (node: unknown, depth: number, at: Position): OpenNode => {
    if (isSeq(node))
      return { kind: "list", at, items: node.items.map((item) => convertNode(item, depth + 1, at).node) };
    if (isMap(node)) {
      const entries = new Map<string, MapEntry>();
      addEntries(node.items, depth, at, entries);
      return { kind: "map", at, entries };
    }
    const value: unknown = isScalar(node) ? node.value : null;
    const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
    if (!isPlain) throw new Unreadable({ at, text: "this is no text, number, true, false, list, or keys and values" });
    return { kind: "scalar", at, value: value as string | number | boolean | null };
  };

  /** @returns the value of the last one */
  const addEntries = (
    pairs: readonly Pair[],
    depth: number,
    nearby: Position,
    entries: Map<string, MapEntry>,
  ): OpenNode | undefined => {
    let last: OpenNode | undefined;
    for (const { key, value } of pairs) {
      const at = isNode(key) && key.range ? positionOf(key.range[0]) : nearby;
      if (!isScalar(key)) throw new Unreadable({ at, text: "a key is no text" });
      const name = typeof key.value === "string" ? key.value : (key.source ?? "");
      const known = entries.get(name);
      if (known) faults.push({ at, text: `${shownKey(name)} is there twice, first in line ${known.at.line}` });
      last = convertNode(value, depth + 1, at).node;
      if (!known) entries.set(name, { at, value: last });
    }
    return last;
  };

  return { faults, count, convertNode, addEntries };
}

type Converter = ReturnType<typeof createConverter>;

function* convertSlices(
  slices: readonly Slice[],
  { count, convertNode, addEntries }: Converter,
  positionOf: (offset: number) => Position,
): Steps<FileNode> {
  const contents = slices[0]?.document.contents;
  if (slices.length === 1 || !isMap(contents)) return convertNode(contents, 0, START).node;
  const at = contents.range ? positionOf(contents.range[0]) : START;
  const entries = new Map<string, MapEntry>();
  count(1, at);
  let last: OpenNode | undefined;
  for (const { document, continues } of slices) {
    yield;
    const pairs: readonly Pair[] = isMap(document.contents) ? document.contents.items : [];
    const below = pairs[0]?.value;
    if (!continues) last = addEntries(pairs, 0, at, entries);
    else if (last?.kind === "map" && isMap(below)) addEntries(below.items, 1, last.at, last.entries);
  }
  return { kind: "map", at, entries };
}

const START: Position = { line: 1, column: 1 };

function* convert(slices: readonly Slice[], positionOf: (offset: number) => Position): Steps<ParsedYaml> {
  const converter = createConverter(positionOf);
  try {
    const root = yield* convertSlices(slices, converter, positionOf);
    // One that is being written is, too.
    const isEmpty = root.kind === "scalar" && root.value === null;
    return isEmpty ? { faults: [{ at: START, text: "the file is empty" }] } : { root, faults: converter.faults };
  } catch (error) {
    if (error instanceof Unreadable) return { faults: [error.fault] };
    throw error;
  }
}
