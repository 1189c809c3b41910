import type { ClientSignal } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import type { Deadlines } from "../../core/deadlines.ts";
import { type MemoryBudget, memoryExhausted, type MemoryHolder } from "../../core/memory/budget.ts";
import type { Block, MediaBlock } from "../../formats/form/blocks.ts";
import type { Conversation, Turn } from "../../formats/form/conversation.ts";
import { mediaTypeOf } from "../../formats/form/media-type.ts";
import { type Fetched, type FetchPublic, NotFetched } from "../../upstream/fetch-public.ts";

export interface FetchMediaParts {
  readonly fetchPublic: FetchPublic;
  readonly memory: Pick<MemoryBudget, "tryHold">;
  readonly deadlines: Pick<Deadlines, "open" | "release">;
  /** Milliseconds of the clock of the deadlines. */
  readonly now: () => number;
}

/** For whom something is fetched. */
export interface MediaAsker {
  /** Its request, which holds the memory. */
  readonly context: MemoryHolder;
  /** That of the client's request. */
  readonly signal: ClientSignal;
}

/** All of one request together. */
const MAX_ITEMS = 20;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_MS = 20_000;
const AT_ONCE = 4;

/** Bytes, their base64 text, and that text in the body for the provider. */
const COPIES = 4;

/**
 * Puts the bytes of images and documents in the place of their URLs.
 * @param isWanted for which of them
 * @throws Failure `invalid_request` if one cannot be fetched, `memory_exhausted`, `client_gone`
 */
export type FetchMedia = (
  conversation: Conversation,
  isWanted: (block: MediaBlock) => boolean,
  asker: MediaAsker,
) => Promise<Conversation>;

/** Creates what fetches the media of a request: each URL once, a few at a time, all within one deadline and one bound. */
export function createFetchMedia(parts: FetchMediaParts): FetchMedia {
  return async (conversation, isWanted, asker) => {
    const urls = new Set(conversation.turns.flatMap(({ blocks }) => mediaOf(blocks).filter(isWanted).flatMap(urlOf)));
    if (urls.size === 0) return conversation;
    if (urls.size > MAX_ITEMS) {
      throw new Failure("invalid_request", {
        message: `The request has ${urls.size} images and documents at URLs, and at most ${MAX_ITEMS} are fetched: send their bytes`,
      });
    }
    const fetched = await fetchAll(parts, [...urls], asker);
    const filled = (block: MediaBlock): MediaBlock => {
      const data = block.source.kind === "url" && isWanted(block) ? fetched.get(block.source.url) : undefined;
      return data ? { ...block, source: { kind: "base64", data: data.base64 }, mediaType: data.mediaType } : block;
    };
    return { ...conversation, turns: conversation.turns.map((turn) => fillTurn(turn, filled)) };
  };
}

interface MediaData {
  readonly base64: string;
  readonly mediaType: string;
}

async function fetchAll(
  { fetchPublic, memory, deadlines, now }: FetchMediaParts,
  urls: readonly string[],
  { context, signal }: MediaAsker,
): Promise<ReadonlyMap<string, MediaData>> {
  const ending = new AbortController();
  const leave = (): void => ending.abort(new Failure("client_gone"));
  const late = (): void => ending.abort(new NotFetched(`it takes longer than ${MAX_MS / 1000} s`));
  const deadline = deadlines.open(now() + MAX_MS, late);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  const found = new Map<string, MediaData>();
  const waiting = [...urls];
  const heldBefore = context.heldBytes;
  let bytes = 0;

  const onBytes = (length: number): void => {
    bytes += length;
    if (bytes > MAX_BYTES) throw new NotFetched(`all that the request names is longer than ${MAX_BYTES} bytes`);
    if (!memory.tryHold(context, heldBefore + bytes * COPIES)) throw memoryExhausted();
  };
  const work = async (): Promise<void> => {
    for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
      try {
        found.set(url, toMediaData(await fetchPublic(url, { signal: ending.signal, onBytes })));
      } catch (error) {
        throw error instanceof NotFetched ? notFetched(url, error) : error;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, urls.length) }, work));
    return found;
  } catch (error) {
    // The others would go on for nobody.
    ending.abort(error);
    throw error;
  } finally {
    deadlines.release(deadline);
    signal.removeEventListener("abort", leave);
  }
}

/** What the bytes are, or else what the server says they are. */
function toMediaData({ bytes, mediaType }: Fetched): MediaData {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  const type = mediaTypeOf(base64) ?? mediaType;
  // A page of HTML is what many servers answer instead of an image.
  if (!/^(?:image\/|application\/pdf$|text\/(?:plain|markdown|csv)$)/.test(type)) {
    throw new NotFetched(`it is no image, PDF or text, but ${type === "" ? "of an unknown type" : type}`);
  }
  return { base64, mediaType: type };
}

function notFetched(url: string, { message }: NotFetched): Failure {
  return new Failure("invalid_request", {
    message: `What is at ${shown(url)} could not be fetched: ${message}. Send its bytes instead.`,
  });
}

/** Without the query, which may hold a signature. */
function shown(url: string): string {
  if (!URL.canParse(url)) return "the URL of an image";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.slice(0, 200);
}

const urlOf = ({ source }: MediaBlock): string[] => (source.kind === "url" ? [source.url] : []);

function mediaOf(blocks: readonly Block[]): MediaBlock[] {
  return blocks.flatMap((block) => {
    if (block.type === "result") return mediaOf(block.blocks);
    return isMedia(block) ? [block] : [];
  });
}

const isMedia = (block: Block): block is MediaBlock => "source" in block;

function fillTurn(turn: Turn, fill: (block: MediaBlock) => MediaBlock): Turn {
  switch (turn.role) {
    case "system":
    case "developer":
      return turn;
    default:
      return { ...turn, blocks: turn.blocks.map((block) => fillBlock(block, fill)) };
  }
}

function fillBlock(block: Block, fill: (block: MediaBlock) => MediaBlock): Block {
  if (isMedia(block)) return fill(block);
  if (block.type !== "result") return block;
  return { ...block, blocks: block.blocks.map((part) => (isMedia(part) ? fill(part) : part)) };
}
