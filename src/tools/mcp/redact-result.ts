import { openTurns } from "../../core/event-loop.ts";
import { redactionOf } from "../../core/redact/redact.ts";
import { SecretMasker } from "../../core/redact/secret-masker.ts";
import type { SecretPatterns } from "../../core/redact/secret-patterns.ts";
import { cutText } from "./tool-result.ts";

/** Bytes masked between two checks of the clock: at most 5 ms for one secret. */
const PIECE_BYTES = 64 * 1024;

/**
 * What a server said, cut to `maxBytes` and without what shows the server who asks: the text goes to a model, for which
 * that is not meant. Only what is kept of a long text is searched, in turns of the event loop.
 */
export async function redactResult(
  secrets: readonly SecretPatterns[],
  text: string,
  maxBytes: number,
): Promise<string> {
  if (secrets.length === 0 || text.length <= PIECE_BYTES) return cutText(redactionOf(secrets)(text), maxBytes);
  const bytes = Buffer.from(text);
  const masker = maskAll(secrets);
  const turns = openTurns();
  const masked: Uint8Array[] = [];
  let size = 0;
  const take = (pieces: readonly Uint8Array[]): void => {
    for (const piece of pieces) {
      masked.push(piece);
      size += piece.length;
    }
  };
  let position = 0;
  while (position < bytes.length && size <= maxBytes) {
    take(masker.push(bytes.subarray(position, position + PIECE_BYTES)));
    position += PIECE_BYTES;
    if (turns.isOver()) await turns.next();
  }
  const isWhole = position >= bytes.length;
  if (isWhole) take(masker.end());
  const kept = Buffer.concat(masked).toString();
  return isWhole ? cutText(kept, maxBytes) : cutText(kept, maxBytes, bytes.length);
}

/** Masks one secret after the other in bytes that come in pieces. */
function maskAll(secrets: readonly SecretPatterns[]) {
  const maskers = secrets.map((secret) => new SecretMasker(secret));
  return {
    push: (bytes: Uint8Array): Uint8Array[] =>
      maskers.reduce<Uint8Array[]>((pieces, masker) => pieces.flatMap((piece) => [...masker.push(piece)]), [bytes]),
    end: (): Uint8Array[] =>
      maskers.reduce<Uint8Array[]>(
        (pieces, masker) => [...pieces.flatMap((piece) => [...masker.push(piece)]), ...masker.end()],
        [],
      ),
  };
}
