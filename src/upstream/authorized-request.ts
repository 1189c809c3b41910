import { applyEdits } from "../core/json/edit.ts";
import type { Authorize, Credential, FindAuthorize, UnauthorizedRequest } from "../providers/credentials/credential.ts";
import type { PendingResponse, WireRequest } from "./transport.ts";

/** A request that waits for its credential. */
export interface PendingRequest extends Pick<PendingResponse, "abort"> {
  /** Rejects with a `CredentialError`, or the reason of an abort. */
  readonly ready: Promise<WireRequest>;
}

/**
 * Adds the credential of an endpoint to a request. The wait for one is shared by all requests that need it, and goes on
 * without those that are aborted, of which it then holds nothing.
 */
export function authorizeRequest(
  find: FindAuthorize | undefined,
  credential: Credential,
  request: WireRequest,
): PendingRequest {
  const { promise, resolve, reject } = Promise.withResolvers<Authorize>();
  if (find) Promise.try(find, credential).then(resolve, reject);
  else reject(new Error("nothing finds credentials"));
  return {
    ready: promise.then((authorize) => withCredential(request, applyEdits(request.body), authorize)),
    abort: reject,
  };
}

/** With the headers that carry the credential in place of any of these names that the request had. */
async function withCredential(
  request: WireRequest,
  body: UnauthorizedRequest["body"],
  authorize: Authorize,
): Promise<WireRequest> {
  const credential = await authorize({ ...request, body });
  const { headers } = request;
  if (!(headers instanceof Headers)) return { ...request, body, headers: { ...headers, ...credential } };
  const all = new Headers(headers);
  for (const [name, value] of Object.entries(credential)) all.set(name, value);
  return { ...request, body, headers: all };
}
