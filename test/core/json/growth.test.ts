import { describe, expect, test } from "bun:test";
import { parseAtOnce, parseBytes } from "../../../src/core/json/parse.ts";
import { decodeObject } from "../../../src/core/json/decode-object.ts";
import { findMember, findElements } from "../../../src/core/json/find.ts";
import { findSyntaxError } from "../../../src/core/json/syntax-error.ts";
import { watchMembers } from "../../../src/core/json/limits.ts";
import { watchedNames } from "../../../src/core/json/member-watch.ts";
import { cpuGrowth, LINEAR } from "../../fixtures/cpu-growth.ts";

const findModel = (body: Uint8Array) => findMember(body, "model");
const NAMES = watchedNames(["model", "messages", "tool_choice"]);

/** Objects that end with the member that is looked for, by what comes before it `count` times. */
const SHAPES: Readonly<Record<string, string>> = {
  "empty names": '"":0,',
  "names of one length": '"mode_":0,',
  "names with escapes": '"\\u0061":0,',
  "empty lists": '"a":[],',
  "strings of backslashes": `"a":"${"\\\\".repeat(40)}",`,
  "strings of quotes": `"a":"${'\\"'.repeat(40)}",`,
  "strings of backslashes and quotes": `"a":"${'\\\\\\"'.repeat(40)}",`,
  "nested lists": `"a":${"[".repeat(60)}${"]".repeat(60)},`,
  "white space": `"a"${" ".repeat(20)}:${" ".repeat(20)}0${" ".repeat(20)},`,
};

const encode = (text: string): Buffer => Buffer.from(text);

describe("time grows with the bytes of an object", () => {
  test.each(Object.entries(SHAPES))("of %s", async (_, member) => {
    const count = Math.ceil(250_000 / member.length);
    const make = (size: number): Buffer => encode(`{${member.repeat(size)}"model":"a"}`);
    const growths = [
      await cpuGrowth(count, (size) =>
        (
          (body) => () =>
            findModel(body)
        )(make(size)),
      ),
      await cpuGrowth(count, (size) =>
        (
          (body) => () =>
            watchMembers(body, NAMES)
        )(make(size)),
      ),
      await cpuGrowth(count, (size) =>
        (
          (body) => () =>
            parseAtOnce(body)
        )(make(size)),
      ),
      await cpuGrowth(count, (size) =>
        (
          (body) => () =>
            parseBytes(body)
        )(make(size)),
      ),
    ];
    for (const growth of growths) expect(growth).toBeLessThan(LINEAR);
  });

  test.each([
    ["one string of backslashes", "\\\\"],
    ["one string of quotes", '\\"'],
    ["one string of escapes", "\\u0041"],
    ["one string of text", "é"],
  ])("that is %s", async (_, piece) => {
    const make = (size: number): Buffer => encode(`{"a":"${piece.repeat(size)}","model":"a"}`);
    expect(
      await cpuGrowth(150_000, (size) =>
        (
          (body) => () =>
            findModel(body)
        )(make(size)),
      ),
    ).toBeLessThan(LINEAR);
    expect(
      await cpuGrowth(150_000, (size) =>
        (
          (body) => () =>
            parseBytes(body)
        )(make(size)),
      ),
    ).toBeLessThan(LINEAR);
  });
});

test.each(["0,", '"a",', "[],", '{"a":1},'])("time grows with the bytes of a list of %s", async (item) => {
  const make = (size: number): Buffer => encode(`[${item.repeat(size)}0]`);
  expect(
    await cpuGrowth(60_000, (size) =>
      (
        (list) => () =>
          findElements(list)
      )(make(size)),
    ),
  ).toBeLessThan(LINEAR);
});

describe("time grows with the bytes of what is no JSON", () => {
  test.each(["[}", "{", '{"a":', '"', "\\", ",", "//", "/*", "1 ", '"a\n', " "])("%j", async (piece) => {
    const make = (size: number): string => piece.repeat(size);
    expect(
      await cpuGrowth(60_000, (size) =>
        (
          (text) => () =>
            findSyntaxError(text)
        )(make(size)),
      ),
    ).toBeLessThan(LINEAR);
    const decoding = (size: number) =>
      (
        (body) => () =>
          decodeObject(body)
      )(encode(make(size)));
    expect(await cpuGrowth(60_000, decoding)).toBeLessThan(LINEAR);
    const parsing = (size: number) =>
      (
        (body) => () =>
          parseBytes(body)
      )(encode(make(size)));
    expect(await cpuGrowth(60_000, parsing)).toBeLessThan(LINEAR);
  });
});

/** The CPU time of this thread so far, in milliseconds: that of the collector's threads is no part of a turn. */
function threadTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The most CPU time of one turn of the event loop while something runs, in milliseconds. */
async function longestTurn(run: () => unknown): Promise<number> {
  let longest = 0;
  let isOver = false;
  let begun = threadTime();
  const look = (): void => {
    const now = threadTime();
    longest = Math.max(longest, now - begun);
    begun = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await run();
  isOver = true;
  look();
  return longest;
}

describe("no turn of the event loop is long because of a body", () => {
  const list = (item: string, count: number): string => `[${`${item},`.repeat(count)}0]`;
  const many = (count: number, write: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => write(index)).join(",");
  test.each([
    ["empty lists, more than the limit", () => list("[]", 3_300_000)],
    ["empty lists", () => list("[]", 600_000)],
    ["empty objects", () => list("{}", 600_000)],
    ["texts", () => list('"a"', 600_000)],
    ["objects in objects", () => list('{"a":{}}', 300_000)],
    ["names, each another", () => `{${many(300_000, (index) => `"k${index}":0`)}}`],
    ["numbers as names", () => `{${many(300_000, (index) => `"${index}":0`)}}`],
    ["objects, each of another name", () => `[${many(300_000, (index) => `{"k${index}":0}`)}]`],
    ["escapes in one string", () => `["${"\\n".repeat(2_000_000)}"]`],
    ["backslashes in one string", () => `["${"\\\\".repeat(2_000_000)}"]`],
  ])("%s", async (_, make) => {
    const body = encode(make());
    await parseBytes(body);
    // A turn in which the collector has its own work, or others have the caches, is not of the body's making, and does not come
    // five times running.
    let longest = Infinity;
    for (let tries = 0; tries < 5 && longest >= 50; tries++) {
      Bun.gc(true);
      longest = Math.min(longest, await longestTurn(() => parseBytes(body)));
    }
    expect(longest).toBeWithin(1, 50);
  });
});
