import { repeated } from "./abuse-case.ts";

const error = (before: string, item: string, after: string) => (bytes: number) =>
  Buffer.concat([Buffer.from(before), repeated(item, bytes), Buffer.from(after)]);

/** Errors in every shape that providers use, and in those that they do not. */
export const ERROR_SHAPES: readonly (readonly [name: string, body: (bytes: number) => Uint8Array])[] = [
  ["a long message", error('{"error":{"message":"', "no ", '"}}')],
  ["a long text", error("", "no ", "")],
  ["a long page", error("<html><title>no</title>", "<p>no</p>\n", "</html>")],
  ["many errors", error('{"errors":[', '{"message":"no"},', '{"message":"no"}]}')],
  ["errors in errors", (bytes) => Buffer.from('{"error":'.repeat(bytes / 9))],
  ["a deep error", (bytes) => Buffer.from(`${'{"error":'.repeat(bytes / 10)}"no"${"}".repeat(bytes / 10)}`)],
  ["members without a name", (bytes) => Buffer.from(`${'{"":'.repeat(bytes / 10)}0${"}".repeat(bytes / 10)}`)],
  ["events in events", error("", "data:", "no")],
  ["many keys", error('{"":0,', '"k":0,', '"error":{"message":"no"}}')],
  ["many values", error('{"detail":[', "0,", '0],"error":{"message":"no"}}')],
  ["the provider's key, many times", error('{"error":{"message":"', "sk-abuse ", '"}}')],
  ["the beginning of the key, many times", error('{"error":{"message":"', "sk-abus", '"}}')],
  ["escapes", error('{"error":{"message":"', "\\u0073k\\u002d", '"}}')],
  ["percent signs", error('{"error":{"message":"', "%73%6b%2d", '"}}')],
];
