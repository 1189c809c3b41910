import { join } from "node:path";

export const PROJECT = join(import.meta.dir, "..", "..");
export const README = join(PROJECT, "README.md");

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** The heading of level 2 under which it stands. */
  readonly section: string;
}

/** Every fenced block, in order. */
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

/** The anchors that a Markdown page has for its headings. */
export function headingAnchors(markdown: string): Set<string> {
  const headings = [...prose(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => heading);
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  return new Set(headings.map(anchor));
}

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->`, without the empty lines around it. */
export function generatedPart(markdown: string, name: string): string | undefined {
  const [, part] = new RegExp(`<!-- ${name}:begin -->\n(.*?)\n*<!-- ${name}:end -->`, "s").exec(markdown) ?? [];
  return part?.trim();
}

/** The page with that part replaced. */
export function withGeneratedPart(markdown: string, name: string, part: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  return (
    markdown.slice(0, markdown.indexOf(begin) + begin.length) +
    `\n\n${part}\n\n` +
    markdown.slice(markdown.indexOf(end))
  );
}
