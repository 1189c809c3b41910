import { type AbuseCase, postJson } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { CHAT_PATH } from "./measured-gateway.ts";
import { answerOf } from "./provider-answer.ts";
import { STREAM_SHAPES } from "./stream-shapes.ts";

const KIB = 1024;
const MESSAGES = '"stream":true,"messages":[{"role":"user","content":"hi"}]';
const ROUTES = [
  ["chat", CHAT_PATH, `{"model":"openai/m",${MESSAGES}}`],
  ["messages", "/v1/messages", `{"model":"anthropic/m","max_tokens":1,${MESSAGES}}`],
  ["responses", "/v1/responses", '{"model":"openai/m","stream":true,"input":"hi"}'],
] as const;

/** How the stream comes: in few large pieces, byte by byte, and, where that is tried, in many small ones. */
const PIECES = [
  ["", 64 * KIB, 256 * KIB],
  [", byte by byte", 1, 8 * KIB],
] as const;
const SMALL_PIECES = [", in pieces of two hundred bytes", 200, 128 * KIB] as const;

const streams: AbuseCase[] = ROUTES.flatMap(([route, target, body]) =>
  STREAM_SHAPES.flatMap(([name, content]) =>
    (route === "chat" ? [...PIECES, SMALL_PIECES] : PIECES).map(([suffix, chunkBytes, size]): AbuseCase => {
      const request = postJson(target, body);
      return {
        name: `${route}: ${name}${suffix}`,
        size,
        build(bytes) {
          const stream = content(bytes);
          const script = answerOf(stream, { type: "text/event-stream", chunkBytes });
          return { requests: [request], answer: () => script, bytes: stream.length };
        },
        // One that breaks off before its first event is no stream yet.
        statuses: [200, 502],
      };
    }),
  ),
);

describeCases("a stream of a provider costs what it weighs", streams, { settings: () => ({ STREAM_USAGE: "always" }) });
