import type { RequestContext, TokenUsage } from "../core/request-context.ts";
import type { Provider } from "../providers/provider.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { readProviderFailure } from "./provider-failure.ts";
import type { StreamedCall } from "./stream-listener.ts";

/** The answer to a client's request, on its way: what stages hand on, and what becomes the response. */
export interface Reply {
  readonly response: UpstreamResponse;
  /** What the client's stream asks, if it is made one: the call whose answer it is, or all attempts together. */
  readonly call: StreamedCall;
  /** The gateway asked for usage and the client did not: the event of a stream that has it is removed. */
  readonly usageInjected: boolean;
  /** What was used, if the bytes of the answer do not say. */
  readonly usage?: () => TokenUsage | undefined;
  /** What the gateway itself says of the answer; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
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

  /** The provider's answer, once its header has come. */
  get response(): UpstreamResponse {
    if (!this.#response) throw new Error("there is no response yet");
    return this.#response;
  }

  /**
   * Waits for the header of the answer, whatever its status.
   * @throws Failure an `UpstreamFailure`, which knows how far the call came, or the reason why the request ended
   */
  async received(): Promise<UpstreamResponse> {
    return this.#record(await this.#sending);
  }

  /**
   * Waits for an answer that is no error.
   * @throws Failure what {@link received} throws, and an `UpstreamFailure` for any status from 300 up; the attempt is
   * then closed
   */
  async answered(): Promise<this> {
    try {
      const response = this.#record(await this.#sending);
      if (response.status < 300) return this;
      throw await readProviderFailure(this.#context, response, this.call, this.#provider);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.isClosed = true;
    this.call.close();
  }

  #record(response: UpstreamResponse): UpstreamResponse {
    this.#context.responseHeader();
    return (this.#response = response);
  }
}
