/** The first place at which a text stops being JSON. */
export interface SyntaxFault {
  /** In UTF-16 units from the beginning. */
  readonly offset: number;
  /** In words that repeat nothing of the text. */
  readonly reason: string;
}

type Expected = "value" | "value or ]" | "key" | "key or }" | "colon" | "comma or end" | "nothing";

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What a reader takes for one number, so that `01` is one wrong number and not two. */
const NUMBER_LIKE = /[-+.\d\w]*/y;
const WORD = /[A-Za-z_$][\w$]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const PLAIN_CHARACTERS = /[^"\\\u0000-\u001f]*/y;

const REASONS: Readonly<Record<Expected, string>> = {
  value: "value expected",
  "value or ]": "value expected",
  key: "property name expected",
  "key or }": "property name expected",
  colon: "colon expected",
  "comma or end": "comma expected",
  nothing: "end of file expected",
};

/**
 * Finds what `JSON.parse` objects to, in one pass and without recursion: runtimes quote the offending text in their
 * messages and give no position.
 * @returns undefined if the text is JSON. https://www.rfc-editor.org/rfc/rfc8259
 */
export function findSyntaxError(text: string): SyntaxFault | undefined {
  const closers: ("]" | "}")[] = [];
  let expected: Expected = "value";
  let offset = 0;

  const afterValue = (): Expected => (closers.length > 0 ? "comma or end" : "nothing");
  const fault = (reason: string, at = offset): SyntaxFault => ({ offset: at, reason });

  for (;;) {
    offset = endOf(SPACE, text, offset);
    const character = text[offset];
    if (character === undefined) {
      if (expected === "nothing") return undefined;
      return fault(expected === "comma or end" ? missingCloser(closers) : REASONS[expected]);
    }
    if (text.startsWith("//", offset) || text.startsWith("/*", offset)) return fault("invalid comment token");
    switch (expected) {
      case "value or ]":
      case "key or }":
      case "comma or end":
        if (character === closers.at(-1)) {
          closers.pop();
          expected = afterValue();
          offset++;
          continue;
        }
        if (expected === "comma or end") {
          if (character !== ",") return fault(REASONS[expected]);
          expected = closers.at(-1) === "}" ? "key" : "value";
          offset++;
          continue;
        }
        break;
      case "colon":
        if (character !== ":") return fault(REASONS[expected]);
        expected = "value";
        offset++;
        continue;
      case "nothing":
        return fault(REASONS[expected]);
    }
    const isKey: boolean = expected === "key" || expected === "key or }";
    if (character === '"') {
      const string: number | SyntaxFault = readString(text, offset);
      if (typeof string !== "number") return string;
      offset = string;
      expected = isKey ? "colon" : afterValue();
    } else if (isKey) {
      return fault(REASONS[expected]);
    } else if (character === "[" || character === "{") {
      closers.push(character === "[" ? "]" : "}");
      expected = character === "[" ? "value or ]" : "key or }";
      offset++;
    } else {
      const scalar: number | SyntaxFault = readScalar(text, offset);
      if (typeof scalar !== "number") return scalar;
      offset = scalar;
      expected = afterValue();
    }
  }
}

function missingCloser(closers: readonly ("]" | "}")[]): string {
  return closers.at(-1) === "]" ? "close bracket expected" : "close brace expected";
}

/** The end of the string that begins at `start`, or what is wrong with it. */
function readString(text: string, start: number): number | SyntaxFault {
  let offset = start + 1;
  for (;;) {
    offset = endOf(PLAIN_CHARACTERS, text, offset);
    const character = text[offset];
    if (character === '"') return offset + 1;
    if (character === undefined) return { offset: start, reason: "unexpected end of string" };
    if (character !== "\\") return { offset, reason: "invalid character" };
    const end = endOf(ESCAPE, text, offset);
    if (end === offset) {
      return { offset, reason: text[offset + 1] === "u" ? "invalid unicode" : "invalid escape character" };
    }
    offset = end;
  }
}

/** The end of the number or word that begins at `start`, or what is wrong with it. */
function readScalar(text: string, start: number): number | SyntaxFault {
  const first = text[start] ?? "";
  if (first === "-" || (first >= "0" && first <= "9")) {
    const end = endOf(NUMBER, text, start);
    if (end > start && end === endOf(NUMBER_LIKE, text, start)) return end;
    return { offset: start, reason: "invalid number format" };
  }
  const end = endOf(WORD, text, start);
  const word = text.slice(start, Math.min(end, start + "false".length + 1));
  if (word === "true" || word === "false" || word === "null") return end;
  return { offset: start, reason: end > start ? "invalid symbol" : "value expected" };
}

/** Where the match of a sticky expression that begins at `from` ends; `from` if there is none. */
function endOf(expression: RegExp, text: string, from: number): number {
  expression.lastIndex = from;
  return expression.test(text) ? expression.lastIndex : from;
}

/** A longer text is not searched for the place of its error: that would cost more than the error is worth. */
const MAX_LOCATABLE_BYTES = 1024 * 1024;

/** Runtimes quote the offending text in their messages and give no position, so the gateway words its own. */
export function describeMalformed(bytes: Uint8Array): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return "the body begins with a byte order mark, which JSON does not allow";
  }
  const text = bytes.length > MAX_LOCATABLE_BYTES ? undefined : new TextDecoder().decode(bytes);
  const first = text === undefined ? undefined : findSyntaxError(text);
  if (text === undefined || !first) return "the body is not valid JSON";
  const lines = text.slice(0, first.offset).split("\n");
  return `the body is not valid JSON: ${first.reason} at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
