import { beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, readEnvFile } from "../../src/config/environment.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

let folder = "";
beforeAll(() => {
  folder = scratchFolder("env-file");
});

function read(text: string, environment: Environment = {}): Environment {
  const path = join(folder, `${crypto.randomUUID()}.env`);
  writeFileSync(path, text);
  const outcome = readEnvFile(path, environment);
  if (!outcome.ok) throw new Error(outcome.problem);
  return outcome.environment;
}

describe("a file that cannot be read gives one line", () => {
  test("if it is missing", () => {
    const path = join(folder, "missing\n.env");
    const problem = `--env-file ${JSON.stringify(path)} cannot be read: no such file`;
    expect(readEnvFile(path, {})).toEqual({ ok: false, problem });
  });

  test("if it is a directory", () => {
    const problem = `--env-file ${JSON.stringify(folder)} cannot be read: it is a directory`;
    expect(readEnvFile(folder, {})).toEqual({ ok: false, problem });
  });

  test.each(["utf16le", "latin1"] as const)("if it is no UTF-8 text but %s", (encoding) => {
    const path = join(folder, `${encoding}.env`);
    writeFileSync(path, Buffer.from("\ufeffAUTH_ENABLED=true\r\nENVIRONMENT=\u00fcber\r\n", encoding));
    const problem = `--env-file ${JSON.stringify(path)} cannot be read: it is no UTF-8 text`;
    expect(readEnvFile(path, {})).toEqual({ ok: false, problem });
  });

  test("if its path is impossible", () => {
    expect(readEnvFile("a\u0000b", {})).toEqual({ ok: false, problem: expect.stringContaining("cannot be read") });
  });
});

test.each([
  ["A=1", "1"],
  ["\ufeffA=1", "1"],
  ["A=1\r\n", "1"],
  ["# comment\n\nexport A='x y'", "x y"],
  ["A=1 # comment", "1"],
  ['A="#1"', "#1"],
  ['A="two\nlines"', "two\nlines"],
  ["A=${HOME}", "${HOME}"],
])("reads %j", (text, value) => {
  expect(read(text)).toEqual({ A: value });
});

test("the environment wins over the file, unless it is blank there", () => {
  const environment = { A: "environment", B: " ", D: "other" };
  expect(read("A=file\nB=file\nC=file", environment)).toEqual({ A: "environment", B: "file", C: "file", D: "other" });
});

test("leaves the given environment as it was", () => {
  const environment = Object.freeze({ A: "1" });
  expect(read("B=2", environment)).toEqual({ A: "1", B: "2" });
});
