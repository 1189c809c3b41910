import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { posix } from "node:path";
import { PAGES } from "../../src/guide/pages.ts";
import { ALL_PAGES, GUIDE, GUIDE_PAGES, headingAnchors, linkTargets, PROJECT, prose, readPage } from "./markdown.ts";

/** What is wrong with a link of a page, if anything. */
function problemOf(page: string, target: string): string | undefined {
  if (/^https:/.test(target)) return undefined;
  const [path = "", anchor] = target.split("#", 2);
  const file = path === "" ? page : posix.join(posix.dirname(page), path);
  if (!existsSync(`${PROJECT}/${file}`)) return `${target}: there is no ${file}`;
  if (anchor === undefined || headingAnchors(readPage(file)).includes(anchor)) return undefined;
  return `${target}: ${file} has no such heading`;
}

describe("links", () => {
  test.each(ALL_PAGES)("of %s lead somewhere", (page) => {
    const targets = linkTargets(readPage(page));
    expect(targets.map((target) => problemOf(page, target)).filter((problem) => problem !== undefined)).toEqual([]);
  });

  test("are found at all", () => {
    expect(ALL_PAGES.flatMap((page) => linkTargets(readPage(page))).length).toBeGreaterThan(80);
  });

  test.each(GUIDE_PAGES)("of %s lead to the guide or to the web, as the gateway serves nothing else", (page) => {
    const others = linkTargets(readPage(page)).filter((target) => !/^(https:\/\/|#|[a-z-]+\.md(#|$))/.test(target));
    expect(others).toEqual([]);
  });
});

describe("the guide's pages", () => {
  test("are all served, and all listed on the first one", () => {
    const names = GUIDE_PAGES.map((page) => posix.basename(page, ".md"));
    expect([...PAGES.keys()].toSorted()).toEqual(names.toSorted());
    const listed = linkTargets(readPage(`${GUIDE}/index.md`)).map((target) => target.split("#")[0]);
    expect(names.filter((name) => name !== "index" && !listed.includes(`${name}.md`))).toEqual([]);
  });

  // The renderer makes anchors by rules of its own; these headings have the same by both.
  test.each(GUIDE_PAGES)("%s has one title, and the same anchors on GitHub and served", (page) => {
    const markdown = readPage(page);
    const anchors = headingAnchors(markdown);
    const html = Bun.markdown.html(markdown, { headings: { ids: true } });
    expect([...html.matchAll(/<h[1-6] id="([^"]*)">/g)].map(([, id]) => id)).toEqual(anchors);
    expect(new Set(anchors).size).toBe(anchors.length);
    expect(prose(markdown).match(/^# /gm)).toHaveLength(1);
    expect(markdown).toStartWith("# ");
  });
});
