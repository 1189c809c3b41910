/** Places in the vector that one word adds to. */
const PLACES_PER_WORD = 16;

/**
 * Turns a text into a vector of length 1: each word adds to places that its hash names, so that texts with words in common
 * are near each other. The same text always gives the same vector.
 */
export function embedText(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const sums = new Float64Array(dimensions);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  for (const word of words) {
    const next = seedNumbers(hashWord(word));
    for (let count = 0; count < PLACES_PER_WORD; count += 1) {
      const place = next() % dimensions;
      sums[place] = (sums[place] ?? 0) + (next() / 0xffff_ffff) * 2 - 1;
    }
  }
  const length = Math.sqrt(sums.reduce((total, value) => total + value * value, 0));
  return Float32Array.from(sums, (value) => value / length);
}

/** FNV-1a, 32 bits, over UTF-16 units. */
function hashWord(word: string): number {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < word.length; index += 1) hash = Math.imul(hash ^ word.charCodeAt(index), 0x0100_0193);
  return hash >>> 0;
}

/** The mulberry32 generator: 32-bit unsigned integers from a seed. */
function seedNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}
