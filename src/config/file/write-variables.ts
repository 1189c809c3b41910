import type { Environment } from "../environment.ts";
import type { Said } from "./check-file.ts";
import { type Fault, type FileNode, plainText, type Position, shownPath } from "./file-node.ts";
import { fillIn } from "./fill-in.ts";
import type { Notation } from "./saying.ts";

/** The text of a variable, and where the file says it. */
export interface FileValue extends Position {
  readonly text: string;
  readonly path: string;
  /** Whether a part of it came from another variable or file, and may be secret. */
  readonly filled: boolean;
  /** Of a list of keys, those after the first one, which the variable says. */
  readonly furtherKeys?: readonly string[];
  /** A list of keys that is filled in with its own variable says more than that does, and is not replaced by it. */
  readonly hasOwnVariable?: true;
}

/** A value whose references are filled in. */
type Plain = string | readonly Plain[] | { readonly [key: string]: Plain };

/** Thrown at what cannot be filled in or written, and caught for each variable. */
class Unwritable extends Error {
  readonly fault: Fault;

  constructor(at: Position, path: readonly (string | number)[], complaint: string) {
    super(complaint);
    this.fault = { at, text: `${shownPath(path)}${complaint}` };
  }
}

/**
 * Writes what the file says as the text of its variable; undefined if that is blank, and with it as if nothing was said.
 * @returns what is wrong with it, if something is.
 */
export function writeVariable({ path, node, saying }: Said, environment: Environment): FileValue | Fault | undefined {
  let filled = false;
  const plain = (node: FileNode, path: readonly (string | number)[]): Plain => {
    switch (node.kind) {
      case "list":
        return node.items.map((item, index) => plain(item, [...path, index]));
      case "map":
        return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, plain(value, [...path, key])]));
      case "scalar": {
        if (typeof node.value !== "string") return node.value === null ? {} : plainText(node.value);
        const result = fillIn(node.value, environment);
        if (!result.ok) throw new Unwritable(node.at, path, `: ${result.reason}`);
        filled ||= result.filled;
        return result.text;
      }
    }
  };
  try {
    if (saying.notation === "keys") return writeKeys({ path, node, saying }, plain(node, path), filled);
    const written = WRITERS[saying.notation](plain(node, path));
    if (written === undefined) throw new Unwritable(node.at, path, ` is not accepted: expected ${saying.accepted}`);
    return written.trim() === "" ? undefined : { ...node.at, text: written, path: shownPath(path), filled };
  } catch (error) {
    if (error instanceof Unwritable) return error.fault;
    throw error;
  }
}

/** A blank key counts as not said. */
function writeKeys({ path, node }: Said, plain: Plain, filled: boolean): FileValue | undefined {
  const all = Array.isArray(plain) ? (plain as readonly Plain[]) : [plain];
  const keys = all.map((key) => (isText(key) ? key.trim() : ""));
  keys.forEach((key, index) => {
    const first = keys.indexOf(key);
    if (key === "" || first === index) return;
    const at = node.kind === "list" ? (node.items[index] ?? node).at : node.at;
    throw new Unwritable(
      at,
      [...path, index],
      ` is the same key as ${shownPath([...path, first])}: expected another one`,
    );
  });
  const [text, ...furtherKeys] = keys.filter((key) => key !== "");
  return text === undefined ? undefined : { ...node.at, text, path: shownPath(path), filled, furtherKeys };
}

const isText = (value: Plain): value is string => typeof value === "string";

/** How values of each notation are written; undefined for what cannot be. */
const WRITERS: Readonly<Record<Exclude<Notation, "keys">, (value: Plain) => string | undefined>> = {
  text: (value) => (isText(value) ? value : undefined),
  list(value) {
    if (isText(value)) return value;
    const entries = Array.isArray(value) ? (value as readonly Plain[]) : [];
    // Between entries of a variable are commas.
    return entries.every((entry) => isText(entry) && !entry.includes(",")) ? entries.join(",") : undefined;
  },
  headers: (value) => (Object.keys(value).length === 0 ? "" : JSON.stringify(value)),
  query: (value) =>
    Object.entries(value)
      .map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(text))}`)
      .join("&"),
  apis(value) {
    if (Array.isArray(value)) return value.join(",");
    const entries = Object.entries(value).map(([name, entry]: [string, Plain]) => {
      const { path, auth_header: header } = isText(entry)
        ? { path: entry }
        : (entry as Readonly<Record<string, string>>);
      if (/[\s,]/.test(path ?? "") || header?.includes(",")) return undefined;
      return `${name}${path ? `=${path}` : ""}${header ? ` ${header}` : ""}`;
    });
    return entries.includes(undefined) ? undefined : entries.join(",");
  },
};
