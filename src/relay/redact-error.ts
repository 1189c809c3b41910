import type { Provider } from "../providers/provider.ts";
import type { Answer } from "../transport/transport.ts";
import { bodyOfBytes } from "../transport/whole-body.ts";
import { type Redact, redactionOf } from "../upstream/redact.ts";
import type { UpstreamCall } from "../upstream/upstream.ts";
import { bufferAnswer } from "./buffer-answer.ts";
import { decompress } from "./decompress.ts";
import { MAX_ERROR_BYTES } from "./read-provider-failure.ts";

/** A compressed error longer than this, once it is decoded, is left as it is. */
const MAX_DECODED_BYTES = 1024 * 1024;

/**
 * A provider's error as it came, but for the provider's key, which some repeat: each place where it stands is masked. One
 * that is too long to be held comes back as it is, and is the only one that is not read whole.
 * @throws Failure where it breaks off or its deadline passes.
 */
export async function redactError(response: Answer, call: UpstreamCall, provider: Provider): Promise<Answer> {
  if (!response.body || provider.key === undefined) return response;
  const { status } = response;
  const headers = new Headers([...response.headers]);
  const answer = await bufferAnswer(response, call, MAX_ERROR_BYTES);
  if ("tooLong" in answer) return { status, headers, body: answer.tooLong };
  const encoding = headers.get("content-encoding");
  const plain = encoding === null ? answer.whole : await decode(answer.whole, encoding);
  const redacted = plain && redactBytes(plain, redactionOf(provider, provider.key));
  if (redacted) headers.delete("content-encoding");
  const body = redacted ?? answer.whole;
  headers.set("content-length", String(body.length));
  return { status, headers, body: bodyOfBytes(body) };
}

/** @returns undefined where the bytes cannot be decoded, by the client neither. */
function decode(bytes: Uint8Array, encoding: string): Promise<Uint8Array | undefined> {
  return decompress(bytes, encoding, { maxBytes: MAX_DECODED_BYTES }).catch(() => undefined);
}

/** @returns undefined where there is nothing to mask. */
function redactBytes(bytes: Uint8Array, redact: Redact): Uint8Array<ArrayBuffer> | undefined {
  // One character for each byte, whatever they mean: what is masked is ASCII, and all else must stay as it is.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  const redacted = redact(text);
  return redacted === text ? undefined : new Uint8Array(Buffer.from(redacted, "latin1"));
}
