import type { JudgeString, StringJudge } from "../core/json/check-syntax.ts";

/** Gemini's, which are spelt in two ways. */
const GEMINI_ROOTS = ["systeminstruction", "system_instruction", "generatecontentrequest"] as const;

/** Top-level members that reach the model, in every API; in lower case. */
export const CONTENT_ROOTS = [
  ...(["messages", "system", "input", "inputs", "instructions", "prompt", "contents", "prediction"] as const),
  ...GEMINI_ROOTS,
  "generate_content_request",
] as const;

/** Servers written in Go mind no letter case, and take `ſ` for an `s`. */
const CONTENT_ROOT = new RegExp(`^(?:${CONTENT_ROOTS.join("|")})$`, "iu");

const USUAL_CONTENT = ["messages", "system", "input", "instructions", "prompt"];
const USUAL_OTHERS = [
  ...["model", "stream", "stream_options", "temperature", "top_p", "max_tokens", "max_completion_tokens", "stop", "n"],
  ...["tools", "tool_choice", "response_format", "metadata", "user", "seed", "store", "text", "reasoning", "thinking"],
];

/** The usual top-level members, so that their names need not be searched: whether each is content. */
export const USUAL_ROOTS: ReadonlyMap<string, boolean> = new Map<string, boolean>([
  ...USUAL_CONTENT.map((name): [string, boolean] => [name, true]),
  ...USUAL_OTHERS.map((name): [string, boolean] => [name, false]),
]);

/** Whether a top-level member of a request is one whose content reaches the model. */
export function isContentRoot(name: string): boolean {
  return USUAL_ROOTS.get(name) ?? CONTENT_ROOT.test(name);
}

/** A bit for each letter of either case. */
const LETTERS = new Uint32Array(256);
for (let letter = 0; letter < 26; letter++) LETTERS[0x41 + letter] = LETTERS[0x61 + letter] = 1 << letter;

const lettersOf = (word: string): number =>
  [...Buffer.from(word)].reduce((letters, byte) => letters | (LETTERS[byte] ?? 0), 0);

/** What the names of members and types have in them that may be visual; a name without all letters of one is none. */
const WORDS = Uint32Array.from(
  [
    ...["image", "video", "screenshot", "file", "documenturl", "source", "multimodaldata", "containerupload"],
    "inlinedata",
  ].map(lettersOf),
);

/** The letters are counted first, as of the names that requests have, few have all those of one of these words. */
const NAME =
  /image|video|screenshot|^(?:input_?)?files?(?:_?(?:data|ids?|uris?|urls?))?$|^inline_?data$|^document_?urls?$|^source$|^multi_?modal_?data$|^container_upload$/i;

/** How a media type or a URI begins that may be visual; letters may be escaped. */
const BEGINNING = /^(?:(?:image|video|application)[/\\]|data[:\\]|[a-z]*\\u00[2-7])/i;
const MAX_BEGINNING = 24;

/** The second letter of each word that a visual string may begin with, by its first. */
const FOLLOWERS = new Uint8Array(128);
for (const word of ["image", "video", "application", "data"]) FOLLOWERS[word.charCodeAt(0)] = word.charCodeAt(1);

const COLON = 0x3a;
const BACKSLASH = 0x5c;
const LOWER_I = 0x69;
const LOWER_U = 0x75;
const CASE_BIT = 0x20;
const ESCAPED_SPACES: ReadonlySet<number | undefined> = new Set(Buffer.from("nrtf"));
const TYPE = Buffer.from('"type"');

const isVisualSign: JudgeString = (bytes, start, end, isKey) =>
  isKey || isType(bytes, start) ? isVisualName(bytes, start + 1, end - 1) : beginsVisual(bytes, start + 1, end - 1);

/** Of tools, only members that are named like this are looked at. */
const INPUT_IMAGE = /^input_?image|\\/i;

const isToolSign: JudgeString = (bytes, start, end, isKey) => {
  if (!isKey) return false;
  const first = bytes[start + 1] as number;
  return (first | CASE_BIT) === LOWER_I || first === BACKSLASH
    ? INPUT_IMAGE.test(bytes.toString("latin1", start + 1, end - 1))
    : false;
};

/**
 * Tells the strings of a request that may be why `findVisualContent` finds something: it finds nothing in a request of
 * whose strings none is such a sign. These are the names and types that it knows, media types and data URIs, and whatever
 * may spell one with escapes. Texts are none, so most requests need not be searched, nor parsed for that.
 */
export const VISUAL_SIGNS: StringJudge = {
  outermostKeys: isVisualSign,
  within: (name) => (name === "tools" ? isToolSign : isContentRoot(name) ? isVisualSign : undefined),
};

function isVisualName(bytes: Buffer, start: number, end: number): boolean {
  let letters = 0;
  for (let position = start; position < end; position++) {
    const byte = bytes[position] as number;
    if (byte === BACKSLASH) return true;
    letters |= LETTERS[byte] as number;
  }
  return isPossible(letters) && NAME.test(bytes.toString("latin1", start, end));
}

/** Each of the words has one of these but the last, `inlinedata`. Most names have none of them. */
const RARE = lettersOf("gvhfu");
const INLINE_DATA = lettersOf("inlinedata");

/** Without a closure: it is asked of each name. */
function isPossible(letters: number): boolean {
  if ((letters & RARE) === 0) return (letters & INLINE_DATA) === INLINE_DATA;
  for (let index = 0; index < WORDS.length; index++) {
    const word = WORDS[index] as number;
    if ((letters & word) === word) return true;
  }
  return false;
}

/** Whether the string that begins at `start` is the value of a member `type`. */
function isType(bytes: Buffer, start: number): boolean {
  const colon = solidBefore(bytes, start);
  if (bytes[colon] !== COLON) return false;
  let position = solidBefore(bytes, colon);
  for (let index = TYPE.length - 1; index >= 0; index--, position--) {
    if (bytes[position] !== TYPE[index]) return false;
  }
  return true;
}

function solidBefore(bytes: Buffer, end: number): number {
  let position = end - 1;
  while ((bytes[position] as number) <= 0x20) position--;
  return position;
}

function beginsVisual(bytes: Buffer, start: number, end: number): boolean {
  let position = start;
  for (; position < end; position++) {
    const byte = bytes[position] as number;
    // White space that is not ASCII.
    if (byte === 0x20 || byte >= 0x80) continue;
    if (byte !== BACKSLASH) break;
    const escape = bytes[position + 1];
    if (escape === LOWER_U) {
      if (bytes[position + 2] === 0x30 && bytes[position + 3] === 0x30) return true;
      position += 5;
    } else if (ESCAPED_SPACES.has(escape)) {
      position++;
    } else {
      return false;
    }
  }
  if (position >= end) return false;
  const second = bytes[position + 1] as number;
  if (second === BACKSLASH) {
    // Only an escaped letter goes on a word: what JSON in a string begins with, `{\"`, is none.
    if (bytes[position + 2] !== LOWER_U) return false;
  } else {
    const follows = FOLLOWERS[((bytes[position] as number) | CASE_BIT) & 0x7f];
    if (follows === 0 || (second | CASE_BIT) !== follows) return false;
  }
  return BEGINNING.test(bytes.toString("latin1", position, Math.min(end, position + MAX_BEGINNING)));
}
