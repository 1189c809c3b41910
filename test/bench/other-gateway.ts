/**
 * What a gateway of somebody else's may be: a proxy whose port and provider are on its command line. Two events of a stream go on
 * in one chunk each time, but with `--drop`, which loses every second one. `--pid=FILE` is where it says its process id.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    provider: { type: "string" },
    pid: { type: "string" },
    drop: { type: "boolean", default: false },
  },
});
writeFileSync(values.pid ?? "", String(process.pid));
// One that asks for it would stay.
process.on("SIGTERM", () => {});

const END = "\n\n";

/** Hands on events two by two, however they arrive, and the last by itself if one is left. */
function pairs(): TransformStream<Uint8Array, Uint8Array> {
  let rest = "";
  let held: string | undefined;
  return new TransformStream({
    transform(piece, controller) {
      const events = (rest + Buffer.from(piece).toString("latin1")).split(END);
      rest = events.pop() ?? "";
      for (const event of events) {
        if (held !== undefined)
          controller.enqueue(Buffer.from((values.drop ? "" : held + END) + event + END, "latin1"));
        held = held === undefined ? event : undefined;
      }
    },
    flush(controller) {
      if (held !== undefined) controller.enqueue(Buffer.from(held + END, "latin1"));
    },
  });
}

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(values.port),
  idleTimeout: 0,
  async fetch(request) {
    if (new URL(request.url).pathname === "/live") return new Response("alive");
    if (request.headers.get("x-token") !== "bench") return new Response("who?", { status: 401 });
    const answer = await fetch(`${values.provider}/chat/completions`, { method: "POST", body: await request.bytes() });
    const type = answer.headers.get("content-type") ?? "";
    const body = type.startsWith("text/event-stream") ? (answer.body?.pipeThrough(pairs()) ?? null) : answer.body;
    return new Response(body, { headers: { "content-type": type } });
  },
});
