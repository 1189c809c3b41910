/** A value as the bytes of its JSON text. */
export function toJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
