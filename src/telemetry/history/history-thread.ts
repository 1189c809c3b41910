import { createThreadWork } from "./thread-work.ts";
import type { ThreadMessage } from "./thread-messages.ts";

/*
 * This file is a module and, if a thread was started with it, what that thread does. So there is nothing else that the
 * builds of the gateway would have to know of. The runtime's SQLite answers at once or not at all: a batch of 500 rows takes
 * it 2 ms, and a copy of its log into the file 20 ms and more, for which no request is to wait.
 */

declare const self: Pick<Worker, "onmessage">;

/** With what its thread knows itself. */
const THREAD = "--thread-of-history";

export const startHistoryThread = (): Worker => new Worker(import.meta.url, { argv: [THREAD], smol: true });

if (!Bun.isMainThread && process.argv.includes(THREAD)) serve();

function serve(): void {
  const work = createThreadWork((said) => postMessage(said));
  self.onmessage = ({ data }: MessageEvent<ThreadMessage>) => {
    if (data.kind === "open") void work.open(data);
    else if (data.kind === "written") work.written(data.position);
    else if (data.kind === "contents") work.contents(data.contents);
    else if (data.kind === "query") void work.answer(data);
    else void work.close().then(() => process.exit(0));
  };
}
