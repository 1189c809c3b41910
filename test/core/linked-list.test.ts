import { expect, test } from "bun:test";
import fc from "fast-check";
import { type LinkedListNode, createLinkedList } from "../../src/core/linked-list.ts";

interface Named extends LinkedListNode<Named> {
  readonly name: number;
}

const named = (name: number): Named => ({ name, previous: undefined, next: undefined });

test("whatever joins and leaves, however often and in whatever order, it holds what a set would hold", () => {
  const step = fc.tuple(fc.constantFrom("append", "remove"), fc.nat(7));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = Array.from({ length: 8 }, (_, index) => named(index));
      const chain = createLinkedList<Named>();
      const expected = new Set<Named>();
      for (const [what, index] of steps) {
        const member = all[index] as Named;
        chain[what](member);
        if (what === "append") expected.add(member);
        else expected.delete(member);
        expect(chain.size()).toBe(expected.size);
      }
      expect(chain.members()).toEqual([...expected]);
      expect(chain.members(2)).toEqual([...expected].slice(0, 2));
      for (const member of all) expect(chain.has(member)).toBe(expected.has(member));
    }),
  );
});

test("the list of members does not change while they leave", () => {
  const chain = createLinkedList<Named>();
  const all = [named(1), named(2), named(3)];
  for (const member of all) chain.append(member);
  const seen: number[] = [];
  for (const member of chain.members()) {
    seen.push(member.name);
    for (const other of all) chain.remove(other);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(chain.size()).toBe(0);
});
