import { expect, test } from "bun:test";
import { createEventSniffer, type SniffedKind } from "../../../src/core/sse/event-sniffer.ts";

const ROWS: readonly (readonly [string, SniffedKind])[] = [
  ["data: x", "events"],
  ["data:x", "events"],
  ["event: x", "events"],
  ["id:", "events"],
  ["retry: 1", "events"],
  [": comment", "events"],
  ["\r\n\n\rdata:", "events"],
  ["\ufeffdata:", "events"],
  ["\ufeff{", "other"],
  ['{"data":', "other"],
  ["[", "other"],
  ["<html>", "other"],
  [" data:", "other"],
  ["database:", "other"],
  ["data ", "other"],
  ["eventually", "other"],
  ["", "unknown"],
  ["\n\n", "unknown"],
  ["dat", "unknown"],
  ["\n".repeat(5000), "other"],
];

test.each(ROWS)("%j", (text, kind) => {
  const bytes = Buffer.from(text);
  expect(createEventSniffer().push(bytes)).toBe(kind);
  const sniffer = createEventSniffer();
  let seen: SniffedKind = "unknown";
  for (const byte of bytes) seen = sniffer.push(Uint8Array.of(byte));
  expect(seen).toBe(kind);
});
