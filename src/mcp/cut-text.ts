/**
 * Cuts a text that is longer than `maxBytes` in UTF-8, at the end of a character, and says so in a last line that comes
 * on top.
 */
export function cutText(text: string, maxBytes: number): string {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (text.length * 3 <= maxBytes) return text;
  const length = Buffer.byteLength(text);
  if (length <= maxBytes) return text;
  const { read, written } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return `${text.slice(0, read)}\n[cut: the first ${written} of ${length} bytes]`;
}
