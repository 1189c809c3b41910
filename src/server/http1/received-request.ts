import type { ClientRequest, ClientSignal, LeaveListener } from "../../core/client-request.ts";
import type { HeadFields } from "../../upstream/http1/head-fields.ts";
import type { IncomingBody } from "./incoming-body.ts";

/** What the connection of a request is to whoever answers it. */
export interface RequestConnection {
  /** The IP address at the other end; undefined over a unix socket. */
  readonly address: string | undefined;
  /** It may be silent for so many milliseconds from now on. */
  mayBeSilent(milliseconds: number): void;
}

/**
 * A request from a connection. It is its own signal: a web-standard one costs 2 µs with the one listener that a request has. A
 * class because one is made for each request.
 */
export class ReceivedRequest implements ClientRequest, ClientSignal {
  readonly method: string;
  readonly url: string;
  readonly headers: HeadFields;
  readonly connection: RequestConnection;
  aborted = false;
  readonly #incoming: IncomingBody | undefined;
  #body: ReadableStream<Uint8Array> | undefined;
  #listener: LeaveListener | undefined;
  /** Of those that have more than one. */
  #others: Set<LeaveListener> | undefined;

  constructor(
    method: string,
    url: string,
    headers: HeadFields,
    connection: RequestConnection,
    incoming: IncomingBody | undefined,
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.connection = connection;
    this.#incoming = incoming;
  }

  get signal(): ClientSignal {
    return this;
  }

  get body(): ReadableStream<Uint8Array> | null {
    this.#body ??= this.#incoming?.stream();
    return this.#body ?? null;
  }

  bytes(): Promise<Uint8Array> {
    return this.#incoming?.bytes() ?? Promise.resolve(NOTHING);
  }

  addEventListener(_: "abort", listener: LeaveListener): void {
    if (!this.#listener) this.#listener = listener;
    else if (listener !== this.#listener) (this.#others ??= new Set()).add(listener);
  }

  removeEventListener(_: "abort", listener: LeaveListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else this.#others?.delete(listener);
  }

  /** The client has left. */
  leave(): void {
    if (this.aborted) return;
    this.aborted = true;
    const listeners = [...(this.#listener ? [this.#listener] : []), ...(this.#others ?? [])];
    this.#listener = this.#others = undefined;
    for (const listener of listeners) {
      if (typeof listener === "function") listener();
      else listener.handleEvent();
    }
  }
}

const NOTHING = new Uint8Array(0);
