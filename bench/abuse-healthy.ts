import type { HealthyRequest } from "./abuse-judge.ts";
import type { SoakClient } from "./soak-client.ts";
import type { SoakKindName } from "./soak-kinds.ts";

const CHATS_PER_SECOND = 10;
const STREAM_EVERY = 10;

/**
 * Sends chats and streams at a steady rate until it is told to stop.
 * @param mayRetry whether one that failed is sent a second time before it counts as not answered
 */
export function sendSteadily(client: SoakClient, mayRetry: boolean) {
  const sent: Record<"chat" | "stream", HealthyRequest[]> = { chat: [], stream: [] };
  const pending = new Set<Promise<void>>();
  const one = async (kind: "chat" | "stream"): Promise<void> => {
    const startedAt = performance.now();
    const ask = (name: SoakKindName) => client.exchange(name).catch((error: unknown) => String(error));
    const first = await ask(kind);
    // What a worker had in hand when it was killed is lost; asked again, it has to be answered.
    const fault = first !== undefined && mayRetry ? await ask(kind) : first;
    sent[kind].push({ startedAt, milliseconds: performance.now() - startedAt, fault });
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
