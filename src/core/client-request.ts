/** Header fields by their names in lower case; a web-standard `Headers` is one of these. */
export interface ClientHeaders extends Iterable<[name: string, value: string]> {
  /** The value of a field, its lines joined with commas, or null. */
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(callback: (value: string, name: string) => void): void;
}

/** Whoever wants to hear that a client has left; the same one is notified once. */
export type LeaveListener = (() => void) | { handleEvent(): void };

/** What a web-standard `AbortSignal` is, as far as requests need it. */
export interface ClientSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: LeaveListener, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: LeaveListener): void;
}

/** A request of a client: what handlers use of a web-standard `Request`, which is one of these. */
export interface ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: ClientHeaders;
  /** Aborted when the client has left. */
  readonly signal: ClientSignal;
  readonly body: ReadableStream<Uint8Array> | null;
  /** The whole body, once it has come. Rejects if it breaks off. */
  bytes(): Promise<Uint8Array>;
}
