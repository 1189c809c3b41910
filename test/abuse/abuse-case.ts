import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import type { Script } from "../fixtures/script.ts";

/** What one case sends at one size. */
export interface Exchange {
  /** Whole requests, heads included, each sent on a connection of its own, all at once. They ask for the connection's end. */
  readonly requests: readonly Uint8Array[];
  /** What the providers answer to each of them; a small completion without it. */
  readonly answer?: (request: ReceivedRequest) => Script;
  /** How many bytes the input has when nothing about it is compressed, in all requests and answers together. */
  readonly bytes: number;
  /**
   * JSON that not the gateway but a library parses, which does so in one turn: that may last longer by what a bare parse
   * of it takes.
   */
  readonly parsed?: Uint8Array;
  /** How long a turn may last, in milliseconds, when what is asked for at once is ready at once, and shares turns. */
  readonly turnMs?: number;
  /** Resolves when the gateway has taken in what it asked for by itself; the exchange lasts until then. */
  readonly until?: () => Promise<unknown>;
  /** What the clients do when their requests are sent: read the answers unless said. `stall` reads nothing until the end. */
  readonly clients?: "read" | "leave" | "stall";
}

/** One row of a table: an input whose size can be chosen. */
export interface AbuseCase {
  readonly name: string;
  /** Bytes (or pieces, calls, keys) of the smaller input; the larger one has {@link GROWTH} times as many. */
  readonly size: number;
  readonly build: (size: number) => Exchange;
  /** What may come back; 0 for a connection that ends without an answer. */
  readonly statuses: readonly number[];
}

/** How much larger the second input is: what grows with the square of it takes sixteen times as long. */
export const GROWTH = 4;

const encoder = new TextEncoder();

/** The bytes of a request that asks for the end of its connection. */
export function requestBytes(
  method: string,
  target: string,
  body: Uint8Array | undefined = undefined,
  fields: readonly string[] = [],
): Uint8Array {
  const content = body === undefined ? [] : [`content-length: ${body.length}`];
  const lines = [`${method} ${target} HTTP/1.1`, "host: 127.0.0.1", "connection: close", ...content, ...fields];
  return Buffer.concat([encoder.encode(`${lines.join("\r\n")}\r\n\r\n`), body ?? new Uint8Array(0)]);
}

/** A POST of JSON. */
export function postJson(target: string, body: Uint8Array | string, fields: readonly string[] = []): Uint8Array {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  return requestBytes("POST", target, bytes, ["content-type: application/json", ...fields]);
}

/** The same, gzipped as tightly as a bomb is. */
export function postGzip(target: string, body: Uint8Array): Uint8Array {
  return postJson(target, Bun.gzipSync(Buffer.from(body), { level: 6 }), ["content-encoding: gzip"]);
}

/** A text repeated up to so many bytes, of ASCII. */
export function repeated(text: string, bytes: number): Buffer {
  return Buffer.alloc(Math.max(1, Math.floor(bytes / text.length)) * text.length, text);
}

/** What `make` gives for every number below `count`, one after another. */
export function numbered(count: number, make: (index: number) => string, between = ","): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => make(index)).join(between));
}
