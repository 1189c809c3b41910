/**
 * The ways in which software writes one character of ASCII as several, as a graph: each node is what has been read of an
 * escape, and `transitions` leads from it by the next character.
 */
export interface EscapeGraph {
  /** The node after `node` and the character `code`, at `(node << 7) | code`; 0 if no escape goes on so. 0 is also the root. */
  readonly transitions: Uint16Array;
  /** The character that an escape means if it ends at a node, {@link SOFT_BREAK}, or 0. */
  readonly accepts: Uint8Array;
}

/** What means nothing at all: a line break that an encoding adds and its decoder takes away again, and a zero, as in UTF-16. */
export const SOFT_BREAK = 1;

/** The characters of secrets, and those that may be between them. */
const CODES = [10, 13, ...Array.from({ length: 0x7f - 0x20 }, (_, index) => 0x20 + index)];

/** What is before the two hexadecimal digits of a character. */
const HEXADECIMAL = ["\\u00", "\\x", "%", "%u00", "="];

/** https://html.spec.whatwg.org/multipage/named-characters.html, of ASCII; the first four are also read without a semicolon. */
const NAMED: Readonly<Record<string, string>> = {
  '"': "quot QUOT",
  "&": "amp AMP",
  "<": "lt LT",
  ">": "gt GT",
  "!": "excl",
  "#": "num",
  $: "dollar",
  "%": "percnt",
  "'": "apos",
  "(": "lpar",
  ")": "rpar",
  "*": "ast midast",
  "+": "plus",
  ",": "comma",
  ".": "period",
  "/": "sol",
  ":": "colon",
  ";": "semi",
  "=": "equals",
  "?": "quest",
  "@": "commat",
  "[": "lsqb lbrack",
  "\\": "bsol",
  "]": "rsqb rbrack",
  "^": "Hat",
  _: "lowbar UnderBar",
  "`": "grave DiacriticalGrave",
  "{": "lcub lbrace",
  "|": "verbar vert VerticalLine",
  "}": "rcub rbrace",
  "\n": "NewLine",
};
const WITHOUT_SEMICOLON: ReadonlySet<string> = new Set(['"', "&", "<", ">"]);

/** More than there are: each takes 256 bytes until the graph is cut to its size. */
const MAX_NODES = 1024;

function buildGraph(): EscapeGraph {
  const transitions = new Uint16Array(MAX_NODES << 7);
  const accepts = new Uint8Array(MAX_NODES);
  let count = 1;

  const addNode = (accepted: number): number => {
    accepts[count] = accepted;
    return count++;
  };
  const link = (from: number, code: number, to: number): void => {
    transitions[(from << 7) | code] = to;
  };
  /** The node that a text leads to. */
  const walk = (from: number, text: string): number => {
    let node = from;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      const next = transitions[(node << 7) | code] as number;
      if (next === 0) link(node, code, count);
      node = next === 0 ? addNode(0) : next;
    }
    return node;
  };
  /** Lets hexadecimal digits, the last of either case, lead from a node to another one. */
  const lead = (from: number, digits: string, to: number): void => {
    const node = walk(from, digits.slice(0, -1));
    const last = digits.slice(-1);
    for (const digit of [last, last.toUpperCase()]) link(node, digit.charCodeAt(0), to);
  };

  const decimal = walk(0, "&#");
  const hexadecimal = walk(0, "&#x");
  link(decimal, 0x58, hexadecimal);
  // Any number of zeros may precede either.
  for (const node of [decimal, hexadecimal]) link(node, 0x30, node);

  const zero = addNode(SOFT_BREAK);
  for (const prefix of HEXADECIMAL) lead(walk(0, prefix), "00", zero);
  for (const code of CODES) {
    // One node at which all escapes of the character end, and one for entities, which may go on with a semicolon.
    const end = addNode(code);
    const entity = addNode(code);
    link(entity, 0x3b, end);
    const hex = code.toString(16).padStart(2, "0");
    for (const prefix of HEXADECIMAL) lead(walk(0, prefix), hex, end);
    lead(hexadecimal, hex.replace(/^0/, ""), entity);
    // Not `entity`: the digits may go on to those of another character.
    const number = walk(decimal, String(code));
    accepts[number] = code;
    link(number, 0x3b, end);
    const character = String.fromCharCode(code);
    for (const name of NAMED[character]?.split(" ") ?? []) {
      const node = walk(0, `&${name}`);
      if (WITHOUT_SEMICOLON.has(character)) accepts[node] = code;
      link(node, 0x3b, end);
    }
  }
  // Line breaks that JSON writes as two characters, and those that quoted-printable adds.
  accepts[walk(0, "\\n")] = 10;
  accepts[walk(0, "\\r")] = 13;
  accepts[walk(0, "=\n")] = SOFT_BREAK;
  accepts[walk(0, "=\r\n")] = SOFT_BREAK;
  return { transitions: transitions.slice(0, count << 7), accepts: accepts.slice(0, count) };
}

/** A constant, but for when it is made. */
let built: EscapeGraph | undefined;

/**
 * Those of JSON and JavaScript, percent, quoted-printable (RFC 2045 section 6.7) and HTML. Made in half a millisecond for the
 * first text that is looked through, such as an error of a provider: 138 KB that a gateway without one does not need.
 */
export const escapeGraph = (): EscapeGraph => (built ??= buildGraph());
