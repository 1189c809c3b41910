import { isJsonObject } from "../core/json/parse.ts";

/** What is told of an error of which nothing else is known. */
export const UNEXPLAINED = "The provider reported an error without a message";

/** An HTML page is read this far: what it is called is at its beginning. */
const MAX_MARKUP_CHARACTERS = 16 * 1024;

const MAX_SENTENCE_CHARACTERS = 300;

// Each with bounds, so that a page of nothing but beginnings takes no longer than another one.
const MESSAGE = /<(?:\w{1,20}:)?(?:message|faultstring)>([^<]{1,4000})</i;
const CODE = /<(?:\w{1,20}:)?(?:code|faultcode)>([\w.:-]{1,256})</i;
const HEADINGS = [/<title[^>]{0,200}>([^<]{1,1000})</i, /<h1[^>]{0,200}>([^<]{1,1000})</i];

/** What an XML error says, as those of object stores do, or what an HTML page is called. */
export function readMarkup(text: string): { readonly message?: string; readonly code?: string } {
  const beginning = text.slice(0, MAX_MARKUP_CHARACTERS);
  const isPage = /^<(?:!doctype html|html|head|body|!--)/i.test(beginning);
  const message = isPage ? undefined : sentenceOf(MESSAGE, beginning);
  if (message !== undefined) {
    const code = CODE.exec(beginning)?.[1];
    return code === undefined ? { message } : { message, code };
  }
  for (const heading of HEADINGS) {
    const title = sentenceOf(heading, beginning);
    if (title !== undefined) return { message: title };
  }
  return {};
}

function sentenceOf(pattern: RegExp, text: string): string | undefined {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) return undefined;
  const sentence = decodeReferences(found).replace(/\s+/g, " ").trim();
  return sentence === "" ? undefined : sentence.slice(0, MAX_SENTENCE_CHARACTERS);
}

const REFERENCES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

/** The character references that titles have: the five of XML, the space, and numbers. */
function decodeReferences(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|(amp|lt|gt|quot|apos|nbsp));/g, (_, number?: string, name = "") =>
    number === undefined ? (REFERENCES[name] ?? "") : String.fromCodePoint(Number(number)),
  );
}

/** The data of the first event that has any, if a text is a stream of events; of an error there is only one. */
export function readStreamedText(text: string): string | undefined {
  if (!/^(?:data|event|id|retry|):/.test(text)) return undefined;
  const data = /^data:[ \t]*(.+)$/m.exec(text)?.[1];
  // The rest becomes shorter each time.
  return data === undefined || data === text ? undefined : data;
}

/** Of a list of problems; the first ones are kept. */
const MAX_PROBLEMS = 32;

/** One text of a list of sentences or of FastAPI's `{loc, msg}`; undefined if it holds anything else, or nothing. */
export function describeProblems(list: readonly unknown[]): string | undefined {
  if (!list.every(isProblem)) return undefined;
  const told = list
    .slice(0, MAX_PROBLEMS)
    .map(describeProblem)
    .filter((problem) => problem !== "");
  return told.length === 0 ? undefined : told.join("; ");
}

type Problem = string | { readonly loc: readonly unknown[]; readonly msg?: unknown };

function isProblem(item: unknown): item is Problem {
  return typeof item === "string" || (isJsonObject(item) && Array.isArray(item["loc"]));
}

function describeProblem(problem: Problem): string {
  if (typeof problem === "string") return problem;
  // Names and positions; an object has no text that could be asked of it safely.
  const path = problem.loc.filter((part) => typeof part === "string" || typeof part === "number").join(".");
  return [path, problem.msg].filter((part) => typeof part === "string" && part !== "").join(": ");
}

/** Of a message; providers are not known to write longer ones but by repeating the request. */
const MAX_MESSAGE_CHARACTERS = 4000;

/** A message, cut if it is too long to be one. */
export function shorten(text: string): string {
  return text.length > MAX_MESSAGE_CHARACTERS ? `${text.slice(0, MAX_MESSAGE_CHARACTERS)}…` : text;
}
