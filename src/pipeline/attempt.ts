import { isBadKey, readRpcDetails } from "../formats/rpc-status.ts";
import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { TraceStep } from "../core/request-trace.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { ResponseBody, UpstreamResponse } from "../upstream/transport.ts";
import type { StreamedCall } from "./stream-listener.ts";
import { type ProviderError, readProviderError } from "../formats/provider-error.ts";
import { type Failure, toFailure } from "../core/errors.ts";
import { redactionOf } from "../core/redact/redact.ts";
import { relayedResponseHeaders, parseRetryAfter } from "../upstream/response-headers.ts";
import { UpstreamError, UpstreamFailure } from "../upstream/errors.ts";
import type { ObservedCall } from "./observed-call.ts";
import { watched } from "./trace-attempt.ts";
import { readErrorText } from "./read-response.ts";

/** The answer to a client's request, on its way: what stages hand on, and what becomes the response. */
export interface Reply {
  readonly response: UpstreamResponse;
  /** What the client's stream asks, if it is made one: the call whose answer it is, or all attempts together. */
  readonly call: StreamedCall;
  /** The gateway asked for usage and the client did not: the event of a stream that has it is removed. */
  readonly usageInjected: boolean;
  /** What was used, if the bytes of the answer do not say. */
  readonly usage?: (() => TokenUsage | undefined) | undefined;
  /** What the gateway itself says of the answer; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What was found when it was looked at before; of no meaning if its body has been replaced since. */
  readonly judged?: JudgedAnswer | undefined;
}

/** A whole answer that is no error. */
export interface JudgedAnswer {
  readonly body: ResponseBody;
  /** All of it. */
  readonly bytes: Uint8Array;
  /** What it says was used. */
  readonly usage: TokenUsage | undefined;
}

/**
 * One call of a provider for a client's request. It is closed along with all attempts for that request, or
 * earlier by whoever needs it no more.
 */
export class Attempt implements Reply {
  readonly call: UpstreamCall;
  readonly usageInjected: boolean;
  /** The attempt that was open when this one began. */
  readonly previous: Attempt | undefined;
  isClosed = false;
  readonly #context: RequestContext;
  readonly #provider: Provider;
  readonly #sending: Promise<UpstreamResponse>;
  readonly #step: TraceStep | undefined;
  #response: UpstreamResponse | undefined;
  readonly #observed: ObservedCall | undefined;

  constructor(
    context: RequestContext,
    provider: Provider,
    call: UpstreamCall,
    previous: Attempt | undefined,
    sending: Promise<UpstreamResponse>,
    usageInjected: boolean,
    observed: ObservedCall | undefined,
    step: TraceStep | undefined,
  ) {
    this.#observed = observed;
    this.#context = context;
    this.#provider = provider;
    this.call = call;
    this.previous = previous;
    this.#sending = sending;
    this.usageInjected = usageInjected;
    this.#step = step;
  }

  /** The provider's answer, once its header has come. */
  get response(): UpstreamResponse {
    if (!this.#response) throw new Error("there is no response yet");
    return this.#response;
  }

  /**
   * Waits for the header of the answer, whatever its status.
   * @throws Failure an `UpstreamFailure`, which knows how far the call came, or the reason why the request ended
   */
  received(): Promise<UpstreamResponse> {
    return this.#sending.then(
      (response) => this.#record(response),
      (error: unknown) => this.#fail(error),
    );
  }

  /**
   * Waits for an answer that is no error.
   * @throws Failure what {@link received} throws, and an `UpstreamFailure` for any status from 300 up; the attempt is
   * then closed
   */
  answered(): Promise<this> {
    return this.#sending.then(
      (response) => (this.#record(response).status < 300 ? this : this.#refuse()),
      (error: unknown) => this.#fail(error),
    );
  }

  #refuse(): Promise<never> {
    const reading = readProviderFailure(this.#context, this.response, this.call, this.#provider);
    return reading.catch((error: unknown) => error).then((error) => this.#fail(error));
  }

  #fail(error: unknown): never {
    this.close(toFailure(error));
    throw error;
  }

  /** @param failure why its answer is of no use, if that is so */
  close(failure?: Failure): void {
    this.settle(failure);
    this.isClosed = true;
    this.call.close();
    this.#step?.ended(failure);
  }

  /** See {@link ObservedCall.end}. */
  settle(failure?: Failure): void {
    this.#step?.settled();
    this.#observed?.end(failure);
  }

  #record(response: UpstreamResponse): UpstreamResponse {
    this.#context.responseHeader();
    if (this.#observed) this.#observed.status = response.status;
    return (this.#response = this.#step ? watched(response, this.#step) : response);
  }
}

/** What providers call their errors: `rate_limit_exceeded`, `model_not_found`. Anything else may quote the client. */
const ERROR_NAME = /^[a-z][\w.:-]{0,63}$/i;

/** What the log says of a provider's error: its name. */
function causeOf({ code, type }: ProviderError): { readonly cause?: string } {
  const name = [code, type].find((given) => typeof given === "string" && ERROR_NAME.test(given));
  return typeof name === "string" ? { cause: name } : {};
}

/** Errors are short; of a longer one only the status is relayed. */
const MAX_ERROR_BYTES = 256 * 1024;

/**
 * The failure that reports a provider's error to the client: with the provider's status, message, type, code and retry
 * hints, which Google has in its body. A redirect is an error too, because following it would carry the credential to another host.
 */
export async function readProviderFailure(
  context: RequestContext,
  response: UpstreamResponse,
  call: UpstreamCall,
  provider: Provider,
): Promise<Failure> {
  if (response.status < 400) {
    response.body?.cancel();
    const { status } = response;
    return new UpstreamFailure(
      new UpstreamError("redirect", { phase: "header", requestSent: true, status }),
      provider.id,
    );
  }
  // Some providers repeat the rejected key, and not only in the message.
  const redact = redactionOf(secretsOf(provider));
  const text = redact(await readErrorText(context, response, call, MAX_ERROR_BYTES));
  const told = readProviderError(text, redact, response.headers.get("x-amzn-errortype"));
  const { "content-type": _, ...headers } = relayedResponseHeaders(response.headers, redact);
  const details = readRpcDetails(told.rest ?? {});
  // Google says of a bad key that the request is an invalid one, which no client takes for what it is.
  const isBad = response.status === 400 && isBadKey(details);
  const error = isBad ? { ...told, type: "UNAUTHENTICATED", code: 401 } : told;
  const status = isBad ? 401 : response.status;
  const said = parseRetryAfter(response.headers, Date.now());
  if (said === undefined && details.retryAfterMs !== undefined) {
    headers["retry-after"] = String(Math.ceil(details.retryAfterMs / 1000));
  }
  const message = error.message ?? `The provider answered with status ${response.status}`;
  const answered = new UpstreamError("status", {
    phase: "header",
    requestSent: true,
    status,
    retryAfterMs: said ?? details.retryAfterMs,
  });
  return new UpstreamFailure(answered, provider.id, {
    status,
    message,
    headers,
    ...(error.type !== undefined && { wireType: error.type }),
    ...(error.code !== undefined && { wireCode: error.code }),
    ...(error.param !== undefined && { param: error.param }),
    ...causeOf(error),
    ...(error.rest !== undefined && { providerError: error.rest }),
  });
}
