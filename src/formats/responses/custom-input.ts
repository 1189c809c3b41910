import { parseJson } from "../../core/json/parse.ts";
import { objectOf, textOf } from "../../core/json/values.ts";

/** What a wire without custom tools calls the one argument of the function that stands for one. */
const START = /^\s*\{\s*"input"\s*:\s*"/;
/** Longest text that {@link START} could still match the beginning of. */
const MAX_START_LENGTH = 64;

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Takes the free text of a custom tool out of the arguments of the function that stood for it, as they come. */
export interface CustomInput {
  /** @returns the text that is known now; often empty */
  add(piece: string): string;
  /** @returns what is left */
  end(): string;
}

/**
 * Reads `{"input": "…"}` in pieces. Arguments that begin otherwise are held until the end: an object with `input` gives
 * that, anything else is the text itself, which models write that were told of free text.
 */
export function createCustomInput(): CustomInput {
  let state: "start" | "text" | "done" | "held" = "start";
  let held: string[] = [];
  let length = 0;
  // An escape that is cut off.
  let rest = "";

  function readText(piece: string): string {
    const text = rest + piece;
    const { end, isClosed } = scanString(text);
    rest = isClosed ? "" : text.slice(end);
    if (isClosed) state = "done";
    return unescape(text.slice(0, end));
  }

  return {
    add(piece) {
      if (state === "done") return "";
      if (state === "text") return readText(piece);
      held.push(piece);
      length += piece.length;
      if (state === "held") return "";
      const text = held.join("");
      const start = START.exec(text)?.[0];
      if (start !== undefined) {
        state = "text";
        held = [];
        return readText(text.slice(start.length));
      }
      held = [text];
      if (length > MAX_START_LENGTH) state = "held";
      return "";
    },
    end() {
      return state === "start" || state === "held" ? unwrap(held.join("")) : "";
    },
  };
}

/** Where the text of a JSON string ends: before its quote, or before an escape that is not there in full. */
function scanString(text: string): { readonly end: number; readonly isClosed: boolean } {
  const marks = /["\\]/g;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    const start = mark.index;
    if (text[start] === '"') return { end: start, isClosed: true };
    const next = start + (text[start + 1] === "u" ? "\\u0000".length : "\\n".length);
    if (next > text.length) return { end: start, isClosed: false };
    marks.lastIndex = next;
  }
  return { end: text.length, isClosed: false };
}

const unescape = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|([^]))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  );

function unwrap(text: string): string {
  return textOf(objectOf(parseJson(text))?.["input"]) ?? (text.trim() === "{}" ? "" : text);
}
