import { asBuffer } from "../../core/json/bytes.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import { openTurns } from "../../core/event-loop.ts";
import { readEventData } from "../../core/sse/event-data.ts";
import { createEventEditor } from "../../core/sse/event-filter.ts";
import { McpError } from "./errors.ts";
import { createMessageGate, type MessageGate } from "./message-limits.ts";
import type { PendingResults } from "./shorten-message.ts";
import type { SessionOptions } from "./session.ts";

/** Longest answer, and longest event of a stream: room for results with images, and far below what would hurt. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Of an answer that is an error, only the status and a few words count. */
const MAX_ERROR_BYTES = 16 * 1024;

/** An answer is held as bytes, as text, and parsed. */
const WEIGHT_PER_BYTE = 4;

const EVENT_STREAM = /^text\/event-stream\b/i;
const NOTHING = Buffer.alloc(0);

type BodyReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/** What a session allows its server to send. */
export interface SessionFetchParts extends Pick<SessionOptions, "fetch" | "memory"> {
  readonly jsonLimits: JsonLimits;
  /** Who is given the results that are too long for the protocol's library. */
  readonly pending: PendingResults;
}

/**
 * The `fetch` of one session: without redirects, deadlines of its own and the environment's proxies, and with bodies
 * that can neither fill the memory nor keep the event loop busy: they break off, with {@link McpError}, if they are
 * longer than what a server may send or than what there is room for, or exceed a limit for JSON.
 */
export function createSessionFetch({
  fetch,
  memory,
  jsonLimits,
  pending,
}: SessionFetchParts): (url: string | URL, init?: RequestInit) => Promise<Response> {
  const gate = createMessageGate(jsonLimits, pending);
  return async (url, init) => {
    // Streams of notifications are silent for as long as nothing happens, which Bun would end after five minutes.
    const response = await fetch(String(url), {
      ...(init as BunFetchRequestInit),
      redirect: "manual",
      proxy: false,
      timeout: false,
    });
    if (!response.body) return response;
    const reader = response.body.getReader();
    const { status, statusText, headers } = response;
    const passing = holdBody(reader, memory, (chunks) => {
      if (!response.ok) return passStart(chunks);
      return EVENT_STREAM.test(headers.get("content-type") ?? "") ? passEvents(chunks, gate) : passJson(chunks, gate);
    });
    return new Response(streamOf(passing, reader), { status, statusText, headers });
  };
}

/** The chunks of a body, and a count of how many bytes of them are held at the moment. */
interface HeldChunks {
  readonly chunks: AsyncIterable<Buffer>;
  /** Notes that so many bytes are passed on. */
  passed(bytes: number): void;
}

/** Reads a body as `pass` takes its chunks, which count in the budget until they are passed on. */
async function* holdBody(
  reader: BodyReader,
  memory: MemoryBudget,
  pass: (body: HeldChunks) => AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  const holder = { heldBytes: 0 };
  let held = 0;
  async function* read(): AsyncGenerator<Buffer, void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      held += value.length;
      if (held > MAX_ANSWER_BYTES) throw new McpError("too_long", `answered with more than ${MAX_ANSWER_BYTES} bytes`);
      if (!memory.tryHold(holder, held * WEIGHT_PER_BYTE)) {
        throw new McpError("too_long", "answered with more than there is memory for (SERVER_MAX_BUFFERED_BYTES)");
      }
      yield asBuffer(value);
    }
  }
  try {
    yield* pass({ chunks: read(), passed: (bytes) => (held -= bytes) });
  } finally {
    memory.release(holder);
    void reader.cancel().catch(() => {});
  }
}

async function* passStart({ chunks, passed }: HeldChunks): AsyncGenerator<Uint8Array, void> {
  let room = MAX_ERROR_BYTES;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, room);
    passed(chunk.length);
    room -= chunk.length;
    if (room <= 0) return;
  }
}

async function* passJson({ chunks }: HeldChunks, gate: MessageGate): AsyncGenerator<Uint8Array, void> {
  const held: Buffer[] = [];
  for await (const chunk of chunks) held.push(chunk);
  const json = held.length === 1 ? held[0] : Buffer.concat(held);
  if (json && json.length > 0) yield await gate(json);
}

/** Each event by itself; what is not data of an event passes as it is. */
async function* passEvents({ chunks, passed }: HeldChunks, gate: MessageGate): AsyncGenerator<Uint8Array, void> {
  let ended: Buffer[] = [];
  const splitter = createEventEditor((event) => {
    ended.push(event);
    return NOTHING;
  }, MAX_ANSWER_BYTES);
  const turns = openTurns();

  const passEnded = async (): Promise<Buffer> => {
    const events = ended;
    ended = [];
    const through: Uint8Array[] = [];
    for (const event of events) {
      const data = readEventData(event);
      const admitted = data ? await gate(data.bytes) : NOTHING;
      through.push(!data || admitted === data.bytes ? event : data.replace(admitted));
      passed(event.length);
      if (turns.isOver()) await turns.next();
    }
    return Buffer.concat(through);
  };

  for await (const chunk of chunks) {
    // What is no event, such as empty lines, is not handed to the splitter's callback, and needs not pass.
    passed(splitter.push(chunk).length);
    if (ended.length > 0) yield await passEnded();
  }
  splitter.flush();
  yield await passEnded();
}

/** A stream of what is passed on, never ahead of its reader. */
function streamOf(passing: AsyncGenerator<Uint8Array, void>, reader: BodyReader): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await passing.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        // Ends a read that is under way, without which the generator could not end.
        await reader.cancel(reason);
        await passing.return();
      },
    },
    { highWaterMark: 0 },
  );
}
