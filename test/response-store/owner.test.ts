import { expect, test } from "bun:test";
import type { Principal } from "../../src/core/request-context.ts";
import { ownerOf } from "../../src/stages/response-store/owner.ts";

const PRINCIPALS: readonly (Principal | undefined)[] = [
  undefined,
  { kind: "key", name: "a" },
  { kind: "key", name: "b" },
  { kind: "key", name: "key-1", fingerprint: "x" },
  { kind: "key", name: "key-1", fingerprint: "y" },
  { kind: "token", name: "a", issuer: "https://one.test" },
  { kind: "token", name: "a", issuer: "https://other.test" },
];

test("each client is another owner, whose name is not shown", () => {
  const owners = PRINCIPALS.map(ownerOf);
  expect(new Set(owners).size).toBe(PRINCIPALS.length);
  expect(PRINCIPALS.map(ownerOf)).toEqual(owners);
  expect(owners.slice(1).every((owner) => /^[\w-]{43}$/.test(owner))).toBe(true);
});

test("a key without a name is the same in another place, and one with a name the same with another secret", () => {
  const [one, other] = [
    { kind: "key", name: "key-1", fingerprint: "x" },
    { kind: "key", name: "key-2", fingerprint: "x" },
  ] as const;
  expect(ownerOf(one)).toBe(ownerOf(other));
});
