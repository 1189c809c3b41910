import { readProviderError } from "../formats/provider-error.ts";
import type { Failure } from "../core/errors.ts";
import type { RequestContext } from "../core/request-context.ts";
import type { Provider } from "../providers/provider.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { redactionOf } from "../core/redact/redact.ts";
import { relayedResponseHeaders, parseRetryAfter } from "../upstream/response-headers.ts";
import { UpstreamError, UpstreamFailure } from "../upstream/errors.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { readErrorText } from "./read-response.ts";

/** Errors are short; of a longer one only the status is relayed. */
const MAX_ERROR_BYTES = 256 * 1024;

/**
 * The failure that reports a provider's error to the client: with the provider's status, message, type, code and retry
 * hints. A redirect is an error too, because following it would carry the credential to another host.
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
  const redact = redactionOf(provider.secrets);
  const error = readProviderError(redact(await readErrorText(context, response, call, MAX_ERROR_BYTES)), redact);
  const { "content-type": _, ...headers } = relayedResponseHeaders(response.headers, redact);
  const message = error.message ?? `The provider answered with status ${response.status}`;
  const answered = new UpstreamError("status", {
    phase: "header",
    requestSent: true,
    status: response.status,
    retryAfterMs: parseRetryAfter(response.headers, Date.now()),
  });
  return new UpstreamFailure(answered, provider.id, {
    status: response.status,
    message,
    headers,
    ...(error.type !== undefined && { wireType: error.type }),
    ...(error.code !== undefined && { wireCode: error.code }),
    ...(error.param !== undefined && { param: error.param }),
    ...(error.rest !== undefined && { providerError: error.rest }),
  });
}
