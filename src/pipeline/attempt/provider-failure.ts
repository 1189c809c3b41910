import { isBadKey, readRpcDetails } from "../../formats/rpc-status.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { type Provider, secretsOf } from "../../providers/provider.ts";
import type { UpstreamCall } from "../../upstream/call.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { readProviderError } from "../../formats/provider-error.ts";
import type { Failure } from "../../core/errors.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { relayedResponseHeaders, parseRetryAfter } from "../../upstream/response-headers.ts";
import { UpstreamError, UpstreamFailure } from "../../upstream/errors.ts";
import { readErrorText } from "./read-response.ts";

/** What providers call their errors: `rate_limit_exceeded`, `model_not_found`. Anything else may quote the client. */
const ERROR_NAME = /^[a-z][\w.:-]{0,63}$/i;

/** What the log says of a provider's error: its name. */
export function causeOf({ code, type }: { readonly code?: unknown; readonly type?: unknown }): {
  readonly cause?: string;
} {
  const name = [code, type].find((given) => typeof given === "string" && ERROR_NAME.test(given));
  return typeof name === "string" ? { cause: name } : {};
}

/** The headers of a provider's error that its client gets; none says what kind of body that has. */
export function relayedErrorHeaders(
  { headers }: Pick<UpstreamResponse, "headers">,
  provider: Provider,
): Record<string, string> {
  const { "content-type": _, ...relayed } = relayedResponseHeaders(headers, redactionOf(secretsOf(provider)));
  return relayed;
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
  const headers = relayedErrorHeaders(response, provider);
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
