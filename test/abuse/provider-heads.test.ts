import { raw } from "../fixtures/script.ts";
import { type AbuseCase, postJson, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { HEAD_SHAPES } from "./head-shapes.ts";
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

const heads: AbuseCase[] = ASKERS.flatMap(([asker, request]) =>
  HEAD_SHAPES.flatMap(([name, lines]) =>
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
    const head = headOf("200 OK", ["content-length: 2", ...Array.from({ length: bytes / 14 }, () => "a: bcdefghij")]);
    const pieces = Array.from({ length: Math.ceil(head.length / PIECE_BYTES) }, (_, index) =>
      raw(head.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)),
    );
    const script = [...pieces, raw("{}")];
    return { requests: [ASKERS[0][1]], answer: () => script, bytes };
  },
  statuses: [200, 502],
};

describeCases("a head of a provider costs what it weighs", [...heads, inPieces]);
