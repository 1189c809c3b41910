import { chatBody } from "../../test/fixtures/load-chat-body.ts";
import { type Connection, connect, postRequest } from "../../test/fixtures/load-connection.ts";
import { end } from "../targets/children.ts";
import { launch, type Running } from "../targets/launch.ts";
import type { Rig } from "../targets/rig.ts";
import type { Ground, Target } from "../targets/target.ts";
import { measureTree } from "../../test/fixtures/process-tree.ts";
import { type PartialPlan, runPlan } from "./sample.ts";

/** One start of a target, and its resident memory if that was measured at this start. */
export interface ProcessSample {
  readonly target: string;
  readonly startMilliseconds: number | undefined;
  readonly memory?: {
    readonly idleBytes: number;
    /** After a warm-up and before the streams were opened. */
    readonly warmBytes: number;
    readonly openBytes: number;
    /** Streams that gave an event; fewer than asked for means that some never began. */
    readonly openStreams: number;
  };
}

const SETTLE_MS = 2500; // By then a gateway has given back what only its start needed.
const HOLD_MS = 15_000;
const STREAMING_MS = 1500;
const WARM_UP: readonly PartialPlan[] = [
  { answer: "json", bodyBytes: 200, connections: 16, seconds: 2, requests: 2000 },
  { answer: "paced", bodyBytes: 200, connections: 16, seconds: 0, requests: 16 },
];

/** Opens streams that never end; `open` are those that have given an event. */
async function holdStreams({ chatUrl, target }: Running, ground: Ground, streams: number) {
  const url = new URL(chatUrl);
  const request = postRequest(url, chatBody("held", 200, target), target.headers?.(ground));
  const held: Connection[] = [];
  const open = new Set<Connection>();
  while (held.length < streams) {
    const connection = await connect(url.hostname, Number(url.port));
    connection.send(request, { body: () => open.add(connection), done() {}, failed() {} });
    // A burst that overflows the accept queue measures the queue.
    if (held.push(connection) % 50 === 0) await Bun.sleep(5);
  }
  const until = performance.now() + HOLD_MS;
  while (open.size < streams && performance.now() < until) await Bun.sleep(50);
  return { open, close: () => held.forEach((connection) => connection.close()) };
}

/**
 * Starts a target afresh and measures the time to its first 200 and, if `streams` is above 0, its memory idle, warm and with that
 * many streams open, each of which gives two events a second. The target is ended again.
 */
export async function measureProcess(rig: Rig, target: Target, streams: number): Promise<ProcessSample> {
  const running = await launch(target, rig);
  const { pid = 0, startMilliseconds } = running;
  const residentBytes = (): number => measureTree(pid).residentBytes;
  const sample = { target: target.name, startMilliseconds };
  try {
    if (streams === 0) return sample;
    await Bun.sleep(SETTLE_MS);
    const idleBytes = residentBytes();
    for (const plan of WARM_UP) await runPlan(rig, running, plan);
    const warmBytes = residentBytes();
    const { open, close } = await holdStreams(running, rig, streams);
    await Bun.sleep(STREAMING_MS);
    const openBytes = residentBytes();
    close();
    return { ...sample, memory: { idleBytes, warmBytes, openBytes, openStreams: open.size } };
  } finally {
    await end(pid);
  }
}
