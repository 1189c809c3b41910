import type { Failure } from "../../core/errors.ts";
import { decodeObjectInTurns } from "../../core/json/parse.ts";
import type { Attempt, Reply } from "../../pipeline/attempt.ts";
import { refuseBody } from "../../pipeline/admit.ts";
import type { RelayParts } from "../../pipeline/relay.ts";
import type { AdmittedRequest } from "../../pipeline/stage.ts";
import type { AnswerTranslated } from "../../pipeline/translate/translate.ts";

/** The model's answer in one step. */
export type StepReply = Pick<Attempt, "response" | "call" | "isClosed" | "close"> & Pick<Reply, "headers">;

export interface AskProviderParts extends Pick<RelayParts, "requestHeaders" | "jsonLimits"> {
  /** Asks a provider that does not have the client's API. */
  readonly answerTranslated: AnswerTranslated;
}

/**
 * Asks the provider with the body of one step. Every attempt has its own deadlines.
 * @param keptBytes what the request goes on holding in the budget
 * @throws Failure if the provider cannot be reached or answers with an error
 */
export type AskProvider = (body: Uint8Array, keptBytes: number, isFirst: boolean) => Promise<StepReply>;

/** Creates what asks the provider of one request. */
export function createAskProvider(parts: AskProviderParts, admitted: AdmittedRequest): AskProvider {
  const { attempts } = admitted;
  const endAll = (reason: Failure): void => attempts.abort(reason);
  const ask = admitted.wire === admitted.format.api ? askDirectly(parts, admitted) : askTranslated(parts, admitted);

  // Not `async`: such a function would keep the body while the provider thinks.
  return (body, keptBytes, isFirst) =>
    ask(body, keptBytes, isFirst).then((attempt) => {
      attempt.call.onAbort(endAll);
      return attempt;
    });
}

function askDirectly({ requestHeaders }: AskProviderParts, { attempts, target, url }: AdmittedRequest): AskProvider {
  const headers = requestHeaders(target.provider, attempts.request.headers, "chat");
  // To the client all steps are one request; to a provider each has its own body, which one key cannot identify.
  const { "idempotency-key": _, ...laterHeaders } = headers;
  return (body, keptBytes, isFirst) =>
    attempts
      .begin(target.provider, { url, method: "POST", headers: isFirst ? headers : laterHeaders, body, keptBytes })
      .answered();
}

function askTranslated({ answerTranslated, jsonLimits }: AskProviderParts, admitted: AdmittedRequest): AskProvider {
  const { model } = admitted.body.value;
  return async (bytes, keptBytes, isFirst) => {
    const decoded = await decodeObjectInTurns(bytes, { limits: jsonLimits, stop: admitted.attempts.request });
    if ("fault" in decoded) throw refuseBody(decoded);
    const body = { bytes, value: { ...decoded.value, model } };
    return answerTranslated({ ...admitted, body }, { keptBytes, dropsKey: !isFirst });
  };
}
