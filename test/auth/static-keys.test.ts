import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashToken, readStaticKeys } from "../../src/auth/static-keys.ts";

const folder = mkdtempSync(join(tmpdir(), "static-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Uint8Array): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, content);
  return `@${path}`;
}

function nameOf(setting: string, key: string): string | undefined {
  return readStaticKeys(setting).nameOf(hashToken(key));
}

describe("static keys are refused", () => {
  const refused: readonly (readonly [setting: string, problem: string])[] = [
    ["", "it holds no key"],
    [" , ,", "it holds no key"],
    ["a:secret-1,a:secret-2", "two keys have the same name"],
    // Where a variable that was to fill it is empty, the name itself must not become the key.
    [",:", "the key of key-1 is empty"],
    ["alice:", "the key of alice is empty"],
    ["secret-1,alice: ", "the key of alice is empty"],
    ["secret 1", "key-1 holds characters that a header cannot carry"],
    ["bob:sekr\u00e9t", "bob holds characters that a header cannot carry"],
    ["@", "the file  cannot be read (ENOENT)"],
    ["@/does/not/exist", "the file /does/not/exist cannot be read (ENOENT)"],
    [`@${folder}`, `the file ${folder} cannot be read (EISDIR)`],
    [fileOf(""), "it holds no key"],
    [fileOf("# only\n\n   # comments\r\n"), "it holds no key"],
    [fileOf("alice:\nbob:secret-1\n"), "the key of alice is empty"],
    [fileOf("secret-1,secret-2\n"), "key-1 holds characters that a header cannot carry"],
    [fileOf(new Uint8Array([0x73, 0xff, 0xfe])), "key-1 holds characters that a header cannot carry"],
  ];
  test.each(refused)("%j: %s", (setting, problem) => {
    expect(() => readStaticKeys(setting)).toThrow(new Error(problem));
  });
});

describe("static keys are known", () => {
  test("from a list, by their names or places", () => {
    const setting = " first , alice: second,,third ";
    expect(["first", "second", "third"].map((key) => nameOf(setting, key))).toEqual(["key-1", "alice", "key-3"]);
    expect(nameOf("first,alice:second,third", "alice:second")).toBeUndefined();
    expect(nameOf("first,alice:second,third", "alice")).toBeUndefined();
    expect(nameOf("first", "firs")).toBeUndefined();
    expect(nameOf("first", "first ")).toBeUndefined();
    expect(nameOf("first", "First")).toBeUndefined();
  });

  test("from a file, one on each line, whatever ends the lines", () => {
    for (const newline of ["\n", "\r\n"]) {
      const setting = fileOf(["# team a", "first", "", "  alice:second  ", "a-b_c.d:th:ird", ""].join(newline));
      expect(["first", "second", "th:ird"].map((key) => nameOf(setting, key))).toEqual(["key-1", "alice", "a-b_c.d"]);
      expect(nameOf(setting, "# team a")).toBeUndefined();
    }
  });

  test("from a file that begins with a byte order mark", () => {
    expect(nameOf(fileOf("\ufefffirst\nsecond"), "first")).toBe("key-1");
  });
});
