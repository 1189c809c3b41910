import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../fixtures/load-config.ts";
import { readEnvFile } from "../../src/config/environment.ts";
import { scanEnvFile } from "../../src/config/scan-env-file.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

describe("the lines of a file", () => {
  test.each<[text: string, variables: [string, number][], unread: number[]]>([
    [
      "A=1\nB=2",
      [
        ["A", 1],
        ["B", 2],
      ],
      [],
    ],
    ["# A=1\n\n  \nexport B = 2\r\n", [["B", 4]], []],
    ["A=1\nA=2", [["A", 2]], []],
    ["A\nB: 1\n=x\nC=1", [["C", 4]], [1, 2, 3]],
    [
      'A="x\nB=1\ny"\nC=1',
      [
        ["A", 1],
        ["C", 4],
      ],
      [],
    ],
    [
      'A="x\nB=1',
      [
        ["A", 1],
        ["B", 2],
      ],
      [],
    ],
    [
      "A='x' # y\nB=`1\n2`\nC=",
      [
        ["A", 1],
        ["B", 2],
        ["C", 4],
      ],
      [],
    ],
    ["", [], []],
  ])("%j", (text, variables, unread) => {
    const lines = scanEnvFile(text);
    expect([[...lines.variables], lines.unread]).toEqual([variables, unread]);
  });
});

test("what in a file means nothing is warned about, with its line and nothing of its value", () => {
  const folder = scratchFolder("env-lines");
  const path = join(folder, "a.env");
  writeFileSync(
    path,
    [
      "OPENAI_API_KEY=sk-good-0123456789",
      "# a comment",
      "POSTGRES_PASSWORD=hidden",
      "GROQ_APIKEY=hidden",
      "hidden",
      "SERVER_PROT=1",
      "aGlkZGVu=hidden",
      "GEMINI_API_KEY=k-2",
      "EMPTY=",
    ].join("\n"),
  );
  const read = readEnvFile(path, { XYZ: "1" });
  if (!read.ok) throw new Error(read.problem);
  expect(loadConfig(read.environment, read.lines).warnings).toEqual([
    "GEMINI_API_KEY is read as GOOGLE_API_KEY",
    "line 3 of --env-file: POSTGRES_PASSWORD is not a setting of this version and is ignored",
    "line 4 of --env-file: GROQ_APIKEY is not a setting of this version and is ignored (did you mean GROQ_API_KEY?)",
    "line 5 of --env-file: it is not NAME=value and is ignored",
    "line 6 of --env-file: SERVER_PROT is not a setting of this version and is ignored (did you mean SERVER_PORT?)",
    "line 7 of --env-file: its name is none of this version's, and it is ignored",
  ]);
});
