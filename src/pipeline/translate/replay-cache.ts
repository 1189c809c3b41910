import { identityOf } from "../../core/identity.ts";
import type { RequestContext } from "../../core/request-context.ts";
import type { AnswerEvent } from "../../formats/form/answer-events.ts";
import { type Block, isCall, type Seal, type ThinkingBlock } from "../../formats/form/blocks.ts";
import type { Conversation, Turn } from "../../formats/form/conversation.ts";

/**
 * Signatures and encrypted thoughts that a provider must get back with the calls they led to, kept for clients that lose
 * what they do not know. They are found by whose conversation it is and by the id of the call.
 */
export interface ReplayCache {
  /** Remembers what belongs to the calls of a whole answer. */
  remember(owner: string, blocks: readonly Block[]): void;
  /** Hears the events of a streamed answer, and remembers the same of it once it has stopped. */
  listen(owner: string): (event: AnswerEvent) => void;
  /** The conversation with all that its client has lost and that is still known. */
  restore(owner: string, conversation: Conversation): Conversation;
}

export interface ReplayCacheOptions {
  /** Of everything that is kept; what was used least recently goes first. */
  readonly maxBytes: number;
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
}

interface Entry {
  /** What was thought before the call, since the call or text before it. */
  readonly thoughts: readonly ThinkingBlock[];
  /** Of the call itself. */
  readonly seal: Seal | undefined;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** A loop of tools that waits longer for somebody goes on without the thoughts. */
const KEPT_MS = 60 * 60 * 1000;

/** Of an entry, beside its texts. */
const ENTRY_BYTES = 200;

/** @returns undefined if nothing may be kept */
export function createReplayCache({ maxBytes, now }: ReplayCacheOptions): ReplayCache | undefined {
  if (maxBytes === 0) return undefined;
  // A map goes through its entries in the order in which they were set: the first is the one longest unused.
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const forget = (key: string, entry: Entry): void => {
    entries.delete(key);
    bytes -= entry.bytes;
  };

  const keep = (key: string, thoughts: readonly ThinkingBlock[], seal: Seal | undefined): void => {
    const old = entries.get(key);
    if (old) forget(key, old);
    const entry = { thoughts, seal, bytes: weightOf(key, thoughts, seal), expiresAt: now() + KEPT_MS };
    if (entry.bytes > maxBytes) return;
    entries.set(key, entry);
    bytes += entry.bytes;
    for (const [oldest, first] of entries) {
      if (bytes <= maxBytes) return;
      forget(oldest, first);
    }
  };

  const find = (key: string): Entry | undefined => {
    const entry = entries.get(key);
    if (!entry) return undefined;
    entries.delete(key);
    if (entry.expiresAt > now()) entries.set(key, entry);
    else bytes -= entry.bytes;
    return entries.get(key);
  };

  const remember = (owner: string, blocks: readonly Block[]): void => {
    let thoughts: ThinkingBlock[] = [];
    for (const block of blocks) {
      if (block.type === "thinking") thoughts.push(block);
      if (block.type !== "call") continue;
      if (block.seal || thoughts.some(({ seal }) => seal)) keep(keyOf(owner, block.id), thoughts, block.seal);
      thoughts = [];
    }
  };

  return {
    remember,
    listen: (owner) => collectBlocks(maxBytes, (blocks) => remember(owner, blocks)),
    restore(owner, conversation) {
      if (entries.size === 0) return conversation;
      const turns = conversation.turns.map((turn) =>
        turn.role === "assistant" ? { ...turn, blocks: restoreBlocks(turn, (id) => find(keyOf(owner, id))) } : turn,
      );
      return { ...conversation, turns };
    },
  };
}

interface Collected {
  readonly pieces: string[];
  /** Of a call. */
  readonly id: string | undefined;
  seal: Seal | undefined;
}

/**
 * Puts the thoughts and calls of a streamed answer together, the calls without what they say.
 * @param onStop called when the answer has stopped, unless what is kept of it is more than `maxBytes`
 */
function collectBlocks(maxBytes: number, onStop: (blocks: readonly Block[]) => void): (event: AnswerEvent) => void {
  const collected: Collected[] = [];
  let left = maxBytes;
  const spend = (bytes: number): void => {
    left -= bytes;
    if (left < 0) collected.length = 0;
  };
  return (event) => {
    if (left < 0) return;
    switch (event.type) {
      case "open": {
        const { type } = event.opened;
        if (type !== "thinking" && type !== "call") return;
        collected[event.block] = { pieces: [], id: type === "call" ? event.opened.id : undefined, seal: undefined };
        return spend(ENTRY_BYTES);
      }
      case "piece": {
        const block = collected[event.block];
        if (!block || block.id !== undefined) return;
        block.pieces.push(event.text);
        return spend(2 * event.text.length);
      }
      case "seal": {
        const block = collected[event.block];
        if (block) block.seal = event.seal;
        return spend(2 * event.seal.value.length);
      }
      case "stop":
        return onStop(Object.values(collected).map(toBlock));
    }
  };
}

const toBlock = ({ pieces, id, seal }: Collected): Block =>
  id === undefined
    ? { type: "thinking", text: pieces.join(""), seal }
    : { type: "call", id, name: "", input: "", kind: "function", seal };

function restoreBlocks({ blocks }: Turn, find: (callId: string) => Entry | undefined): readonly Block[] {
  // What the client has kept is the truth; its thoughts without a seal are not what the provider asks for.
  if (blocks.some((block) => block.type === "thinking" && block.seal)) return blocks;
  const found = new Map(blocks.flatMap((block) => (isCall(block) ? [[block, find(block.id)] as const] : [])));
  if (![...found.values()].some((entry) => entry)) return blocks;
  const thoughts = [...found.values()].some((entry) => entry && entry.thoughts.length > 0);
  return blocks.flatMap((block): readonly Block[] => {
    if (block.type === "thinking") return thoughts ? [] : [block];
    const entry = isCall(block) ? found.get(block) : undefined;
    if (!entry || !isCall(block)) return [block];
    return [...entry.thoughts, block.seal || !entry.seal ? block : { ...block, seal: entry.seal }];
  });
}

/** Whose conversations a request may go on with. */
export const ownerOf = ({ principal }: Pick<RequestContext, "principal">): string => identityOf(principal) ?? "";

const keyOf = (owner: string, callId: string): string => `${owner}\n${callId}`;

/** UTF-16 is at most two bytes a character. */
function weightOf(key: string, thoughts: readonly ThinkingBlock[], seal: Seal | undefined): number {
  const characters = thoughts.reduce(
    (sum, { text, seal: own }) => sum + text.length + (own?.value.length ?? 0),
    key.length + (seal?.value.length ?? 0),
  );
  return ENTRY_BYTES + 2 * characters;
}
