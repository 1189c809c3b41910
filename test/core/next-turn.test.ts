import { expect, test } from "bun:test";
import { nextTurn } from "../../src/core/event-loop.ts";

test("who waits at the same time gets turns one after another, however many they are", async () => {
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const waiters = 5000;
  const order: number[] = [];
  const turns = new Set<number>();
  await Promise.all(
    Array.from({ length: waiters }, async (_, index) => {
      await nextTurn();
      order.push(index);
      turns.add(turn);
      // Half of them come again, behind all others.
      if (index % 2 === 0) return;
      await nextTurn();
      order.push(waiters + index);
      turns.add(turn);
    }),
  );
  isOver = true;
  expect(turns.size).toBe(waiters * 1.5);
  expect(order).toEqual([...order].sort((left, right) => left - right));
});
