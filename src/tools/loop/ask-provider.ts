import type { Failure } from "../../core/errors.ts";
import type { Attempt } from "../../pipeline/attempt.ts";
import type { Attempts } from "../../pipeline/attempts.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { AdmittedRequest, StepReply } from "../../pipeline/stage.ts";

export type { StepReply };

export type AskProviderParts = Pick<RelayParts, "requestHeaders">;

/**
 * Asks the provider with the body of one step, in the API that the request goes over. Every attempt has its own
 * deadlines. Of a request that several deployments could answer, later steps go to the one that answered the first, and
 * are asked again as its model allows.
 * @param write makes the body, anew for each attempt
 * @param keptBytes what the request goes on holding in the budget
 * @throws Failure if the provider cannot be reached or answers with an error
 */
export type AskProvider = (write: () => Uint8Array, keptBytes: number, isFirst: boolean) => Promise<StepReply>;

/** Creates what asks the provider of one request. */
export function createAskProvider(
  { requestHeaders }: AskProviderParts,
  { attempts, target, url, wire, again }: AdmittedRequest,
): AskProvider {
  const endAll = (reason: Failure): void => attempts.abort(reason);
  const headers = requestHeaders(target.provider, attempts.request.headers, wire);
  // To the client all steps are one request; to a provider each has its own body, which one key cannot identify.
  const { "idempotency-key": _, ...laterHeaders } = headers;

  // Not `async`: such a function would keep the body while the provider thinks.
  const ask = (on: Attempts, body: Uint8Array, keptBytes: number, isFirst: boolean): Promise<Attempt> =>
    on
      .begin(target.provider, { url, method: "POST", headers: isFirst ? headers : laterHeaders, body, keptBytes })
      .answered()
      .then((attempt) => {
        attempt.call.onAbort(endAll);
        return attempt;
      });

  return (write, keptBytes, isFirst) =>
    isFirst || !again
      ? ask(attempts, write(), keptBytes, isFirst)
      : again.ask((on) => ask(on, write(), keptBytes, false));
}
