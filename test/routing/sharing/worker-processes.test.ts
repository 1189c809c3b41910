import { expect, test } from "bun:test";
import { join } from "node:path";
import { spawnWithChannel, type WorkerHandle } from "../../../src/cli/workers/worker-process.ts";
import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import { createSharingHub } from "../../../src/routing/sharing/sharing-hub.ts";
import { createMailbox } from "../../fixtures/mailbox.ts";

const SCRIPT = join(import.meta.dir, "worker-script.ts");
const WORKERS = 3;
const REQUESTS = 40;

/** A server that counts how many requests it has at once; each takes a moment, the first ones until all slots are full. */
function countingServer(slots: number) {
  const isFull = Promise.withResolvers<void>();
  const served = createMailbox<number>();
  let atOnce = 0;
  let most = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch() {
      atOnce += 1;
      most = Math.max(most, atOnce);
      if (atOnce >= slots) isFull.resolve();
      await Promise.all([isFull.promise, Bun.sleep(2)]);
      atOnce -= 1;
      served.push(atOnce);
      return new Response("ok");
    },
  });
  return { url: server.url.href, served, most: () => most, stop: () => server.stop(true) };
}

// Fewer slots than workers, as many, and more.
test.each([1, 3, 7])(
  "worker processes keep %i slots full and never use more, also when one is killed and started again",
  async (limit) => {
    const { url, served, most, stop } = countingServer(limit);
    const hub = createSharingHub({ workers: WORKERS, clock: Date.now, timers: BACKGROUND_TIMERS, gateway: "gateway" });
    const workers = new Map<number, WorkerHandle>();
    const heard = createMailbox<string>();
    const ended = createMailbox<number>();
    const start = (number: number): void => {
      const worker = spawnWithChannel([process.execPath, SCRIPT, url, String(limit), String(REQUESTS)], {
        said(message) {
          if (message.kind === "sharing") hub.hear(number, message.messages);
          if (message.kind === "built") {
            hub.join(number, (messages) => worker.send({ kind: "sharing", messages }));
            worker.send({ kind: "listen" });
          }
          const { kind, change } = message as { readonly kind: string; readonly change?: { readonly key: string } };
          if (kind === "heard") heard.push(`${number} ${change?.key}`);
        },
        ended() {
          hub.leave(number);
          ended.push(number);
        },
      });
      workers.set(number, worker);
    };
    for (let number = 1; number <= WORKERS; number += 1) start(number);
    try {
      // Each hears of the two others, whenever it was started.
      const pairs = new Set<string | undefined>();
      while (pairs.size < WORKERS * (WORKERS - 1)) pairs.add(await heard.next(5000, "what other workers say"));
      for (let count = 0; count < REQUESTS; count += 1) await served.next(5000, "a request");
      expect(most()).toBe(limit);
      workers.get(2)?.kill();
      expect(await ended.next(3000, "its end")).toBe(2);
      start(2);
      // Those of the others, and all of the new one; what the killed one had left is lost.
      for (let count = 0; count < REQUESTS * 2; count += 1) await served.next(5000, "a request");
      // Requests of the killed one may still have been in flight at the server.
      expect(most()).toBeLessThanOrEqual(2 * limit);
    } finally {
      for (const worker of workers.values()) worker.kill();
      hub.close();
      await stop();
    }
  },
);
