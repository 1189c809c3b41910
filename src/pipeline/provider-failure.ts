import { readProviderError } from "../formats/provider-error.ts";
import { isBadKey, readRpcDetails } from "../formats/rpc-status.ts";
import type { Failure } from "../core/errors.ts";
import type { RequestContext } from "../core/request-context.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { redactionOf } from "../core/redact/redact.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import { UpstreamError, UpstreamFailure } from "../upstream/errors.ts";
import { parseRetryAfter } from "../upstream/retry-after.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { readErrorText } from "./read-response.ts";

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
    ...(error.rest !== undefined && { providerError: error.rest }),
  });
}
