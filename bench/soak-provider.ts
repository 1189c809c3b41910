import type { Socket, TCPSocketListener } from "bun";
import { PROVIDER_ANSWERS, type ProviderAnswer } from "./soak-kinds.ts";

/** A provider that behaves well or badly, as the model's name asks for. */
export interface SoakProvider {
  readonly origin: string;
  /** How many connections the gateway has open. */
  connections(): number;
  /** Closes connections that carry no request, as a provider does that has waited long enough. */
  closeIdle(): void;
  stop(): void;
}

interface Wire {
  received: Buffer;
  /** Bytes that the socket did not take yet, and who makes more of them. */
  unsent: Buffer;
  more: (() => Buffer | undefined) | undefined;
  timer: Timer | undefined;
  busy: boolean;
}

const NOTHING = Buffer.alloc(0);
const FLOOD_BYTES = 8_000_000;
const EVENTS = 64;
const PACE_MILLISECONDS = 20;

const chunkOf = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const eventOf = (choices: object): string =>
  `data: ${JSON.stringify({ id: "soak", object: "chat.completion.chunk", created: 1, model: "soak", ...choices })}\n\n`;
const DELTA = eventOf({ choices: [{ index: 0, delta: { content: " token" }, finish_reason: null }] });
const EVENT = Buffer.from(chunkOf(DELTA));
const HALF_EVENT = Buffer.from(`${Buffer.byteLength(DELTA).toString(16)}\r\n${DELTA.slice(0, 20)}`);
const MANY_EVENTS = Buffer.from(chunkOf(DELTA.repeat(400)));
const LAST = Buffer.from(`${chunkOf("data: [DONE]\n\n")}0\r\n\r\n`);
const STREAM_HEAD = Buffer.from(
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
);

function whole(status: string, body: object, header = ""): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${header}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}

const COMPLETION = whole("200 OK", {
  id: "soak",
  object: "chat.completion",
  created: 1,
  model: "soak",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
});
const MODELS = whole("200 OK", { object: "list", data: [{ id: "soak-chat", object: "model" }] });
const REFUSAL = { error: { message: "Too many requests", type: "rate_limit_error", code: "rate_limit_exceeded" } };
const FAILURE = { error: { message: "The server had an error", type: "server_error", code: null } };

const NAMES = Object.keys(PROVIDER_ANSWERS) as ProviderAnswer[];

/**
 * Starts the provider on 127.0.0.1. It speaks HTTP by itself, since no server would answer as badly.
 * @param port a free one unless given
 * @param otherwise makes the answer to a request that names none of the answers above; a list of models without it
 */
export function startSoakProvider(port = 0, otherwise: () => Buffer = () => MODELS): SoakProvider {
  const sockets = new Set<Socket<Wire>>();

  const flush = (socket: Socket<Wire>): void => {
    const wire = socket.data;
    for (;;) {
      if (wire.unsent.length === 0) wire.unsent = wire.more?.() ?? NOTHING;
      if (wire.unsent.length === 0) return;
      const written = Math.max(0, socket.write(wire.unsent));
      wire.unsent = wire.unsent.subarray(written);
      if (wire.unsent.length > 0) return;
    }
  };
  const send = (socket: Socket<Wire>, bytes: Buffer): void => {
    socket.data.unsent = socket.data.unsent.length === 0 ? bytes : Buffer.concat([socket.data.unsent, bytes]);
    flush(socket);
  };
  const finish = (socket: Socket<Wire>, bytes: Buffer): void => {
    socket.data.busy = false;
    send(socket, bytes);
  };
  /** Sends events at their pace, and then has `end` say the rest. */
  const stream = (socket: Socket<Wire>, events: number, end: () => void): void => {
    let left = events;
    send(socket, Buffer.concat([STREAM_HEAD, EVENT]));
    socket.data.timer = setInterval(() => {
      left -= 1;
      if (left > 0) {
        send(socket, EVENT);
        return;
      }
      clearInterval(socket.data.timer);
      end();
    }, PACE_MILLISECONDS);
  };
  const flood = (socket: Socket<Wire>): void => {
    let left = FLOOD_BYTES;
    socket.data.more = () => {
      left -= MANY_EVENTS.length;
      if (left > 0) return MANY_EVENTS;
      socket.data.more = undefined;
      socket.data.busy = false;
      return LAST;
    };
    send(socket, STREAM_HEAD);
  };

  const answers: Readonly<Record<ProviderAnswer, (socket: Socket<Wire>) => void>> = {
    "soak-chat": (socket) => finish(socket, COMPLETION),
    "soak-stream": (socket) => stream(socket, EVENTS, () => finish(socket, LAST)),
    "soak-flood": flood,
    "soak-429": (socket) => finish(socket, whole("429 Too Many Requests", REFUSAL, "retry-after: 1\r\n")),
    "soak-500": (socket) => finish(socket, whole("500 Internal Server Error", FAILURE)),
    "soak-reset": (socket) => void socket.terminate(),
    "soak-cut": (socket) =>
      stream(socket, 4, () => {
        send(socket, HALF_EVENT);
        socket.end();
      }),
    "soak-mute": () => {},
    "soak-stall": (socket) => stream(socket, 3, () => {}),
  };

  const receive = (socket: Socket<Wire>, data: Buffer): void => {
    const wire = socket.data;
    wire.received = wire.received.length === 0 ? Buffer.from(data) : Buffer.concat([wire.received, data]);
    const headEnd = wire.received.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = wire.received.toString("latin1", 0, headEnd);
    const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    const total = headEnd + 4 + length;
    if (wire.received.length < total) return;
    const start = wire.received.toString("latin1", headEnd + 4, Math.min(total, headEnd + 260));
    wire.received = wire.received.subarray(total);
    wire.busy = true;
    const name = NAMES.find((candidate) => start.includes(`${candidate}"`));
    if (name === undefined) finish(socket, otherwise());
    else answers[name](socket);
  };

  const listener: TCPSocketListener<Wire> = Bun.listen<Wire>({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.data = { received: NOTHING, unsent: NOTHING, more: undefined, timer: undefined, busy: false };
        socket.setNoDelay(true);
        sockets.add(socket);
      },
      data: receive,
      drain: flush,
      end: (socket) => void socket.end(),
      close(socket) {
        clearInterval(socket.data.timer);
        socket.data.more = undefined;
        sockets.delete(socket);
      },
      error() {},
    },
  });
  return {
    origin: `http://127.0.0.1:${listener.port}`,
    connections: () => sockets.size,
    closeIdle() {
      for (const socket of sockets) if (!socket.data.busy) socket.end();
    },
    stop: () => listener.stop(true),
  };
}
