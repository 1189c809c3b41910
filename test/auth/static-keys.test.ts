import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashToken, readStaticKeys } from "../../src/auth/static-keys.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const folder = scratchFolder("static-keys");

function fileOf(content: string | Uint8Array): string {
  const path = join(folder, crypto.randomUUID());
  writeFileSync(path, content);
  return `@${path}`;
}

function nameOf(setting: string, key: string): string | undefined {
  return readStaticKeys(setting).holderOf(hashToken(key))?.name;
}

describe("static keys are refused", () => {
  const refused: readonly (readonly [setting: string, problem: string])[] = [
    ["", "it holds no key"],
    [" , ,", "it holds no key"],
    // The log could not tell the two holders apart.
    ["key-2:secret-1,secret-2", "key-2 is the name of one key and the place of another, which needs a name of its own"],
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

  test("by one name, while a new key takes the place of an old one", () => {
    const setting = "alice:old-secret,bob:secret-1,alice:new-secret";
    expect(["old-secret", "new-secret", "secret-1"].map((key) => nameOf(setting, key))).toEqual([
      "alice",
      "alice",
      "bob",
    ]);
    expect(nameOf("alice:new-secret,bob:secret-1", "old-secret")).toBeUndefined();
  });

  test("by the last name that a key is given", () => {
    expect(nameOf("alice:secret-1,bob:secret-1", "secret-1")).toBe("bob");
  });
});

describe("of ten thousand static keys", () => {
  const keyOf = (index: number): string => `sk-${index}-${"0123456789abcdef".repeat(2)}`;
  const readMany = (count: number) =>
    readStaticKeys(fileOf(Array.from({ length: count }, (_, index) => `user-${index}:${keyOf(index)}`).join("\n")));
  const many = readMany(10_000);

  test("each is known by its name, and nothing else is", () => {
    for (let index = 0; index < 10_000; index += 1) {
      expect(many.holderOf(hashToken(keyOf(index)))?.name).toBe(`user-${index}`);
      expect(many.holderOf(hashToken(`${keyOf(index)}x`))?.name).toBeUndefined();
    }
    const [first = 0, ...rest] = hashToken(keyOf(0));
    for (const almost of [
      [first ^ 1, ...rest],
      [first, ...rest.slice(0, -1), (rest.at(-1) ?? 0) ^ 1],
    ]) {
      expect(many.holderOf(new Uint8Array(almost))?.name).toBeUndefined();
    }
  });

  test("one is found at the cost of one of ten", () => {
    const few = readMany(10);
    const hashes = Array.from({ length: 10 }, (_, index) => hashToken(keyOf(index)));
    const measure = (keys: typeof few): number => {
      const before = process.cpuUsage();
      for (let round = 0; round < 2000; round += 1) for (const hash of hashes) keys.holderOf(hash);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const least = (keys: typeof few): number => Math.min(...Array.from({ length: 5 }, () => measure(keys)));
    measure(few);
    measure(many);
    // Compared with each, it was six hundred times as much.
    expect(least(many)).toBeLessThan(least(few) * 10);
  });
});
