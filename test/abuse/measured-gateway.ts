import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { askProcessProbe, PROCESS_PROBE, slownessOf } from "../fixtures/ask-process-probe.ts";
import { connect } from "../fixtures/load-connection.ts";
import { cpuOf } from "../fixtures/process-tree.ts";
import { json } from "../fixtures/answers.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { type RunningGateway, startGateway } from "../fixtures/start-gateway.ts";
import { type Exchange, postJson, requestBytes } from "./abuse-case.ts";

/** What one exchange cost the gateway. */
export interface Measurement {
  /** The status of each answer; 0 for a connection that ended without one. */
  readonly statuses: readonly number[];
  /** CPU time of the whole process. */
  readonly cpuMs: number;
  readonly longestTurnMs: number;
  /** By how much resident memory grew at most. */
  readonly memoryBytes: number;
  /** How many small chats of another client were answered meanwhile, and what was wrong with the others. */
  readonly answered: number;
  readonly faults: readonly string[];
}

/** A gateway whose every turn is watched, in front of a provider that misbehaves and one that does not. */
export interface MeasuredGateway extends AsyncDisposable {
  readonly gateway: RunningGateway;
  /** The provider of everything but the small chats on the side. */
  readonly provider: MockProvider;
  /**
   * Does one exchange, while another client sends small chats.
   * @throws Error where the gateway is not done with it after three seconds of CPU time, or half a minute
   */
  measure(exchange: Exchange): Promise<Measurement>;
  /** How slow its process is just now. */
  slowness(): Promise<number>;
}

/** So much of its own CPU time a gateway may need for an exchange; today's machines parse 10 MB of JSON in 0.3 s. */
const CPU_DEADLINE_MS = 3000;
/** For a gateway that waits for what never comes. */
const DEADLINE_MS = 30_000;
const POLL_MS = 50;
const DEADLINE_POLL_MS = 200;
/** The client on the side rests for so long between two chats. */
const PAUSE_MS = 100;
/** Who uses less than the second in the first is idle, but for the chats on the side and the probe. */
const IDLE_MS = 300;
const IDLE_CPU_MS = 60;

/**
 * The gateway's heap is collected before an exchange when those since the last collection, and it, weigh more than this: what
 * less leaves behind hides little of what an exchange may take, and a collection costs more than most exchanges.
 */
const BYTES_PER_COLLECTION = 8 * 1024 * 1024;

export const CHAT_PATH = "/v1/chat/completions";
/** The key of the client on the side, where keys are asked for. */
export const SIDE_KEY = "sk-side";
const SIDE_AUTHORIZATION = `authorization: Bearer ${SIDE_KEY}`;
const SIDE_CHAT = postJson(CHAT_PATH, '{"model":"side/m","messages":[{"role":"user","content":"hi"}]}', [
  SIDE_AUTHORIZATION,
  "x-mcp-bypass: true",
]);
/** A good answer to a chat. */
export const COMPLETION = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
};

/** Sends a request, and does with its answer what such a client does. Resolves with the status, 0 without one. */
async function send(
  port: number,
  request: Uint8Array,
  clients: Exchange["clients"],
  over?: Promise<unknown>,
): Promise<number> {
  const connection = await connect("127.0.0.1", port);
  const { promise, resolve } = Promise.withResolvers<number>();
  connection.send(request, { body() {}, done: resolve, failed: () => resolve(0) });
  if (clients === "stall") connection.pause();
  if (clients === "leave") await Bun.sleep(POLL_MS);
  else if (clients === "stall") await over;
  else return promise;
  connection.close();
  return 0;
}

/** Starts one. `settings` replace those of providers that are one mock: openai, anthropic, cohere. */
export async function startMeasuredGateway(
  settings: (provider: MockProvider) => Readonly<Record<string, string>> = () => ({}),
): Promise<MeasuredGateway> {
  const directory = mkdtempSync(join(tmpdir(), "gateway-abuse-"));
  const unix = join(directory, "probe");
  const [provider, side] = await Promise.all([startMockProvider(), startMockProvider()]);
  const good = json(200, COMPLETION);
  provider.answerAlways(() => good);
  side.answerAlways(() => good);
  const environment: Record<string, string> = {
    // The runtime gives freed memory back at once, so that each exchange is seen to take its own.
    MIMALLOC_PURGE_DELAY: "0",
    MIMALLOC_PURGE_HOLES_MIN_INTERVAL: "100",
    BUN_OPTIONS: `--preload ${PROCESS_PROBE}`,
    PROCESS_PROBE_SOCKET: unix,
    CUSTOM_PROVIDERS: "side",
    SIDE_API_URL: `${side.url}/v1`,
  };
  for (const id of ["OPENAI", "ANTHROPIC"]) {
    environment[`${id}_API_KEY`] = "sk-abuse";
    environment[`${id}_API_URL`] = `${provider.url}/v1`;
  }
  const gateway = await startGateway({ ...environment, ...settings(provider) });
  const { pid } = gateway.process;
  // All model lists have been asked for when this is answered; nothing but the exchange is in the gateway from then on.
  await send(gateway.port, requestBytes("GET", "/v1/models", undefined, [SIDE_AUTHORIZATION]), "read");

  const cpuMs = (): number => cpuOf(pid) / 1000;
  let uncollectedBytes = Infinity;

  /** Makes the probe watch the exchange that is about to begin. */
  async function watch({ bytes }: Exchange): Promise<void> {
    uncollectedBytes += bytes;
    const isCollected = uncollectedBytes > BYTES_PER_COLLECTION;
    if (isCollected) uncollectedBytes = bytes;
    await askProcessProbe(unix, isCollected ? "watch-collected" : "watch");
  }

  /** Rejects when the gateway has used up what it may for one exchange. */
  async function deadline(startedCpuMs: number, isOver: () => boolean): Promise<never> {
    const until = performance.now() + DEADLINE_MS;
    while (!isOver()) {
      await Bun.sleep(DEADLINE_POLL_MS);
      if (gateway.process.exitCode !== null) throw new Error(`the gateway ended with ${gateway.process.exitCode}`);
      const used = cpuMs() - startedCpuMs;
      if (used > CPU_DEADLINE_MS) throw new Error(`not done after ${Math.round(used)} ms of CPU time`);
      if (performance.now() > until) throw new Error(`not done after ${DEADLINE_MS / 1000} s`);
    }
    return new Promise(() => {});
  }

  /** @param over resolves with true when it is enough */
  async function chatOnTheSide(over: Promise<true>): Promise<Pick<Measurement, "answered" | "faults">> {
    const faults: string[] = [];
    let answered = 0;
    do {
      const status = await send(gateway.port, SIDE_CHAT, "read");
      if (status === 200) answered += 1;
      else faults.push(`a small chat on the side got ${status}`);
    } while (!(await Promise.race([over, Bun.sleep(PAUSE_MS)])));
    return { answered, faults };
  }

  /** Resolves when the gateway does next to nothing any more: nobody waits for an answer that would tell. */
  async function untilIdle(): Promise<void> {
    for (let before = Number.NEGATIVE_INFINITY, now = cpuMs(); now - before > IDLE_CPU_MS; now = cpuMs()) {
      before = now;
      await Bun.sleep(IDLE_MS);
    }
  }

  async function exchangeAndWatch({ requests, clients, until }: Exchange, startedCpuMs: number): Promise<Measurement> {
    const exchanged = Promise.withResolvers<true>();
    const chatting = chatOnTheSide(exchanged.promise);
    const over = until?.();
    const statuses = await Promise.all(requests.map((request) => send(gateway.port, request, clients, over)));
    await over;
    if (clients === "leave") await untilIdle();
    exchanged.resolve(true);
    const chats = await chatting;
    const { longestTurnMs, startBytes, peakBytes } = await askProcessProbe(unix, "turns");
    return { statuses, cpuMs: cpuMs() - startedCpuMs, longestTurnMs, memoryBytes: peakBytes - startBytes, ...chats };
  }

  return {
    gateway,
    provider,
    async measure(exchange) {
      const { answer } = exchange;
      provider.answerAlways(answer ?? (() => good));
      await watch(exchange);
      const startedCpuMs = cpuMs();
      let isOver = false;
      try {
        return await Promise.race([exchangeAndWatch(exchange, startedCpuMs), deadline(startedCpuMs, () => isOver)]);
      } finally {
        isOver = true;
      }
    },
    slowness: () => slownessOf(unix),
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      // What a gateway that was killed broke off is no failure of the providers.
      await Promise.allSettled([provider.stop(), side.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
