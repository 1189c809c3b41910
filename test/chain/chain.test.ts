import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ChainMember, createChain } from "../../src/chain/chain.ts";

interface Named extends ChainMember<Named> {
  readonly name: number;
}

const named = (name: number): Named => ({ name, before: undefined, behind: undefined });

test("whatever joins and leaves, however often and in whatever order, it holds what a set would hold", () => {
  const step = fc.tuple(fc.constantFrom("join", "leave"), fc.nat(7));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = Array.from({ length: 8 }, (_, index) => named(index));
      const chain = createChain<Named>();
      const expected = new Set<Named>();
      for (const [what, index] of steps) {
        const member = all[index] as Named;
        chain[what](member);
        if (what === "join") expected.add(member);
        else expected.delete(member);
        expect(chain.size()).toBe(expected.size);
      }
      expect(chain.members()).toEqual([...expected]);
      for (const member of all) expect(chain.has(member)).toBe(expected.has(member));
    }),
  );
});

test("the list of members does not change while they leave", () => {
  const chain = createChain<Named>();
  const all = [named(1), named(2), named(3)];
  for (const member of all) chain.join(member);
  const seen: number[] = [];
  for (const member of chain.members()) {
    seen.push(member.name);
    for (const other of all) chain.leave(other);
  }
  expect(seen).toEqual([1, 2, 3]);
  expect(chain.size()).toBe(0);
});
