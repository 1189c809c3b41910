import { describe, expect, test } from "bun:test";
import type { JudgeContent } from "../../src/formats/first-content.ts";
import { createContentSearch } from "../../src/pipeline/stream/await-content.ts";

/** A format of which only what says so has content, and how many events it was asked about. */
function counted() {
  const asked: unknown[] = [];
  const contentOf: JudgeContent = ({ data }) => {
    asked.push(data);
    if (typeof data !== "object" || data === null) return "none";
    if ("error" in data) return { error: data.error };
    return "text" in data ? "content" : "none";
  };
  return { asked, contentOf };
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

describe.each([
  ["a stream of events", false, (values: readonly unknown[]) => values.map(event).join("")],
  ["an array", true, (values: readonly unknown[]) => `[${values.map((value) => JSON.stringify(value)).join(",\n")}]`],
] as const)("the first content of %s", (_, isArray, write) => {
  test("is found, and of what comes along with it little is parsed", () => {
    const { asked, contentOf } = counted();
    const values = [{ role: 1 }, ...Array.from({ length: 5000 }, (_, at) => ({ text: `t${at}` }))];
    expect(createContentSearch({ contentOf }, isArray)(Buffer.from(write(values)))).toBe("content");
    expect(asked.length).toBeLessThan(200);
  });

  test.each([1, 7, 2048, 2049])("is found behind much that says nothing, cut every %p bytes", (size) => {
    const { contentOf } = counted();
    const search = createContentSearch({ contentOf }, isArray);
    const before = Buffer.from(
      write([...Array.from({ length: 700 }, (_, at) => ({ role: at })), { error: "no" }, { text: 1 }]),
    );
    const seen: unknown[] = [];
    for (let at = 0; at < before.length; at += size) seen.push(search(before.subarray(at, at + size)));
    expect(seen.find((said) => said !== undefined)).toEqual({ error: "no" });
    expect(seen.at(-1)).toEqual({ error: "no" });
  });
});

test("an event that is longer than may be held back is content", () => {
  const { asked, contentOf } = counted();
  expect(createContentSearch({ contentOf }, false)(Buffer.from(event({ role: "x".repeat(300 * 1024) })))).toBe(
    "content",
  );
  expect(asked).toEqual([]);
});
