import fc from "fast-check";

/** A JSON value whose text is told by the test: objects are lists of members, so that order and repetition are too. */
export type Written =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "array"; readonly items: readonly Written[] }
  | { readonly kind: "object"; readonly members: readonly WrittenMember[] };

export interface WrittenMember {
  readonly name: string;
  readonly value: Written;
}

/** Where the outermost members stand in a written text, in characters. */
export interface MemberPlace {
  readonly name: string;
  readonly valueStart: number;
  readonly valueEnd: number;
}

const SPACES = ["", "", "", " ", "\n", "\t", "\r\n", "  \n "] as const;

/** Numbers as texts, because parsing would change some of them, and the words that JSON has. */
const LITERALS = ["0", "-0", "1.0", "1E5", "-1.5e-7", "12345678901234567890", "true", "false", "null"] as const;

/** Words that look like what the scanner searches for. */
const TRICKY = ["model", '"model"', "mod\\u0065l", '{"model":1}', "},{", "\\", '\\"', "\u{1f600}€", "stream_options"];

const text = fc.oneof(fc.constantFrom(...TRICKY), fc.string({ unit: "binary", maxLength: 12 }).filter(isWellFormed));

function isWellFormed(value: string): boolean {
  return value.isWellFormed();
}

const { written } = fc.letrec<{ written: Written; member: WrittenMember }>((tie) => ({
  written: fc.oneof(
    { maxDepth: 4, depthIdentifier: "json" },
    fc.constantFrom(...LITERALS).map((literal): Written => ({ kind: "literal", text: literal })),
    text.map((value): Written => ({ kind: "string", value })),
    fc
      .array(tie("written"), { maxLength: 4, depthIdentifier: "json" })
      .map((items): Written => ({ kind: "array", items })),
    fc
      .array(tie("member"), { maxLength: 4, depthIdentifier: "json" })
      .map((members): Written => ({ kind: "object", members })),
  ),
  member: fc.record({ name: text, value: tie("written") }),
}));

/** Any JSON value. */
export const anyWritten: fc.Arbitrary<Written> = written;

/** Members of any names but those that are `reserved` for the test. */
export const otherMembers = (reserved: readonly string[]): fc.Arbitrary<WrittenMember[]> =>
  fc
    .array(fc.record({ name: text, value: written }), { maxLength: 5 })
    .map((members) => members.filter(({ name }) => !reserved.includes(name)));

/** Choices, one after another, of a number below `n`: what makes one text of the many that a value has. */
export type Choose = (n: number) => number;

export const anyChoices: fc.Arbitrary<Choose> = fc.infiniteStream(fc.nat()).map((stream) => (n) => {
  const next: number = stream.next().value ?? 0;
  return next % n;
});

/** Writes an object with spaces and escapes as they are chosen. */
export function writeObject(
  members: readonly WrittenMember[],
  choose: Choose,
): { text: string; places: MemberPlace[] } {
  const places: MemberPlace[] = [];
  let out = `${space(choose)}{${space(choose)}`;
  for (const [index, { name, value }] of members.entries()) {
    if (index > 0) out += `,${space(choose)}`;
    out += `${writeString(name, choose)}${space(choose)}:${space(choose)}`;
    const valueStart = out.length;
    out += writeValue(value, choose);
    places.push({ name, valueStart, valueEnd: out.length });
    out += space(choose);
  }
  return { text: `${out}}${space(choose)}`, places };
}

function writeValue(value: Written, choose: Choose): string {
  switch (value.kind) {
    case "literal":
      return value.text;
    case "string":
      return writeString(value.value, choose);
    case "array": {
      const items = value.items.map((item) => `${space(choose)}${writeValue(item, choose)}${space(choose)}`);
      return `[${items.length === 0 ? space(choose) : items.join(",")}]`;
    }
    case "object":
      return writeObject(value.members, choose).text.trim();
  }
}

/** Any spelling of a string: as `JSON.stringify` has it, with solidus escaped, with any UTF-16 unit as `\uXXXX`. */
function writeString(value: string, choose: Choose): string {
  let out = '"';
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at);
    const hex = unit.toString(16).padStart(4, "0");
    const style = choose(8);
    if (style === 0) out += `\\u${hex}`;
    else if (style === 1) out += `\\u${hex.toUpperCase()}`;
    else if (value[at] === "/" && style === 2) out += "\\/";
    else out += isSurrogate(unit) ? value[at] : JSON.stringify(value[at]).slice(1, -1);
  }
  // A pair of which one half is escaped and the other is not would be no valid UTF-8.
  const isBroken = !out.isWellFormed();
  return isBroken ? JSON.stringify(value) : `${out}"`;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function space(choose: Choose): string {
  return SPACES[choose(SPACES.length)] ?? "";
}
