import type { HeaderLines } from "../core/header-lines.ts";
import type { EditedBytes } from "../core/json/edit.ts";
import type { Endpoint } from "./endpoint.ts";

/** What is sent to an endpoint; the endpoint decides the connection. */
export interface WireRequest {
  /** Below the endpoint's base URL. */
  readonly url: string;
  readonly method: string;
  readonly headers: Headers | Readonly<Record<string, string>>;
  /**
   * Further headers, with other values in each request: so the others can be the same frozen object each time. None of
   * them is one of the others, or says how the body is to be read.
   */
  readonly ownHeaders?: HeaderLines | undefined;
  /** A stream goes out as it comes: of the length that a `content-length` header announces, else chunked. */
  readonly body: Uint8Array | EditedBytes | ReadableStream<Uint8Array> | null;
  /** Nobody reads a body of bytes any more once it is sent: a transport that knows when that is frees its memory. */
  readonly isBodyGivenUp?: boolean;
  /** Hand out the body as it is on the wire instead of decoding its Content-Encoding. */
  readonly keepEncoding?: boolean;
  /**
   * Called when the system has taken all of a body of bytes, which the transport then does not hold any more. A transport
   * that does not know never calls it; when the answer begins, the body is gone at the latest.
   */
  readonly onSent?: () => void;
}

/**
 * Names of header fields, in lower case. One that ends in `-` is a family: it means every name that begins with it
 * and goes on with letters, digits and hyphens; not with underscores, which many servers read as hyphens.
 */
export type HeaderList = readonly string[];

/** The entries of a list by the character code of the small letter with which they begin. */
export type HeaderIndex = ReadonlyMap<number, HeaderList>;

/** The header fields of an answer, as far as the gateway looks at them; a web-standard `Headers` is one of these. */
export interface ResponseHeaders extends Iterable<[name: string, value: string]> {
  /** The value of a field, its lines joined with commas, or null. `name` is in lower case. */
  get(name: string): string | null;
  /**
   * Costs less than iteration.
   * @param listed those that matter; others may be left out.
   */
  forEach(callback: (value: string, name: string) => void, listed?: HeaderIndex): void;
}

/** Takes the bytes of a body as they come. Its members must not throw. */
export interface BodyConsumer {
  write(bytes: Uint8Array): void;
  /** All that has arrived by now was written. */
  flush(): void;
  /** Called once, unless `fail` is. Says as much as `flush`, too, which need not come before it. */
  end(): void;
  /** The body broke off. */
  fail(error: unknown): void;
}

/** The body of an answer, on its way. */
export interface ResponseBody {
  /** All of it, if it came along with the header. */
  readonly whole: Uint8Array | undefined;
  /** How much of it is kept, for whoever will take it. */
  readonly keptBytes: number;
  /**
   * Keeps what comes until it is enough. To be given up by taking the body.
   * @param isEnough asked after each piece, with the length of what is kept and that piece
   * @returns whether so much came; false if the body ended before. Rejects with what it broke off with before.
   */
  keepUntil(isEnough: (length: number, piece: Uint8Array) => boolean): Promise<boolean>;
  /** Hands it to `consumer`, what has arrived first, the rest as it comes. To be called at most once. */
  consume(consumer: BodyConsumer): void;
  /** Asks the sender to wait, until the body is taken or resumed. What has arrived is still handed over. */
  pause(): void;
  resume(): void;
  /** Drops the rest; the consumer gets nothing more. */
  cancel(): void;
}

/** A provider's answer, of which the header has come. */
export interface UpstreamResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  /** Null if there can be none, as in an answer to HEAD. */
  readonly body: ResponseBody | null;
}

/** One request under way. */
export interface PendingResponse {
  /** Rejects with an `UpstreamError`, or with the reason of an abort. So does its body break off. */
  readonly response: Promise<UpstreamResponse>;
  /** Gives the request up, and its answer with it: whoever waits for either gets `reason`. */
  abort(reason: unknown): void;
}

/**
 * Carries requests to endpoints.
 * @param onConnected called once, when the connection that the request goes out on is open.
 * @param connectMs after so long the caller gives the request up unless `onConnected` was called
 * @throws like the answer rejects, if the request cannot even be begun.
 */
export type Transport = (
  endpoint: Endpoint,
  request: WireRequest,
  onConnected: () => void,
  connectMs?: number,
) => PendingResponse;
