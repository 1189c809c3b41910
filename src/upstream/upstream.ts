import { Failure, type FailureCode } from "../failure/failure.ts";
import type { Provider } from "../providers/provider.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { readFetchError } from "./read-fetch-error.ts";

/** How long each part of a call to a provider may take, in milliseconds. */
export interface UpstreamLimits {
  readonly connectMs: number;
  readonly responseHeaderMs: number;
  /** A whole call that is not streamed. */
  readonly totalMs: number;
  /** Between two reads of a stream. */
  readonly streamIdleMs: number;
}

/** What is sent; the provider decides the connection. */
export interface UpstreamRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers | Record<string, string>;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /** Hand out the body as it is on the wire instead of decoding its Content-Encoding. */
  readonly keepEncoding?: boolean;
}

/** One call to a provider. Whoever opens it must `close` it, on every exit. */
export interface UpstreamCall {
  /** Sends the request and resolves with the response once its header is there. Throws a {@link Failure}. */
  send(request: UpstreamRequest): Promise<Response>;
  /** From now on the call is a stream: each read has its own deadline, the whole has none. */
  becomeStream(): void;
  /** Notes that a stream moved. */
  touch(): void;
  /** Ends the call early; the first reason counts. */
  abort(reason: Failure): void;
  /** Called at most once, when the call is aborted, with the reason; replaces the listener of before. */
  onAbort(listener: (reason: Failure) => void): void;
  /** What a rejected read of the response means: the reason of the abort where there was one. */
  explain(error: unknown): Failure;
  /** Frees the deadline and lets go of the client. */
  close(): void;
}

export interface UpstreamParts {
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
  readonly probe: (provider: Provider) => Promise<boolean>;
  readonly deadlines: Deadlines;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly limits: UpstreamLimits;
}

/** How far a call has come, which decides what its one deadline means. */
type Phase = "unsent" | "sent" | "probing" | "connected" | "answered" | "streaming";

/** Opens a call that ends when `client` aborts. */
export type OpenUpstreamCall = (provider: Provider, client: AbortSignal) => UpstreamCall;

export const createUpstream = ({ fetch, probe, deadlines, now, limits }: UpstreamParts): OpenUpstreamCall => {
  const probing = new Map<Provider, Promise<boolean>>();

  /** One probe per provider at a time, however many calls wait. */
  const canConnect = (provider: Provider): Promise<boolean> => {
    let probed = probing.get(provider);
    if (!probed) {
      probed = probe(provider).finally(() => probing.delete(provider));
      probing.set(provider, probed);
    }
    return probed;
  };

  return (provider, client) => {
    const controller = new AbortController();
    let phase: Phase = "unsent";
    let deadline: Deadline | undefined;
    let headerAt = 0;
    let totalAt = 0;
    let connectedBy = 0;
    let reason: Failure | undefined;
    let listener: ((reason: Failure) => void) | undefined;
    let closed = false;

    const abort = (failure: Failure): void => {
      if (reason || closed) return;
      reason = failure;
      controller.abort(failure);
      listener?.(failure);
    };
    const onClientGone = (): void => abort(new Failure("client_gone"));
    const expire = (code: FailureCode): void => abort(new Failure(code, { provider: provider.id }));

    const close = (): void => {
      if (closed) return;
      closed = true;
      if (deadline) deadlines.release(deadline);
      client.removeEventListener("abort", onClientGone);
    };

    const askWhetherConnected = (time: number): void => {
      phase = "probing";
      connectedBy = time + limits.connectMs / 2;
      void canConnect(provider).then((connected) => {
        if (connected && phase === "probing") phase = "connected";
      });
    };

    /** What the deadline says when it has come: that a time is over, or when to look again. */
    const onDeadline = (): void => {
      if (closed || !deadline) return;
      const time = now();
      if (phase === "streaming") return expire("stream_idle_timeout");
      if (phase !== "answered" && time >= headerAt) return expire("response_header_timeout");
      if (time >= totalAt) return expire("total_timeout");
      if (phase === "probing" && time >= connectedBy) return expire("connect_timeout");
      if (phase === "sent") askWhetherConnected(time);
      const next = phase === "answered" ? totalAt : Math.min(headerAt, totalAt);
      deadlines.move(deadline, phase === "probing" ? Math.min(connectedBy, next) : next);
    };

    client.addEventListener("abort", onClientGone, { once: true });
    if (client.aborted) onClientGone();

    return {
      async send(request) {
        if (reason) throw reason;
        const time = now();
        headerAt = time + limits.responseHeaderMs;
        totalAt = time + limits.totalMs;
        phase = "sent";
        // Half of the connection's time goes by before anyone looks whether the connection stands.
        deadline = deadlines.open(Math.min(time + limits.connectMs / 2, headerAt, totalAt), onDeadline);
        try {
          const response = await fetch(request.url, {
            method: request.method,
            headers: request.headers,
            body: request.body,
            signal: controller.signal,
            redirect: "manual",
            decompress: request.keepEncoding !== true,
            timeout: false,
            proxy: false,
            ...(provider.unixSocket && { unix: provider.unixSocket }),
          });
          phase = "answered";
          deadline.expiresAt = totalAt;
          return response;
        } catch (error) {
          throw reason ?? readFetchError(error, provider.id);
        }
      },
      becomeStream() {
        phase = "streaming";
        if (deadline && !closed) deadlines.move(deadline, now() + limits.streamIdleMs);
      },
      touch() {
        if (deadline) deadline.expiresAt = now() + limits.streamIdleMs;
      },
      abort,
      onAbort(added) {
        listener = added;
      },
      explain: (error) => reason ?? readFetchError(error, provider.id),
      close,
    };
  };
};
