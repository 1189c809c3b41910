import { expect, test } from "bun:test";
import { loadOnce } from "../../src/core/load-once.ts";
import { rejectionOf } from "../fixtures/rejection.ts";

test("what is asked for by many at once is loaded once", async () => {
  let loads = 0;
  const load = loadOnce(async () => ++loads);

  expect(await Promise.all([load(), load(), load()])).toEqual([1, 1, 1]);
  expect(await load()).toBe(1);
});

test("what could not be loaded is loaded again with the next call", async () => {
  let loads = 0;
  const load = loadOnce(async () => {
    if (++loads === 1) throw new Error("no descriptor is left");
    return loads;
  });

  const failed = await Promise.all([rejectionOf(load()), rejectionOf(load())]);

  expect(failed.map(String)).toEqual(["Error: no descriptor is left", "Error: no descriptor is left"]);
  expect([await load(), await load()]).toEqual([2, 2]);
});
