/** Up to this size a copy costs less than a view, which needs two objects more and keeps all the bytes it looks at. */
const COPIED_BYTES = 4096;

/** Some of the bytes that came from a connection, from `start` to before `end`. Nobody may write to either. */
export function pieceOf(bytes: Buffer, start: number, end: number): Buffer {
  if (start === 0 && end === bytes.length) return bytes;
  if (end - start > COPIED_BYTES) return bytes.subarray(start, end);
  const piece = Buffer.allocUnsafe(end - start);
  bytes.copy(piece, 0, start, end);
  return piece;
}
