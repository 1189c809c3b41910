const each = (count: number, line: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => line(index));

/** Fields of a provider with more than anybody says: lines of about so many bytes. */
export const HEAD_SHAPES: readonly (readonly [name: string, lines: (bytes: number) => readonly string[]])[] = [
  ["many fields", (bytes) => each(bytes / 9, (index) => `${index.toString(36)}: bc`)],
  ["many equal fields", (bytes) => each(bytes / 6, () => "a: b")],
  ["many limits of rates", (bytes) => each(bytes / 24, (index) => `x-ratelimit-${index}: 1`)],
  ["many cookies", (bytes) => each(bytes / 18, () => "set-cookie: a=b")],
  ["a long value", (bytes) => [`x-request-id: ${"v".repeat(bytes)}`]],
  ["a long name", (bytes) => [`${"n".repeat(bytes)}: v`]],
  ["many blanks", (bytes) => [`a:${" ".repeat(bytes)}b`]],
  ["many commas", (bytes) => [`connection: ${"a,".repeat(bytes / 2)}b`]],
  ["many codings", (bytes) => [`content-encoding: ${"identity,".repeat(bytes / 9)}identity`]],
];
