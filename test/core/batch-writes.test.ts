import { expect, test } from "bun:test";
import { batchWrite } from "../../src/core/event-loop.ts";

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what is written in one turn leaves at its end, in order, and once", async () => {
  const left: number[] = [];
  for (let index = 0; index < 5; index++) batchWrite(() => left.push(index));
  expect(left).toEqual([]);
  await endOfTurn();
  expect(left).toEqual([0, 1, 2, 3, 4]);
  await endOfTurn();
  expect(left).toHaveLength(5);
});

test("of very many none waits for all the others", async () => {
  const left: number[] = [];
  for (let index = 0; index < 80; index++) {
    batchWrite(() => left.push(index));
    expect(left.length).toBeGreaterThan(index - 32);
  }
  await endOfTurn();
  expect(left).toEqual(Array.from({ length: 80 }, (_, index) => index));
});

test("one that writes another has it written too", async () => {
  const left: string[] = [];
  batchWrite(() => {
    left.push("first");
    batchWrite(() => left.push("second"));
  });
  await endOfTurn();
  await endOfTurn();
  expect(left).toEqual(["first", "second"]);
});
