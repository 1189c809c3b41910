import { errorCodeOf } from "../core/error-code.ts";
import { fieldsOf, type HeaderLines } from "../core/header-lines.ts";
import { applyEdits } from "../core/json/edit.ts";
import type { Endpoint, EndpointState } from "./endpoint.ts";
import type { Deadlines } from "../core/deadlines.ts";
import { UpstreamError } from "./errors.ts";
import { readFetchError, acceptResponse } from "./fetch-response.ts";
import type { Transport, UpstreamResponse, WireRequest } from "./transport.ts";

/** The runtime's `fetch`, as far as it is used here. */
export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

export interface FetchTransportParts {
  readonly fetch: Fetch;
  /** Whether a connection to the first server on the way can be had at all. */
  readonly probe: (endpoint: Endpoint) => Promise<boolean>;
  readonly deadlines: Deadlines;
  readonly now: () => number;
  /** After this long without an answer the probe is sent, in milliseconds; earlier if the caller waits for less than twice that. */
  readonly probeAfterMs: number;
}

/** A transport that keeps connections of HTTP/2; those of HTTP/1.1 are the runtime's. */
export interface FetchTransport extends EndpointState {
  readonly send: Transport;
}

/** For this long the runtime keeps a connection of HTTP/2 that carries nothing. */
const SESSION_KEPT_MS = 300_000;

/** What is known of the way to one endpoint. */
interface ConnectionState {
  /** When an answer last came, on the clock of the deadlines. */
  heardAt: number;
  probing: Promise<boolean> | undefined;
  /** Holds the HTTP/2 connections of this endpoint, and of no other. */
  readonly session: Bun.FetchSession | undefined;
}

/**
 * Carries requests by the runtime's `fetch`, which knows ways that the gateway's own transport does not: through a proxy, and
 * over HTTP/2.
 * `fetch` does not distinguish "still connecting" from "connected and thinking", so a second one is tried, one at a
 * time for each endpoint, however many requests wait. Over HTTP/2 requests share a kept connection, and a server may
 * accept no second one: there, an answer to any of them shows that it is open.
 */
export function createFetchTransport(parts: FetchTransportParts): FetchTransport {
  const { fetch, probe, deadlines, now } = parts;
  const states = new Map<string, ConnectionState>();

  const stateOf = (endpoint: Endpoint): ConnectionState => {
    let state = states.get(endpoint.endpointKey);
    if (!state) {
      const session = endpoint.http2 ? new Bun.FetchSession() : undefined;
      state = { heardAt: Number.NEGATIVE_INFINITY, probing: undefined, session };
      states.set(endpoint.endpointKey, state);
    }
    return state;
  };

  const canConnect = (endpoint: Endpoint, state: ConnectionState): Promise<boolean> =>
    (state.probing ??= probe(endpoint).finally(() => (state.probing = undefined)));

  const send: Transport = (endpoint, request, onConnected, connectMs = Number.POSITIVE_INFINITY) => {
    const state = stateOf(endpoint);
    const { session } = state;
    const sentAt = now();
    const controller = new AbortController();
    const { signal } = controller;
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamResponse>();
    const fetched = fetch(request.url, initOf(endpoint, request, session, signal));
    const wait = deadlines.open(sentAt + Math.min(parts.probeAfterMs, connectMs / 2), () => {
      if (session && state.heardAt >= sentAt - SESSION_KEPT_MS) return onConnected();
      void canConnect(endpoint, state).then((connects) => {
        if (connects) onConnected();
      });
    });
    const over = (): void => deadlines.release(wait);
    const refuse = (error: unknown): void => {
      over();
      const isUnavailable = session !== undefined && isOfHandshake(error);
      reject(isUnavailable ? http2Unavailable() : readFetchError(error, "header"));
    };
    fetched
      .then((response) => {
        state.heardAt = now();
        const accepted = acceptResponse(response, endpoint, controller);
        over();
        resolve(accepted);
      })
      .catch(refuse);
    return {
      response: promise,
      abort(reason) {
        controller.abort(reason);
        // The runtime does not end every wait that its signal is to end, and none of them at once.
        reject(signal.reason);
        over();
      },
    };
  };

  return {
    send,
    retain(keys) {
      for (const [key, { session }] of states) {
        if (keys.has(key)) continue;
        states.delete(key);
        session?.close();
      }
    },
  };
}

/** A request in the runtime's words, which leave it nothing to decide. */
function initOf(
  { unixSocket }: Endpoint,
  { method, headers, ownHeaders, body, keepEncoding }: WireRequest,
  session: Bun.FetchSession | undefined,
  signal: AbortSignal,
): BunFetchRequestInit {
  return {
    method,
    headers: ownHeaders ? joinHeaders(headers, ownHeaders) : (headers as Record<string, string>),
    body: applyEdits(body),
    signal,
    redirect: "manual",
    decompress: keepEncoding !== true,
    timeout: false,
    proxy: false,
    ...(unixSocket && { unix: unixSocket }),
    ...(session && { protocol: "http2", session }),
  };
}

function joinHeaders(headers: WireRequest["headers"], own: HeaderLines): Record<string, string> {
  return { ...(headers instanceof Headers ? Object.fromEntries(headers) : headers), ...fieldsOf(own) };
}

/** Servers without HTTP/2 may answer a handshake that offers only that with an alert; the runtime says no more. */
const isOfHandshake = (error: unknown): boolean => errorCodeOf(error) === "EPROTO";

function http2Unavailable(): UpstreamError {
  return new UpstreamError("http2_unavailable", { code: "HTTP2_HANDSHAKE_FAILED", phase: "tls", requestSent: false });
}
