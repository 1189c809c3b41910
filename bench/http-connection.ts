import type { Socket } from "bun";

/** What is told about one answer, with the moment of each happening by `performance.now()`, in milliseconds. */
export interface AnswerObserver {
  /** A piece of the body, free of transfer framing; valid during the call only. */
  body(piece: Buffer, at: number): void;
  /** The whole answer has arrived. The connection takes the next request from now on, within this call too. */
  done(status: number, at: number): void;
  /** The connection failed or closed before the whole answer. It takes no further request. */
  failed(reason: string): void;
}

/** One kept-alive HTTP/1.1 connection that carries one request at a time. */
export interface Connection {
  /** Sends a whole request, head and body. Must not be called before the previous answer is done. */
  send(request: Uint8Array, observer: AnswerObserver): void;
  /** False once the server closed the connection or said that it would: the next request needs another one. */
  usable(): boolean;
  /** Stops to read, or reads on: what arrives meanwhile stays in the system's buffers, until those are full. */
  pause(): void;
  resume(): void;
  /** Cuts the connection; an answer under way has failed. */
  close(): void;
}

type Phase = "head" | "length" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "until-close";

const LINE_FEED = 10;
const NOTHING = Buffer.alloc(0);

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Opens a connection. A client of the bench's own, since every microsecond that a general one spends is missing on a machine
 * that also runs what is measured: bodies are passed on as they arrive, heads are looked at for framing only.
 * @throws where the server does not accept
 */
export async function connect(hostname: string, port: number): Promise<Connection> {
  let observer: AnswerObserver | undefined;
  let unsent: Uint8Array = NOTHING;
  let phase: Phase = "head";
  let head: Buffer = NOTHING;
  let status = 0;
  let remaining = 0;
  let trailerLine = 0;
  let closing = false;

  const finish = (at: number): void => {
    const finished = observer;
    observer = undefined;
    phase = "head";
    if (closing) socket.end();
    finished?.done(status, at);
  };
  const fail = (reason: string): void => {
    const failed = observer;
    observer = undefined;
    closing = true;
    failed?.failed(reason);
  };
  const readHead = (text: string, at: number): void => {
    status = Number(text.slice(9, 12));
    const lower = text.toLowerCase();
    closing = lower.includes("\r\nconnection: close");
    const length = /\r\ncontent-length: *(\d+)/.exec(lower)?.[1];
    if (lower.includes("\r\ntransfer-encoding: chunked")) {
      phase = "chunk-size";
      remaining = 0;
    } else if (length === undefined) {
      phase = "until-close";
      closing = true;
    } else {
      phase = "length";
      remaining = Number(length);
      if (remaining === 0) finish(at);
    }
  };
  const receive = (data: Buffer): void => {
    const at = performance.now();
    let offset = 0;
    while (offset < data.length) {
      if (observer === undefined) return;
      if (phase === "head") {
        const joined = head.length === 0 ? data.subarray(offset) : Buffer.concat([head, data.subarray(offset)]);
        const headEnd = joined.indexOf("\r\n\r\n");
        if (headEnd < 0) {
          head = Buffer.from(joined);
          return;
        }
        offset += headEnd + 4 - head.length;
        head = NOTHING;
        readHead(joined.toString("latin1", 0, headEnd + 2), at);
      } else if (phase === "until-close") {
        observer.body(data.subarray(offset), at);
        return;
      } else if (phase === "length" || phase === "chunk") {
        const end = Math.min(data.length, offset + remaining);
        observer.body(data.subarray(offset, end), at);
        remaining -= end - offset;
        offset = end;
        if (remaining > 0) return;
        if (phase === "length") finish(at);
        else phase = "chunk-end";
      } else {
        const byte = data[offset] ?? 0;
        offset += 1;
        if (phase === "chunk-size") {
          const digit = hexValue(byte);
          if (digit >= 0) remaining = remaining * 16 + digit;
          else if (byte === LINE_FEED) phase = remaining > 0 ? "chunk" : "trailer";
          trailerLine = 0;
        } else if (phase === "chunk-end") {
          if (byte === LINE_FEED) phase = "chunk-size";
        } else if (byte !== LINE_FEED) {
          if (byte !== 13) trailerLine += 1;
        } else if (trailerLine === 0) finish(at);
        else trailerLine = 0;
      }
    }
  };
  const ended = (): void => {
    if (observer !== undefined && phase === "until-close") finish(performance.now());
    else fail("the connection was closed before the whole answer");
  };
  const flush = (): void => {
    if (unsent.length === 0) return;
    const written = socket.write(unsent);
    unsent = written < 0 ? NOTHING : unsent.subarray(written);
  };
  const socket: Socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data: (_, data) => receive(data),
      drain: flush,
      close: ended,
      end: ended,
      error: (_, error) => fail(error.message),
    },
  });
  socket.setNoDelay(true);
  return {
    send(request, next) {
      if (closing) {
        next.failed("the connection was closed before the request");
        return;
      }
      observer = next;
      unsent = request;
      flush();
    },
    usable: () => !closing,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => socket.terminate(),
  };
}

/** The head of a POST of `length` bytes of JSON to `url`, with its body: all that is sent for one request. */
export function postRequest(url: URL, body: Uint8Array, headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const extra = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: */*\r\n` +
    `user-agent: bench\r\ncontent-length: ${body.length}\r\n${extra.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}
