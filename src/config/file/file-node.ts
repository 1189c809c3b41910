import { decimalText } from "../../providers/decimal-text.ts";

/** A place in a text, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What is wrong at a place of the file. */
export interface Fault {
  readonly at: Position;
  /** One line, which begins with the path of what it is about and holds no value that may be secret. */
  readonly text: string;
}

export interface ScalarNode {
  readonly kind: "scalar";
  readonly at: Position;
  readonly value: string | number | boolean | null;
}

export interface ListNode {
  readonly kind: "list";
  readonly at: Position;
  readonly items: readonly FileNode[];
}

export interface MapNode {
  readonly kind: "map";
  readonly at: Position;
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  /** Where its key is. */
  readonly at: Position;
  readonly value: FileNode;
}

/** A value of the file, and where it is. What an alias repeats is the same object as what it repeats. */
export type FileNode = ScalarNode | ListNode | MapNode;

const NAME = /^[A-Za-z_<][\w.<-]{0,63}$/;
/** What else may be meant as a name, and holds neither a URL nor, behind a colon or =, a value. */
const WORDS = /^[\p{L}\p{N}_ ./*+<-]{1,80}$/u;
/** In words: as long as only keys and tokens have it, with digits among letters. */
const SECRET = /(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{16}/;

/** A key as it may be shown: what looks like none may be a part of a secret. */
export function shownKey(key: string): string {
  if (NAME.test(key)) return key;
  if (!WORDS.test(key) || SECRET.test(key)) return "(a key)";
  return key.includes(" ") ? JSON.stringify(key) : key;
}

/** The names of models, which are no secrets, are what clients write. */
const MODEL_NAME = /^[\w./:@*+-]{1,80}$/;

/** `providers.openai.api_keys[0]` */
export function shownPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((shown, part, index) => {
    if (typeof part === "number") return `${shown}[${part}]`;
    const isModel = path[0] === (index === 1 ? "models" : "prices") && (index === 1 || index === 2);
    if (isModel && MODEL_NAME.test(part)) return `${shown}.${part}`;
    return shown === "" ? shownKey(part) : `${shown}.${shownKey(part)}`;
  }, "");
}

/** What is no text as a variable would have it: digits without an exponent, which is what the runtime writes below 0.000001. */
export const plainText = (value: number | boolean | null): string => decimalText(value) ?? String(value);

/** What a value is, in a word or two. */
export function kindOf(node: FileNode): string {
  if (node.kind === "list") return "a list";
  if (node.kind === "map") return "keys and values";
  if (node.value === null) return "nothing";
  if (typeof node.value === "string") return node.value === "" ? "empty text" : "text";
  return typeof node.value === "number" ? "a number" : String(node.value);
}
