import type { RequestContext } from "../core/request-context.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import { decodeResponse, isDecodable } from "../upstream/decode-response.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { bodyOfBytes } from "../upstream/body.ts";
import { SecretMasker } from "../core/redact/secret-masker.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { bufferResponse } from "./read-response.ts";
import { maskBody } from "./transform-body.ts";

/** An error up to this size is read whole, so that its length is known. */
const MAX_WHOLE_BYTES = 64 * 1024;

/** They describe the bytes as the provider sent them. */
const OF_THE_BYTES = ["content-length", "content-digest", "content-md5"] as const;

/**
 * A provider's error or redirect as it came, but for its secrets, which some repeat: each occurrence is masked,
 * of whatever size the body is. One that is compressed is decoded first, and stays so.
 * @throws Failure if it breaks off, is not what its Content-Encoding says, or its deadline passes.
 */
export async function redactError(
  context: RequestContext,
  response: UpstreamResponse,
  call: UpstreamCall,
  provider: Provider,
): Promise<UpstreamResponse> {
  const secrets = secretsOf(provider);
  if (!response.body || secrets.length === 0) return response;
  const isEmpty = response.headers.get("content-length") === "0";
  // What cannot be decoded was not asked for, and usually is no coding at all (`utf-8`, `none`).
  const isEncoded = !isEmpty && isDecodable(response.headers.get("content-encoding") ?? "");
  const { status, headers: received, body } = isEncoded ? decodeResponse(response) : response;
  const headers = new Headers([...received]);
  for (const name of OF_THE_BYTES) headers.delete(name);
  const masked = body && secrets.map((secret) => new SecretMasker(secret)).reduce(maskBody, body);
  const read = await bufferResponse(context, { status, headers, body: masked }, call, MAX_WHOLE_BYTES);
  if ("tooLong" in read) return { status, headers, body: read.tooLong };
  headers.set("content-length", String(read.whole.length));
  return { status, headers, body: bodyOfBytes(read.whole) };
}
