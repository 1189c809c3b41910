import { expect, test } from "bun:test";
import { createContentQueue } from "../../../src/telemetry/history/content-queue.ts";

test("contents are brought in each once, in their order, whatever fails meanwhile", async () => {
  let [kept, lost] = [0, 0];
  const queue = createContentQueue((characters, count) => {
    kept += characters;
    lost += count;
  });
  const contentOf = (index: number) => ({
    ...{ id: String(index), owner: "" },
    request: { text: "ab", isCut: false },
    response: { text: "c", isCut: false },
  });
  const inserted: string[] = [];
  let calls = 0;
  const step = () =>
    queue.step(async (batch) => {
      if (++calls % 3 === 0) throw new Error("away");
      inserted.push(...batch.map(({ id }) => id));
      return batch.filter(({ id }) => id.endsWith("7")).length;
    });
  const all = Array.from({ length: 2510 }, (_, index) => contentOf(index));
  for (let first = 0; first < all.length; first += 251) {
    queue.add(all.slice(first, first + 251));
    await step().catch(() => {});
  }
  while (await step().catch(() => true));
  expect(inserted).toEqual(all.map(({ id }) => id));
  expect(kept).toBe(3 * all.length);
  expect(lost).toBe(all.length / 10);
});
