import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const PROJECT = join(import.meta.dir, "..", "..");
export const README = "README.md";
export const GUIDE = "src/guide";

function pagesIn(folder: string): string[] {
  return readdirSync(join(PROJECT, folder))
    .filter((name) => name.endsWith(".md"))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

/** Paths of the guide's pages, relative to the project. */
export const GUIDE_PAGES: readonly string[] = pagesIn(GUIDE);

/** Paths of every page of documentation, relative to the project. */
export const ALL_PAGES: readonly string[] = [
  README,
  ...GUIDE_PAGES,
  ...pagesIn("src"),
  ...pagesIn(".github"),
  ...pagesIn("bench"),
];

/** The Markdown of a page. */
export function readPage(page: string): string {
  return readFileSync(join(PROJECT, page), "utf8");
}

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** The heading of level 2 below which it is. */
  readonly section: string;
}

/** Every fenced block below a heading of level 2, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  for (const section of markdown.split(/^## /m).slice(1)) {
    const title = section.slice(0, section.indexOf("\n"));
    for (const [, language = "", code = ""] of section.matchAll(/^```(\w*)\n(.*?)^```$/gms)) {
      blocks.push({ language, code, section: title });
    }
  }
  return blocks;
}

/** The text without its fenced blocks, in which neither headings nor links are meant. */
export function prose(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, "");
}

/** Everything that a page links to. */
export function linkTargets(markdown: string): string[] {
  return [...prose(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}

/** The anchors that GitHub gives the headings of a page, one for each heading, in order. */
export function headingAnchors(markdown: string): string[] {
  const headings = [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What is between `<!-- name:begin -->` and `<!-- name:end -->`, without the empty lines around it. */
export function generatedPart(markdown: string, name: string): string | undefined {
  const [, part] = new RegExp(`<!-- ${name}:begin -->\n(.*?)\n*<!-- ${name}:end -->`, "s").exec(markdown) ?? [];
  return part?.trim();
}

/** The page with that part replaced. Throws if the page has no such part. */
export function withGeneratedPart(markdown: string, name: string, part: string): string {
  const begin = markdown.indexOf(`<!-- ${name}:begin -->`);
  const end = markdown.indexOf(`<!-- ${name}:end -->`);
  if (begin < 0 || end < begin) throw new Error(`the page has no <!-- ${name}:begin --> ... <!-- ${name}:end -->`);
  return `${markdown.slice(0, begin)}<!-- ${name}:begin -->\n\n${part}\n\n${markdown.slice(end)}`;
}
