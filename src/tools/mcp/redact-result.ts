import type { McpServer } from "./session.ts";
import { openTurns } from "../../core/next-turn.ts";
import { maskerOf, redactionOf } from "../../core/redact/redact.ts";
import { cutText } from "./tool-result.ts";

/** Bytes masked between two checks of the clock: at most 5 ms. */
const PIECE_BYTES = 64 * 1024;

/**
 * What a server said, cut to `maxBytes` and without the token that it was sent: the text goes to a model, for which the
 * token is not meant. Only what is kept of a long text is searched, in turns of the event loop.
 */
export async function redactResult(server: McpServer, text: string, maxBytes: number): Promise<string> {
  const { token } = server;
  if (token === undefined || text.length <= PIECE_BYTES) return cutText(redactionOf(server, token)(text), maxBytes);
  const bytes = Buffer.from(text);
  const masker = maskerOf(server, token);
  const turns = openTurns();
  const masked: Uint8Array[] = [];
  let size = 0;
  const take = (pieces: Iterable<Uint8Array>): void => {
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
