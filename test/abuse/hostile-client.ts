import type { Socket } from "bun";
import type { Random } from "../fixtures/random.ts";
import { postGzip, postJson, requestBytes } from "./abuse-case.ts";
import { JSON_SHAPES, WIDE_SHAPES } from "./json-shapes.ts";

/** What a client does with one request, beside sending it. */
export interface Manner {
  /** Sends that many bytes at a time, with a pause between; all at once for 0. */
  readonly pieceBytes: number;
  /** Reads as fast as it can, with pauses, or never. */
  readonly reads: "all" | "slowly" | "nothing";
  /** How it ends: when the answer has, or after a while by FIN in its direction, by closing, or by RST. */
  readonly ends: "patiently" | "half-closed" | "gone" | "reset";
  readonly afterMs: number;
}

const KIB = 1024;
const LONGEST_MS = 8000;
const PAUSE_MS = 20;
const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';
const ROUTES = [
  ["/v1/chat/completions", `,"model":"openai/m",${MESSAGES}}`],
  ["/v1/messages", `,"model":"anthropic/m","max_tokens":1,${MESSAGES}}`],
  ["/v1/messages/count_tokens", `,"model":"anthropic/m",${MESSAGES}}`],
  ["/v1/responses", ',"model":"openai/m","input":"hi"}'],
  ["/v1/embeddings", ',"model":"openai/m","input":"hi"}'],
  ["/proxy/openai/v1/chat/completions", `,"model":"m",${MESSAGES}}`],
] as const;
const PATHS = ["/v1/models", "/v1/models?provider=openai", "/proxy/openai/v1/files", `/v1/${"p".repeat(9000)}`];

/**
 * Every request that hostile clients send: hostile bodies and heads, and small ones that ask for hostile answers.
 * @param models of `openai` that answer badly
 */
export function abusiveRequests(models: readonly string[]): readonly Uint8Array[] {
  const requests: Uint8Array[] = [];
  const shapes = [...JSON_SHAPES, ...WIDE_SHAPES].map(
    ({ members }) => [members(128 * KIB), members(2048 * KIB)] as const,
  );
  for (const [target, needed] of ROUTES) {
    for (const [small, large] of shapes) {
      const body = (members: Uint8Array): Buffer => Buffer.concat([Buffer.from("{"), members, Buffer.from(needed)]);
      requests.push(postJson(target, body(small)), postGzip(target, body(large)));
      // Half of all are small: what comes back to them is the abuse.
      for (const stream of ["false", "true"]) requests.push(postJson(target, `{"stream":${stream}${needed}`));
    }
    requests.push(postGzip(target, Buffer.alloc(64_000 * KIB, " ")));
  }
  for (const model of models) {
    requests.push(postJson(ROUTES[0][0], `{"model":"openai/${model}","stream":true,${MESSAGES}}`));
  }
  for (const path of PATHS) {
    requests.push(requestBytes("GET", path), requestBytes("GET", path, undefined, Array(400).fill("x-y: z")));
  }
  return requests;
}

/** Draws how a client behaves. */
export function drawManner(random: Random): Manner {
  return {
    pieceBytes: random.pick([0, 0, 0, 100, 4000]),
    reads: random.pick(["all", "all", "slowly", "nothing"] as const),
    ends: random.pick(["patiently", "patiently", "half-closed", "gone", "reset"] as const),
    afterMs: random.below(1500),
  };
}

/**
 * Sends one request in that manner. Resolves when its connection is closed; never rejects, whatever becomes of it.
 * @param longestMs when it is closed at the latest, if that is less than some seconds
 */
export async function misbehave(port: number, request: Uint8Array, manner: Manner, longestMs = LONGEST_MS) {
  const closed = Promise.withResolvers<void>();
  const timers: Timer[] = [];
  let unsent = request;
  const flush = (socket: Socket): void => {
    if (unsent.length === 0) return;
    const piece = manner.pieceBytes === 0 ? unsent : unsent.subarray(0, manner.pieceBytes);
    const written = socket.write(piece);
    if (written < 0) return;
    unsent = unsent.subarray(written);
    if (manner.pieceBytes > 0) timers.push(setTimeout(() => flush(socket), PAUSE_MS));
  };
  try {
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      allowHalfOpen: true,
      socket: {
        drain: (open) => void (manner.pieceBytes === 0 && flush(open)),
        data(open) {
          if (manner.reads !== "slowly") return;
          open.pause();
          timers.push(setTimeout(() => open.resume(), PAUSE_MS));
        },
        end: (open) => void open.end(),
        error() {},
        close: () => closed.resolve(),
      },
    });
    if (manner.reads === "nothing") socket.pause();
    flush(socket);
    const leave = { "half-closed": () => socket.shutdown(), gone: () => socket.end(), reset: () => socket.terminate() };
    if (manner.ends !== "patiently") timers.push(setTimeout(leave[manner.ends], manner.afterMs));
    timers.push(setTimeout(() => socket.terminate(), Math.min(longestMs, LONGEST_MS)));
    await closed.promise;
  } catch {
    // Refused: the gateway is being asked by too many, or is gone, which its other clients will tell.
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}
