import type { Socket, TCPSocketListener } from "bun";
import { type Answer, answerFor, EVENT_COUNTS } from "./provider-answers.ts";
import * as responses from "./provider-responses.ts";

/**
 * A provider that behaves well or badly, as the model's name asks for. It speaks HTTP by itself: no server would answer as
 * badly, and it costs as little as can be, with answers made before the first request.
 */
export interface Provider {
  readonly port: number;
  readonly origin: string;
  /** How many connections are open. */
  connections(): number;
  /** Closes connections that carry no request, as a provider does that has waited long enough. */
  closeIdle(): void;
  stop(): void;
}

interface Wire {
  /** A request of which a part has arrived, and how many of its bytes; the whole is longer. */
  partial: Buffer;
  filled: number;
  /** Bytes that the socket did not take yet, and who makes more of them. */
  unsent: Buffer;
  more: (() => Buffer | undefined) | undefined;
  isBusy: boolean;
}

interface PacedStream {
  readonly periodMs: number;
  /** Sends the rest when the events are sent. */
  readonly finish: () => void;
  dueMs: number;
  left: number;
}

const NOTHING = Buffer.alloc(0);
const PACE_MS = 20;
const HELD_MS = 500;
const TICK_MS = 2;
const FLOOD_BYTES = 8_000_000;

/** The length of a whole request from its beginning; `undefined` while that is not known. A chunked one is as long as it gets. */
function lengthOf(bytes: Buffer): { readonly headEnd: number; readonly total: number } | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n") + 4;
  if (headEnd < 4) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const isChunked = length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head);
  if (isChunked) return bytes.subarray(-5).equals(responses.LAST_CHUNK) ? { headEnd, total: bytes.length } : undefined;
  return { headEnd, total: headEnd + Number(length ?? 0) };
}

/**
 * Starts the provider on 127.0.0.1.
 * @param port a free one unless given
 * @param otherwise makes the answer to a request that names none of its models; a list of models unless given
 */
export function startProvider(port = 0, otherwise: () => Buffer = () => responses.MODELS): Provider {
  const sockets = new Set<Socket<Wire>>();
  // One timer for all streams: a timer for each would cost more than the writes.
  const paced = new Map<Socket<Wire>, PacedStream>();
  const pacer = setInterval(() => {
    const now = performance.now();
    for (const [socket, stream] of paced) {
      if (stream.dueMs > now) continue;
      stream.dueMs += stream.periodMs;
      stream.left -= 1;
      if (stream.left > 0) send(socket, responses.EVENT);
      else {
        paced.delete(socket);
        stream.finish();
      }
    }
  }, TICK_MS);

  const flush = (socket: Socket<Wire>): void => {
    const wire = socket.data;
    for (;;) {
      if (wire.unsent.length === 0) wire.unsent = wire.more?.() ?? NOTHING;
      if (wire.unsent.length === 0) return;
      wire.unsent = wire.unsent.subarray(Math.max(0, socket.write(wire.unsent)));
      if (wire.unsent.length > 0) return;
    }
  };
  const send = (socket: Socket<Wire>, bytes: Buffer): void => {
    socket.data.unsent = socket.data.unsent.length === 0 ? bytes : Buffer.concat([socket.data.unsent, bytes]);
    flush(socket);
  };
  const finish = (socket: Socket<Wire>, bytes: Buffer): void => {
    socket.data.isBusy = false;
    send(socket, bytes);
  };
  const pace = (socket: Socket<Wire>, events: number, end: () => void, periodMs = PACE_MS): void => {
    send(socket, responses.FIRST_EVENT);
    paced.set(socket, { periodMs, finish: end, dueMs: performance.now() + periodMs, left: events });
  };
  /** Sends so many pieces as fast as they are taken, and then the last. */
  const pour = (socket: Socket<Wire>, piece: Buffer, count: number, last: Buffer): void => {
    let left = count;
    socket.data.more = () => {
      left -= 1;
      if (left >= 0) return piece;
      socket.data.more = undefined;
      socket.data.isBusy = false;
      return last;
    };
    send(socket, responses.STREAM_HEAD);
  };

  const answer = (socket: Socket<Wire>, kind: Answer, body: Buffer): void => {
    const last = (): Buffer => (body.includes('"include_usage":true') ? responses.LAST_WITH_USAGE : responses.LAST);
    switch (kind) {
      case "json":
        return finish(socket, responses.COMPLETION);
      case "paced":
        return pace(socket, (EVENT_COUNTS.paced ?? 0) - 1, () => finish(socket, last()));
      case "burst":
        return pour(socket, responses.TEN_EVENTS, (EVENT_COUNTS.burst ?? 0) / 10 - 1, responses.nineEventsAnd(last()));
      case "held":
        return pace(socket, Infinity, () => {}, HELD_MS);
      case "flood":
        return pour(socket, responses.MANY_EVENTS, FLOOD_BYTES / responses.MANY_EVENTS.length, responses.LAST);
      case "refused":
        return finish(socket, responses.REFUSAL);
      case "failed":
        return finish(socket, responses.FAILURE);
      case "reset":
        return void socket.terminate();
      case "cut":
        return pace(socket, 4, () => {
          send(socket, responses.HALF_EVENT);
          socket.end();
        });
      case "mute":
        return undefined;
      case "stalled":
        return pace(socket, 3, () => {});
    }
  };

  const receive = (socket: Socket<Wire>, data: Buffer): void => {
    const wire = socket.data;
    let request = data;
    if (wire.filled > 0 && wire.filled < wire.partial.length) {
      wire.filled += data.copy(wire.partial, wire.filled);
      if (wire.filled < wire.partial.length) return;
      request = wire.partial;
    } else if (wire.filled > 0) request = Buffer.concat([wire.partial, data]);
    const length = lengthOf(request);
    if (length === undefined || request.length < length.total) {
      // Room for all of it: a large request would otherwise be copied with each piece.
      wire.partial = Buffer.allocUnsafe(length?.total ?? request.length);
      wire.filled = request.copy(wire.partial);
      return;
    }
    wire.partial = NOTHING;
    wire.filled = 0;
    wire.isBusy = true;
    const body = request.subarray(length.headEnd, length.total);
    const kind = answerFor(body);
    if (kind === undefined) finish(socket, otherwise());
    else answer(socket, kind, body);
  };

  const listener: TCPSocketListener<Wire> = Bun.listen<Wire>({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.data = { partial: NOTHING, filled: 0, unsent: NOTHING, more: undefined, isBusy: false };
        socket.setNoDelay(true);
        sockets.add(socket);
      },
      data: receive,
      drain: flush,
      end: (socket) => void socket.end(),
      close(socket) {
        paced.delete(socket);
        socket.data.more = undefined;
        sockets.delete(socket);
      },
      error() {},
    },
  });
  return {
    port: listener.port,
    origin: `http://127.0.0.1:${listener.port}`,
    connections: () => sockets.size,
    closeIdle() {
      for (const socket of sockets) if (!socket.data.isBusy) socket.end();
    },
    stop() {
      clearInterval(pacer);
      listener.stop(true);
    },
  };
}
