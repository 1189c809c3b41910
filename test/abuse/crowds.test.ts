import type { MockProvider } from "../fixtures/mock-provider.ts";
import { type AbuseCase, postGzip, repeated } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { CHAT_PATH } from "./measured-gateway.ts";
import { answerOf } from "./provider-answer.ts";

const MIB = 1024 * 1024;
const CHAT = ',"model":"openai/m","messages":[{"role":"user","content":"hi"}]}';
const bodyOf = (member: string, content: Buffer, after: string): Buffer =>
  Buffer.concat([Buffer.from(`{"x":${member}`), content, Buffer.from(after + CHAT)]);

/** As large as a body may be. */
const BODIES = [
  ["wide", bodyOf("[", repeated("[],", 9.9 * MIB), "0]")],
  ["long", bodyOf('"', repeated("lorem ipsum ", 9.9 * MIB), '"')],
  ["deep", bodyOf("", repeated("[", 9.9 * MIB), "")],
] as const;

const SHARED_TURN_MS = 150;
const QUIET_MS = 500;
let provider: MockProvider | undefined;
const settings = (mock: MockProvider) => {
  provider = mock;
  return { SERVER_MAX_BUFFERED_BYTES: "64MiB" };
};

/** Resolves when the provider has not been asked anything for a while, nor has a connection to it been opened. */
async function providerIsQuiet(): Promise<void> {
  let seen = -1;
  let quietSince = performance.now();
  while (performance.now() - quietSince < QUIET_MS) {
    const now = provider?.requests.length ?? 0;
    if (now !== seen) quietSince = performance.now();
    seen = now;
    await Bun.sleep(QUIET_MS / 10);
  }
}

const crowd = (request: Uint8Array, count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, () => request);

/** Bodies at once that weigh more than the gateway may hold, each small on the wire. */
const bodies: AbuseCase[] = BODIES.flatMap(([name, body]) => {
  const request = postGzip(CHAT_PATH, body);
  return (["read", "leave"] as const).map((clients): AbuseCase => ({
    name: `${name} bodies at once, whose clients ${clients === "read" ? "stay" : "leave"}`,
    size: 3,
    build: (count) => ({ requests: crowd(request, count), clients, bytes: 2 * body.length, turnMs: SHARED_TURN_MS }),
    statuses: [0, 200, 400, 413, 503],
  }));
});

/** Answers that the gateway has whole, and nobody takes. */
const unread: AbuseCase = {
  name: "large answers that nobody reads",
  size: 10,
  build(count) {
    const script = answerOf(Buffer.alloc(8 * MIB, " "));
    const request = postGzip(CHAT_PATH, Buffer.from(`{"x":0${CHAT}`));
    return {
      requests: crowd(request, count),
      answer: () => script,
      bytes: 16 * MIB,
      turnMs: SHARED_TURN_MS,
      clients: "stall",
      until: providerIsQuiet,
    };
  },
  statuses: [0],
};

describeCases("many at once cost what the gateway may hold", [...bodies, unread], { settings });
