/** How the base64 text of known kinds of files begins. */
const BEGINNINGS: readonly (readonly [beginning: RegExp, mediaType: string])[] = [
  [/^iVBORw0KGgo/, "image/png"],
  [/^\/9j\//, "image/jpeg"],
  [/^R0lGOD/, "image/gif"],
  // RIFF, a length, WEBP: sound has the same first bytes.
  [/^UklGR.{7}RUJQ/, "image/webp"],
  [/^JVBERi/, "application/pdf"],
];

/** The media type of bytes in base64 by their first ones; undefined if it is none of the usual ones of pictures and pages. */
export function mediaTypeOf(base64: string): string | undefined {
  return BEGINNINGS.find(([beginning]) => beginning.test(base64))?.[1];
}
