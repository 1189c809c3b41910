import { asBuffer } from "../core/json/bytes.ts";

/** A shorter body has no picture in it that would matter, and need not be searched. */
export const MIN_MEDIA_BODY = 16 * 1024;

const DATA_URL = Buffer.from('"data:');
const DATA = Buffer.from('"data"');
const QUOTE = 0x22;

/** Base64 that is shorter than this is no medium. */
const MIN_MEDIUM_BYTES = 1024;

/** In which a `data:` URL says what it is. */
const MAX_URL_HEAD = 256;

/** What is between the name of a member and its text, at most. */
const MAX_SPACE = 8;

/** Of each kind, at most so many places are looked at: a million of them would take 190 ms of one turn, these take 2. */
const MAX_MARKS = 10_000;

/** How many bytes of a request's body are media in Base64: `data:` URLs, and the `data` of Anthropic, Google and OpenAI. */
export function mediaBytes(body: Uint8Array): number {
  const bytes = asBuffer(body);
  return lengthsBehind(bytes, DATA_URL, false) + lengthsBehind(bytes, DATA, true);
}

function lengthsBehind(bytes: Buffer, mark: Buffer, isMember: boolean): number {
  let sum = 0;
  let left = MAX_MARKS;
  for (let at = bytes.indexOf(mark); at >= 0 && left > 0; at = bytes.indexOf(mark, at)) {
    left -= 1;
    at += mark.length;
    if (isMember) {
      const quote = bytes.indexOf(QUOTE, at);
      if (quote < 0 || quote - at > MAX_SPACE) continue;
      at = quote + 1;
      // Found by the other mark.
      if (bytes.toString("latin1", at, at + 5) === "data:") continue;
    }
    const end = bytes.indexOf(QUOTE, at);
    if (end < 0) break;
    if (!isMember && !bytes.toString("latin1", at, at + MAX_URL_HEAD).includes(";base64,")) continue;
    if (end - at >= MIN_MEDIUM_BYTES) sum += end - at;
    at = end;
  }
  return sum;
}
