import { describe, expect, test } from "bun:test";
import { LineCounter, parseDocument } from "yaml";
import type { FileNode } from "../../../src/config/file/file-node.ts";
import { parseYaml } from "../../../src/config/file/parse-yaml.ts";
import { atOnce } from "../../../src/core/event-loop.ts";

/* Long sections are composed in slices, which nobody must notice. */

const models = (count: number): string =>
  Array.from(
    { length: count },
    (_, index) => `  model-${index}:\n    of: { provider: p, model: "m${index}" }\n    more: [1, 2]\n`,
  ).join("");

function valueOf(node: FileNode | undefined): unknown {
  if (node?.kind === "list") return node.items.map(valueOf);
  if (node?.kind === "map")
    return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, valueOf(value)]));
  return node?.value;
}

/** Where each key and each scalar is, in the order of the text. */
function placesOf(node: FileNode | undefined): readonly string[] {
  if (node?.kind === "list") return node.items.flatMap(placesOf);
  if (node?.kind === "map") {
    return [...node.entries].flatMap(([key, { at, value }]) => [`${key} ${at.line}:${at.column}`, ...placesOf(value)]);
  }
  return node ? [`${node.value} ${node.at.line}:${node.at.column}`] : [];
}

const TEXTS: Readonly<Record<string, string>> = {
  "a long section": `general: { a: 1 }\nmodels:\n${models(100)}after:\n  b: 2\n`,
  "two long sections, with comments": `# first\nproviders:\n${models(40)}\n# between\nmodels: # here\n${models(33)}# last\n`,
  "a document with its markers": `%YAML 1.2\n---\nmodels:\n${models(40)}...\n`,
  "one with Windows' line ends": `models:\n${models(40)}x: 1\n`.replaceAll("\n", "\r\n"),
  "anchors and aliases over slices": `a: &one { x: 1 }\nmodels:\n  first: &two\n    y: 2\n${models(40)}  last: *two\n  other: *one\n`,
  "an anchor of a long section": `models: &all\n${models(40)}copy: *all\n`,
  "explicit and quoted keys": `? models\n:\n  ? "a b"\n  : 1\n${models(40)}'c': 2\n`,
  "a long section of blank values": `models:\n${Array.from({ length: 40 }, (_, index) => `  m${index}:\n`).join("")}x:\n`,
  "no end of the last line": `models:\n${models(40)}  z: 1`,
};

describe("a text is read as a whole, with its places", () => {
  test.each(Object.entries(TEXTS))("%s", (_, text) => {
    const { root, faults } = atOnce(parseYaml(text));
    expect(faults).toEqual([]);
    const lineCounter = new LineCounter();
    const document = parseDocument(text, { lineCounter });
    expect(valueOf(root)).toEqual(document.toJS());
    const lines = text.split("\n");
    for (const place of placesOf(root)) {
      const [, what = "", line, column] = /^(.*) (\d+):(\d+)$/.exec(place) ?? [];
      // What is blank, or repeated by an alias, has no text where it is.
      if (what !== "null" && !text.includes("*")) {
        expect(lines[Number(line) - 1]?.slice(Number(column) - 1)).toMatch(new RegExp(`^["']?${what}`));
      }
    }
  });
});

describe("what is wrong is found where it is", () => {
  test.each([
    [
      "a key twice in different slices",
      `models:\n${models(40)}  model-3: 1\n`,
      ["122 model-3 is there twice, first in line 11"],
    ],
    ["a section twice", `models:\n${models(40)}models:\n${models(20)}`, ["122 models is there twice, first in line 1"]],
    ["an unknown alias", `models:\n${models(40)}  x: *y\n`, ["122 an alias repeats what is not complete before it"]],
    [
      "a bad indentation",
      `models:\n${models(40)}   x: 1\n y: 2\n`,
      expect.arrayContaining([expect.stringMatching(/^12\d this is no YAML/)]),
    ],
    [
      "an open bracket",
      `models:\n${models(40)}  x: [1\n`,
      expect.arrayContaining([expect.stringMatching(/^12\d this is no YAML/)]),
    ],
    [
      "a second document",
      `models:\n${models(40)}---\nx: 1\n`,
      ["122 this is no YAML: a second document begins: expected one"],
    ],
    [
      "an early and a late fault",
      `a: "\\q"\nmodels:\n${models(40)}  x: "\\q"\n`,
      [expect.stringMatching(/^1 /), expect.stringMatching(/^123 /)],
    ],
    ["a blank key twice", `models:\n${models(40)}: 1\n: 2\n`, ["123 (a key) is there twice, first in line 122"]],
    [
      "an early fault, a second document, and a third",
      `a: "\\q"\nmodels:\n${models(40)}  x: "\\q"\n---\nb: 1\n---\nc: 1\n`,
      [
        expect.stringMatching(/^1 /),
        expect.stringMatching(/^123 /),
        "124 this is no YAML: a second document begins: expected one",
      ],
    ],
  ])("%s", (_, text, expected) => {
    const { faults } = atOnce(parseYaml(text));
    expect(faults.map(({ at, text: what }) => `${at.line} ${what}`)).toEqual(expected);
  });
});
