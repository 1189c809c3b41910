/** Bytes that are put together when they leave, and not before. */
export interface Outgoing {
  readonly length: number;
  /** Writes all of them to `target`, from its beginning on. */
  writeTo(target: Buffer): void;
  /** They have left from there, and are not written again. */
  left(): void;
}

/** A message in a buffer of its own. */
export function inOnePiece(message: Outgoing): Buffer {
  const bytes = Buffer.allocUnsafe(message.length);
  message.writeTo(bytes);
  return bytes;
}
