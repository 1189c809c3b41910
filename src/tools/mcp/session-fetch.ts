import type { MemoryBudget } from "../../core/memory/budget.ts";
import { McpError } from "./errors.ts";
import type { SessionOptions } from "./session.ts";

/** Longest answer, and longest line of an event stream: room for results with images, and far from what would hurt. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const LINE_FEED = 0x0a;

/**
 * The `fetch` of one session: without redirects, deadlines of its own and the environment's proxies, and with bodies that
 * cannot fill the memory.
 */
export function createSessionFetch(
  fetch: SessionOptions["fetch"],
  memory: MemoryBudget,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init) =>
    limitBody(
      // Streams of notifications are silent for as long as nothing happens, which Bun would end after five minutes.
      await fetch(String(url), {
        ...(init as BunFetchRequestInit),
        redirect: "manual",
        proxy: false,
        timeout: false,
      }),
      memory,
    );
}

/** An answer is held as bytes, as text, and parsed. */
const WEIGHT_PER_BYTE = 4;

/**
 * The same response with a body that breaks off where it is longer than what a server may send, or than what there is
 * room for.
 */
function limitBody(response: Response, memory: MemoryBudget): Response {
  if (!response.body) return response;
  const reader = response.body.getReader();
  // A stream may go on for ever, but each of its messages is one line.
  const isStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
  let held = 0;
  const holder = { heldBytes: 0 };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          memory.release(holder);
          throw error;
        });
        if (done) {
          memory.release(holder);
          return controller.close();
        }
        const lineEnd = isStream ? value.lastIndexOf(LINE_FEED) : -1;
        held = lineEnd < 0 ? held + value.length : value.length - lineEnd - 1;
        if (held > MAX_ANSWER_BYTES) {
          void reader.cancel().catch(() => {});
          memory.release(holder);
          throw new McpError("too_long", `answered with more than ${MAX_ANSWER_BYTES} bytes`);
        }
        if (!memory.tryHold(holder, held * WEIGHT_PER_BYTE)) {
          void reader.cancel().catch(() => {});
          memory.release(holder);
          throw new McpError("too_long", "answered with more than there is memory for (SERVER_MAX_BUFFERED_BYTES)");
        }
        controller.enqueue(value);
      },
      cancel(reason) {
        memory.release(holder);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
