import type { Block } from "../../formats/form/blocks.ts";
import type { Conversation } from "../../formats/form/conversation.ts";
import type { WireDialect, WireTarget } from "../../formats/form/dialect.ts";
import type { Attempts } from "../attempt/attempts.ts";
import type { FetchMedia } from "./fetch-media.ts";
import { ownerOf, type ReplayCache } from "./replay-cache.ts";

export interface CompletionParts {
  /** Gets what requests name by URL, for wires that need the bytes; absent if nothing is fetched. */
  readonly fetchMedia?: FetchMedia | undefined;
  /** What clients lose of answers; absent if it is not kept for them. */
  readonly replays?: ReplayCache | undefined;
}

/**
 * A client's conversation with all that the wire needs of it and that did not come with it: what the client has lost of
 * answers, and the bytes of what it names by URL.
 * @throws Failure if something cannot be fetched
 */
export async function completeConversation(
  conversation: Conversation,
  wire: Pick<WireDialect, "needsBytes">,
  target: WireTarget,
  { fetchMedia, replays }: CompletionParts,
  { context, request }: Pick<Attempts, "context" | "request">,
): Promise<Conversation> {
  const known = replays ? replays.restore(ownerOf(context), conversation) : conversation;
  if (!fetchMedia || !wire.needsBytes) return known;
  const asker = { context, signal: request.signal };
  context.waits();
  try {
    return await fetchMedia(known, (block) => wire.needsBytes?.(block, target) === true, asker);
  } finally {
    context.waited();
  }
}

/** Bytes of base64 text in a conversation. */
export function mediaBytes({ turns }: Conversation): number {
  return turns.reduce((sum, { blocks }) => sum + mediaBytesOf(blocks), 0);
}

function mediaBytesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => {
    if (block.type === "result") return sum + mediaBytesOf(block.blocks);
    return "source" in block && block.source.kind === "base64" ? sum + block.source.data.length : sum;
  }, 0);
}
