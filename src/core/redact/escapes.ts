/**
 * The ways in which software writes one character of ASCII as several, as a graph: each node is what has been read of an
 * escape, and `transitions` leads from it by the next character. Built once, when it is first needed.
 */
export interface EscapeGraph {
  /** The node after `node` and the character `code`, at `(node << 7) | code`; 0 if no escape goes on so. 0 is also the root. */
  readonly transitions: Uint16Array;
  /** The character that an escape means if it ends at a node, {@link SOFT_BREAK}, or 0. */
  readonly accepts: Uint8Array;
}

/** What means nothing at all: a line break that an encoding adds and its decoder takes away again. */
export const SOFT_BREAK = 1;

/** The characters of secrets, and those that may be between them. */
const CODES = [10, 13, ...Array.from({ length: 0x7f - 0x20 }, (_, index) => 0x20 + index)];

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

interface Node {
  readonly next: Map<number, Node>;
  accepts: number;
}

const createNode = (): Node => ({ next: new Map(), accepts: 0 });

let graph: EscapeGraph | undefined;

/** JSON and JavaScript, percent, quoted-printable (RFC 2045 section 6.7) and HTML. */
export function escapeGraph(): EscapeGraph {
  return (graph ??= flatten(build()));
}

function build(): Node {
  const root = createNode();
  const decimal = walk(root, "&#");
  const hexadecimal = walk(root, "&#x");
  decimal.next.set(0x58, hexadecimal);
  // Any number of zeros may precede either.
  for (const node of [decimal, hexadecimal]) node.next.set(0x30, node);

  for (const code of CODES) {
    // One node at which all escapes of the character end, and one for entities, which may go on with a semicolon.
    const end: Node = { next: new Map(), accepts: code };
    const entity: Node = { next: new Map([[0x3b, end]]), accepts: code };
    const hex = code.toString(16).padStart(2, "0");
    for (const prefix of ["\\u00", "\\x", "%", "%u00", "="]) lead(walk(root, prefix), hex, end);
    lead(hexadecimal, hex.replace(/^0/, ""), entity);
    // Not `entity`: the digits may go on to those of another character.
    const number = walk(decimal, String(code));
    number.accepts = code;
    number.next.set(0x3b, end);
    const character = String.fromCharCode(code);
    for (const name of NAMED[character]?.split(" ") ?? []) {
      const node = walk(root, `&${name}`);
      if (WITHOUT_SEMICOLON.has(character)) node.accepts = code;
      node.next.set(0x3b, end);
    }
  }
  // Line breaks that JSON writes as two characters, and those that quoted-printable adds.
  walk(root, "\\n").accepts = 10;
  walk(root, "\\r").accepts = 13;
  walk(root, "=\n").accepts = SOFT_BREAK;
  walk(root, "=\r\n").accepts = SOFT_BREAK;
  return root;
}

/** The node that a text leads to. */
function walk(from: Node, text: string): Node {
  let node = from;
  for (const character of text) {
    const code = character.charCodeAt(0);
    let next = node.next.get(code);
    if (!next) node.next.set(code, (next = createNode()));
    node = next;
  }
  return node;
}

/** Lets hexadecimal digits, the last of either case, lead from a node to another one. */
function lead(from: Node, digits: string, to: Node): void {
  const node = walk(from, digits.slice(0, -1));
  const last = digits.slice(-1);
  for (const digit of [last, last.toUpperCase()]) node.next.set(digit.charCodeAt(0), to);
}

function flatten(root: Node): EscapeGraph {
  const nodes = [root];
  const indices = new Map([[root, 0]]);
  for (const node of nodes) {
    for (const next of node.next.values()) {
      if (indices.has(next)) continue;
      indices.set(next, nodes.length);
      nodes.push(next);
    }
  }
  const transitions = new Uint16Array(nodes.length << 7);
  for (const [index, node] of nodes.entries()) {
    for (const [code, next] of node.next) transitions[(index << 7) | code] = indices.get(next) ?? 0;
  }
  return { transitions, accepts: Uint8Array.from(nodes, ({ accepts }) => accepts) };
}
