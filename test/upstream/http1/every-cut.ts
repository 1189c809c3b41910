/** The bytes of a text, one for each character. */
export const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** Bytes in pieces that end at these positions. Each piece is memory of its own, as what a socket reads is. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Buffer[] {
  const ends = [...new Set(positions.filter((at) => at > 0 && at < bytes.length)), bytes.length].toSorted(
    (a, b) => a - b,
  );
  return ends.map((end, index) => Buffer.from(bytes.slice(ends[index - 1] ?? 0, end)));
}

/** Every way to cut bytes in two, and all at once: whole, and byte by byte. */
export function everyCut(bytes: Uint8Array): Buffer[][] {
  const positions = Array.from(bytes.keys());
  return [...positions.map((at) => cutAt(bytes, [at])), cutAt(bytes, positions)];
}
