import { asBuffer } from "../core/json/bytes.ts";
import { redactionOf } from "../core/redact/redact.ts";
import type { SecretPatterns } from "../core/redact/secret-patterns.ts";
import { createEventEditor, type EventFilter } from "../core/sse/event-filter.ts";
import { type Provider, secretsOf } from "../providers/provider.ts";
import type { RequestContext } from "../core/request-context.ts";
import { decodeResponse, isDecodable } from "../upstream/decode-response.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import { bodyOfBytes } from "../upstream/body.ts";
import { SecretMasker } from "../core/redact/secret-masker.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import { bufferResponse } from "./attempt/read-response.ts";
import { maskBody } from "./body/transform-body.ts";

const ERROR = Buffer.from('"error"');
/** Quotes are so many that to search for a word that ends with one takes twice as long. */
const MENTION = ERROR.subarray(0, -1);
const QUOTE = 0x22;
/** What the Responses API says in the events of a response that has not failed. */
const NO_ERROR = /^\s*:\s*null\b/;
const LONGEST_NO_ERROR = 16;
const LINE_FEED = 0x0a;

/** An error event is shorter; a longer event passes as it is. */
const MAX_EVENT_BYTES = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * Masks the provider's secrets in the errors that it reports within a stream, because some repeat the key. Until an error
 * is mentioned, or what comes is no UTF-8, every chunk passes as it came, searched twice (90 ns for a short one); from then
 * on events pass whole.
 * @param first what comes before it, if anything
 * @returns undefined if the provider has no secret, and nothing comes before
 */
export function createErrorMask(
  provider: Pick<Provider, "secrets" | "credential">,
  first?: EventFilter,
): EventFilter | undefined {
  const secrets = secretsOf(provider);
  return secrets.length === 0 ? first : new ErrorMask(secrets, first);
}

/** A class for the reason of {@link createEventEditor}'s. */
class ErrorMask implements EventFilter {
  readonly #secrets: readonly SecretPatterns[];
  readonly #first: EventFilter | undefined;
  #editor: EventFilter | undefined;
  /** The end of the chunk before, if the mention of an error may go on behind it. */
  #before: Uint8Array | undefined;

  constructor(secrets: readonly SecretPatterns[], first: EventFilter | undefined) {
    this.#secrets = secrets;
    this.#first = first;
  }

  push(bytes: Uint8Array): Uint8Array {
    return this.#pass(this.#first ? this.#first.push(bytes) : bytes);
  }

  flush(): Uint8Array {
    const last = this.#first ? this.#pass(this.#first.flush()) : NOTHING;
    return this.#editor ? Buffer.concat([last, this.#editor.flush()]) : last;
  }

  #pass(chunk: Uint8Array): Uint8Array {
    if (this.#editor) return this.#editor.push(chunk);
    const searched = this.#before ? Buffer.concat([this.#before, chunk]) : asBuffer(chunk);
    // With zeros it is UTF-16, in which an error is mentioned in other bytes; no event stream has any.
    if (!mentionsError(searched) && !searched.includes(0)) {
      this.#before = beginningOfError(searched);
      return chunk;
    }
    this.#editor = createEventEditor((event) => this.#mask(event), MAX_EVENT_BYTES);
    return this.#editor.push(chunk);
  }

  /** Read as Latin-1, so that bytes that are no text come out as they were. */
  #mask(event: Buffer): Uint8Array {
    const text = event.toString("latin1");
    const masked = redactionOf(this.#secrets)(text);
    return masked === text ? event : Buffer.from(masked, "latin1");
  }
}

function mentionsError(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(MENTION); at >= 0; at = bytes.indexOf(MENTION, at + MENTION.length)) {
    const from = at + ERROR.length;
    if (bytes[from - 1] === QUOTE && !NO_ERROR.test(bytes.toString("latin1", from, from + LONGEST_NO_ERROR)))
      return true;
  }
  return false;
}

/** The last bytes, if they are the first ones of {@link ERROR}. No object for each chunk: the end of an event is none of them. */
function beginningOfError(bytes: Buffer): Uint8Array | undefined {
  const last = bytes[bytes.length - 1];
  if (last === LINE_FEED || !ERROR.includes(last ?? 0)) return undefined;
  for (let at = Math.max(0, bytes.length - ERROR.length + 1); at < bytes.length; at++) {
    if (ERROR.compare(bytes, at, bytes.length, 0, bytes.length - at) === 0) return Buffer.from(bytes.subarray(at));
  }
  return undefined;
}

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
