import type { HealthyRequest } from "./abuse-judge.ts";
import { waitedForCpuMs } from "./process-tree.ts";
import type { SoakClient } from "./soak-client.ts";

const CHATS_PER_SECOND = 10;
const STREAM_EVERY = 10;
const TRIES = 3;
const RETRY_MILLISECONDS = 100;

/**
 * Sends chats and streams at a steady rate until it is told to stop.
 * @param pid the process that answers
 * @param mayRetry whether one that failed is sent again before it counts as not answered
 */
export function sendSteadily(client: SoakClient, pid: number, mayRetry: boolean) {
  const sent: Record<"chat" | "stream", HealthyRequest[]> = { chat: [], stream: [] };
  const pending = new Set<Promise<void>>();
  const one = async (kind: "chat" | "stream"): Promise<void> => {
    const startedAt = performance.now();
    const waitedMs = waitedForCpuMs(pid);
    let fault: string | undefined = "not sent";
    // What a worker had in hand when it was killed is lost; asked again, it has to be answered.
    for (let tries = mayRetry ? TRIES : 1; tries > 0; tries -= 1) {
      fault = await client.exchange(kind).catch((error: unknown) => String(error));
      if (fault === undefined || tries === 1) break;
      // Other connections to the same worker may not know yet that it is gone.
      client.closeIdle();
      await Bun.sleep(RETRY_MILLISECONDS);
    }
    const milliseconds = performance.now() - startedAt;
    sent[kind].push({ startedAt, milliseconds, waitedForCpuMs: waitedForCpuMs(pid) - waitedMs, fault });
  };
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    for (const kind of count % STREAM_EVERY === 0 ? (["chat", "stream"] as const) : (["chat"] as const)) {
      const request = one(kind).finally(() => pending.delete(request));
      pending.add(request);
    }
  }, 1000 / CHATS_PER_SECOND);
  return {
    async stop(): Promise<typeof sent> {
      clearInterval(timer);
      await Promise.all(pending);
      client.closeIdle();
      return sent;
    },
  };
}
