import { Composer, type CST, type Document, Lexer, type LineCounter, Parser, YAMLParseError } from "yaml";
import type { Steps } from "../../core/event-loop.ts";

/** Some of the entries of a document, composed as a document of their own. */
export interface Slice {
  readonly document: Document.Parsed;
  /** Its one entry is that of the slice before, with more below it. */
  readonly continues: boolean;
}

/** Its own check of keys compares each with every other one. */
const OPTIONS = {
  prettyErrors: false,
  version: "1.2",
  schema: "core",
  merge: false,
  logLevel: "error",
  uniqueKeys: false,
} as const;

/** Of the smallest parts of a text. */
const LEXEMES_PER_STEP = 64;

/** Longer sections are composed in slices of so many entries: the definitions of so many models, for example. */
const ENTRIES_PER_SLICE = 16;

/** Makes of a text its first document, in slices; there is one at least. An error if there are more documents. */
export function* composeYaml(text: string, lineCounter: LineCounter): Steps<readonly Slice[]> {
  const tokens = yield* tokensOf(text, lineCounter);
  const composer = new Composer(OPTIONS);
  const continues: boolean[] = [];
  const documents: Document.Parsed[] = [];
  let hasDocument = false;
  let further: CST.Document | undefined;
  for (const token of tokens) {
    if (token.type === "document" && hasDocument) {
      further = token;
      break;
    }
    hasDocument ||= token.type === "document";
    for (const part of slicesOf(token)) {
      yield;
      if (part.token.type === "document") continues.push(part.continues);
      documents.push(...(composer.next(part.token) as Iterable<Document.Parsed>));
    }
  }
  documents.push(...(composer.end(true, text.length) as Iterable<Document.Parsed>));
  const last = documents.at(-1);
  if (further && last) last.errors.push(new YAMLParseError([further.offset, further.offset], "MULTIPLE_DOCS", ""));
  return documents.map((document, index) => ({ document, continues: continues[index] ?? false }));
}

/** The tokens of a text: each of its documents is one, with all that is in it. */
function* tokensOf(text: string, lineCounter: LineCounter): Steps<readonly CST.Token[]> {
  const parser = new Parser(lineCounter.addNewLine);
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  lineCounter.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (++lexemes % LEXEMES_PER_STEP === 0) yield;
  }
  tokens.push(...parser.end());
  return tokens;
}

interface Part {
  readonly token: CST.Token;
  readonly continues: boolean;
}

type Entry = CST.BlockMap["items"][number];

/** Cuts a document whose content is keys and values. What has an anchor or a tag stays whole, because that is of all of it. */
function slicesOf(token: CST.Token): readonly Part[] {
  if (token.type !== "document" || token.value?.type !== "block-map" || hasProperty(token.start)) {
    return [{ token, continues: false }];
  }
  const { value, end, ...document } = token;
  const slices = value.items.flatMap(sliceEntry);
  return slices.map(({ entry, continues }, index) => ({
    token: {
      ...document,
      start: index === 0 ? token.start : [],
      value: { ...value, offset: offsetOf(entry, value.offset), items: [entry] },
      ...(index === slices.length - 1 && end && { end }),
    },
    continues,
  }));
}

function sliceEntry(entry: Entry): readonly { readonly entry: Entry; readonly continues: boolean }[] {
  const { value, sep = [] } = entry;
  const isLong = value?.type === "block-map" && value.items.length > ENTRIES_PER_SLICE;
  if (!isLong || hasProperty(sep)) return [{ entry, continues: false }];
  const count = Math.ceil(value.items.length / ENTRIES_PER_SLICE);
  return Array.from({ length: count }, (_, index) => {
    const items = value.items.slice(index * ENTRIES_PER_SLICE, (index + 1) * ENTRIES_PER_SLICE);
    const offset = offsetOf(items[0], value.offset);
    return { entry: { ...entry, value: { ...value, offset, items } } as Entry, continues: index > 0 };
  });
}

const hasProperty = (tokens: readonly CST.SourceToken[]): boolean =>
  tokens.some(({ type }) => type === "anchor" || type === "tag");

const offsetOf = (entry: Entry | undefined, otherwise: number): number =>
  entry?.start[0]?.offset ?? entry?.key?.offset ?? entry?.sep?.[0]?.offset ?? otherwise;
