import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dataEvent, sse } from "../fixtures/answers.ts";
import { showFigures } from "../fixtures/figures.ts";
import { createGate, type Gate } from "../fixtures/gate.ts";
import type { RawClient } from "../fixtures/raw-http-client.ts";
import { chunk, end, flood, head, raw, wait } from "../fixtures/script.ts";
import { type GatewayProcess, startGateway } from "../fixtures/start-gateway.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig<GatewayProcess>;
beforeAll(async () => {
  // On a busy machine first events are so late that signs of life come before them.
  rig = await startRig({ STREAM_KEEPALIVE: "0s" }, startGateway);
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
});

const STREAMS = [
  ["/v1/chat/completions", { model: "openai/m", stream: true, messages: [{ role: "user", content: "hi" }] }],
  ["/v1/messages", { model: "anthropic/m", stream: true, max_tokens: 1, messages: [{ role: "user", content: "hi" }] }],
  ["/v1/responses", { model: "openai/m", stream: true, input: "hi" }],
  ["/proxy/openai/anything", { model: "m" }],
] as const;

const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };
const MEBIBYTE = 1024 * 1024;
const LAST = "\n\ndata: [DONE]\n\n";

async function nextText(client: RawClient): Promise<string | undefined> {
  const bytes = await client.nextChunk();
  return bytes && Buffer.from(bytes).toString();
}

describe.each(STREAMS)("%s", (target, body) => {
  test("each event reaches the client before the provider sends the next, one chunk for one chunk", async () => {
    const gates: Gate[] = Array.from({ length: 6 }, createGate);
    const events = gates.map((_, index) => dataEvent({ index }, index % 2 === 0 ? undefined : "odd"));
    // The end of any of the APIs' streams.
    const message = dataEvent({ type: "message_stop" });
    events[5] = `${message}${dataEvent({ type: "response.completed" })}data: [DONE]\n\n`;
    rig.provider.answer(sse(events, { gaps: gates }));
    const { client } = await rig.call({ target, body });
    for (const [index, gate] of gates.entries()) {
      gate.open();
      expect(await nextText(client)).toBe(events[index]);
    }
    expect(await client.nextChunk()).toBeUndefined();
    client.leave();
  });

  test("half an event passes at once as well", async () => {
    const gates = [createGate(), createGate(), createGate()];
    const halves = ['data: {"a', '":1}', "\n\n"];
    rig.provider.answer(sse(halves, { gaps: gates }));
    const { client } = await rig.call({ target, body });
    for (const [index, gate] of gates.entries()) {
      gate.open();
      expect(await nextText(client)).toBe(halves[index]);
    }
    client.leave();
  });

  test("the head says that it is a stream that nobody may hold back", async () => {
    const gate = createGate();
    rig.provider.answer(sse([dataEvent({})], { gaps: [gate] }));
    const { client, id } = await rig.call({ target, body });
    gate.open();
    const { status, header } = await client.head();
    expect([status, header("content-type"), header("x-request-id")]).toEqual([200, "text/event-stream", id]);
    const hints = [header("cache-control"), header("x-accel-buffering")];
    expect(hints).toEqual(target.startsWith("/proxy") ? [undefined, "no"] : ["no-cache", "no"]);
    await client.body();
    client.leave();
  });
});

/** Memory of the gateway's process, in bytes. */
function residentBytes(): number {
  const status = readFileSync(`/proc/${rig.gateway.process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

describe.skipIf(process.platform !== "linux")("a client that reads slowly", () => {
  test.each([STREAMS[0], STREAMS[3]])(
    "holds the provider back, and the gateway's memory stays flat: %s",
    async (target, body) => {
      const total = 128 * MEBIBYTE;
      let connection = 0;
      let writtenBefore = 0;
      rig.provider.answer((request) => {
        ({ connection } = request);
        writtenBefore = rig.provider.bytesWritten(connection);
        return [head(200, EVENT_STREAM), chunk("data: 1\n\n"), flood(total), chunk(LAST), end()];
      });
      const before = residentBytes();
      const { client, id } = await rig.call({ target, body });
      await client.head();
      client.pause();
      const taken = (await rig.provider.heldBack(connection)) - writtenBefore;
      const whileHeld = residentBytes();
      client.resume();
      let received = 0;
      let peak = whileHeld;
      for (let part = await client.nextBytes(); part; part = await client.nextBytes()) {
        received += part.length;
        if (received % 64 === 0) peak = Math.max(peak, residentBytes());
      }
      client.leave();
      const inMebibytes = [taken, before, whileHeld, peak].map((bytes) => Math.round(bytes / MEBIBYTE));
      showFigures("%s: MiB taken %d; gateway before %d, held back %d, while draining %d", target, ...inMebibytes);
      expect(taken).toBeLessThan(64 * MEBIBYTE);
      expect(whileHeld - before).toBeLessThan(40 * MEBIBYTE);
      expect(peak - before).toBeLessThan(80 * MEBIBYTE);
      expect(received).toBe(total + `data: 1\n\n${LAST}`.length);
      expect(await rig.settled(id)).toMatchObject({ outcome: "answered", bytes_out: received });
    },
  );
});

describe("over the gateway's own sockets", () => {
  let sockets: Rig<GatewayProcess>;
  beforeAll(async () => {
    // The runtime's `fetch` joins what it reads together.
    sockets = await startRig({ STREAM_KEEPALIVE: "0s", CLIENT_TRANSPORT: "socket" }, startGateway);
  });
  afterAll(async () => {
    await sockets.finish();
    await sockets[Symbol.asyncDispose]();
  });

  test.each(STREAMS)(
    "%s: events that are read together with the end are a chunk each, as they were sent",
    async (target, body) => {
      const gate = createGate();
      const events = Array.from({ length: 12 }, (_, index) => dataEvent({ index, text: "x".repeat(60 + index) }));
      const last = `${dataEvent({ type: "message_stop" })}${dataEvent({ type: "response.completed" })}data: [DONE]\n\n`;
      const wire = [...events, last].map((event) => `${event.length.toString(16)}\r\n${event}\r\n`).join("");
      const [first] = events;
      sockets.provider.answer([head(200, EVENT_STREAM), chunk(first ?? ""), wait(gate), raw(`${wire}0\r\n\r\n`)]);
      const { client } = await sockets.call({ target, body });
      // What comes before the stream has begun is kept, and may be joined.
      expect(await nextText(client)).toBe(first);
      gate.open();
      for (const event of [...events, last]) expect(await nextText(client)).toBe(event);
      expect(await client.nextChunk()).toBeUndefined();
      client.leave();
    },
  );

  test.each(STREAMS)(
    "%s: events that the gateway reads together, because it was late, go on as chunks of their own",
    async (target, body) => {
      const events = ["one", "two", "three"].map((word) => dataEvent({ word, filling: "x".repeat(80) }));
      const framed = events.map((event) => `${event.length.toString(16)}\r\n${event}\r\n`).join("");
      const gate = createGate();
      const last = LAST.trimStart();
      sockets.provider.answer([
        head(200, EVENT_STREAM),
        chunk(": hi\n\n"),
        wait(gate),
        raw(framed),
        chunk(last),
        end(),
      ]);
      const { client } = await sockets.call({ target, body });
      expect(await nextText(client)).toBe(": hi\n\n");
      gate.open();
      for (const event of events) expect(await nextText(client)).toBe(event);
      client.leave();
    },
  );
});
