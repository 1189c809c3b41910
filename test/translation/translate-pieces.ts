import { StreamTranslation, type StreamTranslationParts } from "../../src/pipeline/translate/stream-translation.ts";

/** What a client gets of a stream that comes in these pieces, and with what it broke off. */
export function translatePieces(
  parts: Pick<StreamTranslationParts, "frames" | "reader" | "writer">,
  pieces: Iterable<Uint8Array>,
) {
  const translation = new StreamTranslation({
    ...parts,
    clientsError: (error) => error,
    onError() {},
    mayHold: () => true,
    failureOf: ({ message }) => new Error(message),
  });
  const written: Uint8Array[] = [];
  const write = (bytes: Uint8Array): void => void written.push(bytes);
  let thrown: unknown;
  try {
    for (const piece of pieces) translation.push(piece, write);
    translation.end(write);
  } catch (error) {
    thrown = error;
  }
  return { text: Buffer.concat(written).toString(), thrown };
}

export function* cut(bytes: Buffer, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
