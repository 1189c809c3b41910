import { Failure, toFailure } from "../../core/errors.ts";
import type { UpstreamCall } from "../../upstream/call.ts";

/** Several calls to a provider, one after the other, as one that can be sent again and again. */
export interface CallChain extends UpstreamCall {
  /** What is aborted with the {@link Failure} that ends the chain, whatever is under way then. */
  signal(): AbortSignal;
  /** Releases the call that was sent last: from now until the next one, no deadline of a provider is running. */
  rest(): void;
}

/**
 * @param openCall opens one call, with its own deadlines
 * @param client aborted when the client leaves
 */
export function chainCalls(openCall: () => UpstreamCall, client: AbortSignal): CallChain {
  /** Created on first use: most requests run no tool. */
  let ending: AbortController | undefined;
  let current: UpstreamCall | undefined;
  let reason: Failure | undefined;
  let listener: ((reason: Failure) => void) | undefined;

  const end = (failure: Failure): void => {
    if (reason) return;
    reason = failure;
    current?.abort(failure);
    ending?.abort(failure);
    listener?.(failure);
  };
  const onClientGone = (): void => end(new Failure("client_gone"));
  client.addEventListener("abort", onClientGone, { once: true });
  if (client.aborted) onClientGone();

  const rest = (): void => {
    current?.close();
    current = undefined;
  };

  return {
    signal() {
      if (!ending) {
        ending = new AbortController();
        if (reason) ending.abort(reason);
      }
      return ending.signal;
    },
    send(request) {
      rest();
      if (reason) return Promise.reject(reason);
      current = openCall();
      current.onAbort(end);
      return current.send(request);
    },
    becomeStream: () => current?.becomeStream(),
    touch: () => current?.touch(),
    awaitClient: () => current?.awaitClient(),
    abort: end,
    onAbort(added) {
      listener = added;
    },
    explain: (error) => reason ?? (error instanceof Failure ? error : (current?.explain(error) ?? toFailure(error))),
    rest,
    close() {
      rest();
      client.removeEventListener("abort", onClientGone);
    },
  };
}
