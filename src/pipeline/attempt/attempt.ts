import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { RequestContext, TokenUsage } from "../../core/request-context.ts";
import type { TraceStep } from "../../core/request-trace.ts";
import type { Provider } from "../../providers/provider.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import { relayedResponseHeaders } from "../../upstream/response-headers.ts";
import type { ResponseBody, UpstreamResponse } from "../../upstream/transport.ts";
import type { StreamedCall } from "../stream-listener.ts";
import { type Failure, toFailure } from "../../core/errors.ts";
import type { ObservedCall } from "./observed-call.ts";
import type { AttemptRequest } from "./attempt-parts.ts";
import { readProviderFailure } from "./provider-failure.ts";
import { UNCOUNTED_BYTES } from "./read-response.ts";
import { leaveRest, tellAsked, watched } from "./trace-attempt.ts";

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
  #response: UpstreamResponse | undefined;
  #step: TraceStep | undefined;
  #observed: ObservedCall | undefined;

  /** @param sending what `call` has sent */
  constructor(
    context: RequestContext,
    provider: Provider,
    call: UpstreamCall,
    previous: Attempt | undefined,
    sending: Promise<UpstreamResponse>,
    usageInjected: boolean,
  ) {
    this.#context = context;
    this.#provider = provider;
    this.call = call;
    this.previous = previous;
    this.#sending = sending;
    this.usageInjected = usageInjected;
  }

  /**
   * To be called at once, if anybody watches it.
   * @param step the one of its trace
   * @param observed for whoever counts calls
   */
  watch(step: TraceStep | undefined, observed: ObservedCall | undefined): void {
    this.#step = step;
    this.#observed = observed;
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
    if (this.#step && this.#response) leaveRest(this.#response);
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

/** Without such a type some clients do not read an answer as JSON, and some providers call it text, or a stream. */
const JSON_TYPE = /^[a-z]+\/(?:[\w.+-]+\+)?json\b/i;

/** The headers of the response that a whole answer becomes: what is relayed of the provider's, and the gateway's own. */
export function responseHeaders(context: RequestContext, { response, headers: told }: Reply): Record<string, string> {
  const headers = relayedResponseHeaders(response.headers);
  // What `Object.assign` does takes 0.15 µs longer.
  for (const name in told) headers[name] = told[name] ?? "";
  headers["x-request-id"] = context.id;
  if (!JSON_TYPE.test(headers["content-type"] ?? "")) headers["content-type"] = "application/json";
  return headers;
}

/** For whom something is sent. */
interface Sender {
  readonly context: RequestContext;
  /** Bytes that it holds beside what is sent, as long as somebody else may still be asked. */
  readonly keptBytes: number;
}

/**
 * Sends a request within the budget. A short body is not counted while a provider has it; a long one is until it is sent,
 * its parsed value no more.
 * @param step the one of its trace, if it has one
 */
export function sendWithin(
  memory: Pick<MemoryBudget, "tryHold">,
  sender: Sender,
  call: UpstreamCall,
  provider: Provider,
  request: AttemptRequest,
  step: TraceStep | undefined,
): Promise<UpstreamResponse> {
  if (step?.keepsContent) tellAsked(request, step, provider);
  sender.context.called();
  const { body, keptBytes = 0 } = request;
  const length = body === null || body instanceof ReadableStream ? 0 : body.length;
  const isLong = length > UNCOUNTED_BYTES;
  const kept = keptBytes + sender.keptBytes;
  memory.tryHold(sender.context, isLong ? kept + length : kept);
  return isLong ? sendLong(memory, sender, call, request, keptBytes) : call.send(request);
}

/** Separate, because its closure would cost each short request an object; that must not hold the body. */
function sendLong(
  memory: Pick<MemoryBudget, "tryHold">,
  sender: Sender,
  call: UpstreamCall,
  request: AttemptRequest,
  keptBytes: number,
): Promise<UpstreamResponse> {
  const { context } = sender;
  const free = (): void => void memory.tryHold(context, keptBytes + sender.keptBytes);
  return call.send({ ...request, onSent: free }).finally(free);
}
