import { expect, test } from "bun:test";
import { errorCodeOf, errorWordOf } from "../../src/core/error-code.ts";

test("an error is shown as its code, or its name if it has none in words", () => {
  const coded = Object.assign(new Error("https://provider.test?key=secret"), { code: "ECONNRESET" });
  // Its `code` is 23: https://webidl.spec.whatwg.org/#dfn-error-names-table
  const timeout = new DOMException("The operation timed out.", "TimeoutError");
  const shown = [coded, timeout, new TypeError("x"), { code: "ENOENT" }, "text", null, undefined].map(errorWordOf);
  expect(shown).toEqual(["ECONNRESET", "TimeoutError", "TypeError", "ENOENT", "unknown", "unknown", "unknown"]);
  expect([coded, timeout, { code: undefined }, { code: 7 }].map(errorCodeOf)).toEqual([
    "ECONNRESET",
    undefined,
    undefined,
    undefined,
  ]);
});
