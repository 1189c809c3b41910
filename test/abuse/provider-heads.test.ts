import { raw } from "../fixtures/script.ts";
import { type AbuseCase, postJson, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { CHAT_PATH } from "./measured-gateway.ts";
import { headOf } from "./provider-answer.ts";

const KIB = 1024;
/** A head of a provider may take 64 KiB: four times the one is just below it, the other far beyond it. */
const SIZES = [
  ["", 14 * KIB],
  [", too long", 512 * KIB],
] as const;
const PIECE_BYTES = 32;

const ASKERS = [
  ["chat", postJson(CHAT_PATH, '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}')],
  ["proxy", requestBytes("GET", "/proxy/openai/v1/files")],
] as const;

const each = (count: number, line: (index: number) => string): readonly string[] =>
  Array.from({ length: count }, (_, index) => line(index));

/** Field lines of about so many bytes. */
const SHAPES: readonly (readonly [name: string, lines: (bytes: number) => readonly string[]])[] = [
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

const heads: AbuseCase[] = ASKERS.flatMap(([asker, request]) =>
  SHAPES.flatMap(([name, lines]) =>
    SIZES.map(([suffix, size]): AbuseCase => ({
      name: `${asker}: ${name}${suffix}`,
      size,
      build(bytes) {
        const script = [raw(headOf("200 OK", ["content-length: 2", ...lines(bytes)])), raw("{}")];
        return { requests: [request], answer: () => script, bytes };
      },
      statuses: [200, 502],
    })),
  ),
);

/** A head that arrives as slowly as the network lets it. */
const inPieces: AbuseCase = {
  name: "chat: many fields in small pieces",
  size: 14 * KIB,
  build(bytes) {
    const head = headOf("200 OK", ["content-length: 2", ...each(bytes / 14, () => "a: bcdefghij")]);
    const pieces = Array.from({ length: Math.ceil(head.length / PIECE_BYTES) }, (_, index) =>
      raw(head.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)),
    );
    const script = [...pieces, raw("{}")];
    return { requests: [ASKERS[0][1]], answer: () => script, bytes };
  },
  statuses: [200, 502],
};

describeCases("a head of a provider costs what it weighs", [...heads, inPieces]);
