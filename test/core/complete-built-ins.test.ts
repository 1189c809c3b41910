import { jscDescribe } from "bun:jsc";
import { expect, test } from "bun:test";
import { completeBuiltIns } from "../../src/core/complete-built-ins.ts";

/** Code is compiled for objects with the same one of these. */
const formOf = (value: object): string | undefined => /Structure (\S+?):/.exec(jscDescribe(value))?.[1];

test("the first use of a member of a built-in object does not change its form", () => {
  completeBuiltIns();
  const builtIns = [Promise, Object, Array, Buffer, String, String.prototype, Number, Date, JSON, Math];
  const forms = builtIns.map(formOf);
  const used = [
    ...[Promise.race, Promise.any, Promise.allSettled, Object.groupBy, Array.fromAsync, Buffer.isEncoding],
    ...["".isWellFormed, String.raw, Number.parseFloat, Date.UTC, JSON.parse, Math.clz32],
  ];
  expect(used.every((member) => typeof member === "function")).toBe(true);
  expect(forms.every((form) => form !== undefined)).toBe(true);
  expect(builtIns.map(formOf)).toEqual(forms);
});
