import { expect, test } from "bun:test";
import { fieldsOf, headerLine } from "../../src/core/header-lines.ts";

test.each([
  [{}],
  [{ traceparent: "00-1-2-00" }],
  [{ traceparent: "00-1-2-00", tracestate: "a=b: c,d=e", baggage: "user = 7;p" }],
])("the fields of lines are those that the lines were made of: %p", (fields) => {
  const lines = Object.entries(fields).map(([name, value]) => headerLine(name, value));
  expect(lines.every((line) => line.endsWith("\r\n"))).toBe(true);
  expect(fieldsOf(lines.join(""))).toEqual(fields);
});
