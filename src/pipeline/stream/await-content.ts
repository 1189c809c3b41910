import type { Deadlines } from "../../core/deadlines.ts";
import { parseJson } from "../../core/json/parse.ts";
import { EventReader, EventTooLong } from "../../core/sse/event-reader.ts";
import type { EventContent, JudgeContent } from "../../formats/first-content.ts";
import { DONE } from "../../formats/stream-watch.ts";
import type { ResponseBody } from "../../upstream/transport.ts";
import { firstBeat, type Heartbeat } from "../heartbeat.ts";
import type { StreamedCall } from "../stream-listener.ts";
import { createElementReader } from "./element-reader.ts";

export interface ContentParts {
  readonly deadlines: Pick<Deadlines, "open" | "release">;
  /** Signs of life for clients whose streams are silent; absent if there are to be none. */
  readonly heartbeat: Heartbeat | undefined;
}

export interface ContentWait {
  readonly search: ContentSearch;
  /** Ends the wait if there is nothing to wait for any more. */
  readonly progress: { whenCommitted?(): Promise<void> };
}

/**
 * What has come of a stream: `content`, or more than is looked at; the error that was reported in its place; `ended`
 * without either; or nothing yet, when it is time to go on nevertheless.
 */
export type SeenOfStream = Exclude<EventContent, "none"> | "ended" | "silent";

/** A response that repeats its instructions and tools comes before everything else. More than this is not held back. */
const MAX_BYTES = 256 * 1024;

/**
 * Waits for the first event of a stream that holds content. What comes is kept in the body.
 * @throws Failure if it breaks off before
 */
export async function awaitContent(
  { deadlines, heartbeat }: ContentParts,
  body: ResponseBody,
  call: Pick<StreamedCall, "touch" | "explain">,
  { search, progress }: ContentWait,
): Promise<SeenOfStream> {
  let seen: Exclude<EventContent, "none"> | undefined;
  const isEnough = (length: number, piece: Uint8Array): boolean => {
    call.touch();
    seen = search(piece) ?? (length > MAX_BYTES ? "content" : undefined);
    return seen !== undefined;
  };
  const coming = body.keepUntil(isEnough);
  // Often it is there already.
  if (seen !== undefined) return seen;
  const silence = Promise.withResolvers<"silent">();
  const deadline = heartbeat && deadlines.open(firstBeat(heartbeat), () => silence.resolve("silent"));
  void progress.whenCommitted?.().then(() => silence.resolve("silent"));
  try {
    const ending = await Promise.race([coming, silence.promise]);
    return seen ?? (ending === "silent" ? "silent" : "ended");
  } catch (error) {
    throw call.explain(error);
  } finally {
    if (deadline) deadlines.release(deadline);
  }
}

/**
 * So much is looked at at a time. The first content is near the beginning, and to parse all that has come along with it took
 * more than to relay it: 1.2 µs for each event of a provider that sends as fast as it can.
 */
const STEP_BYTES = 2048;

/** Takes a stream piece by piece, and returns what has come of it by then, if that says something. */
export type ContentSearch = (piece: Uint8Array) => Exclude<EventContent, "none"> | undefined;

/** Creates the search for the first content of a stream, wherever its pieces are cut. */
export function createContentSearch(
  { contentOf }: { readonly contentOf?: JudgeContent | undefined },
  isArray: boolean,
): ContentSearch {
  if (!contentOf) return ({ length }) => (length > 0 ? "content" : undefined);
  let seen: Exclude<EventContent, "none"> | undefined;
  const judge = (name: string, data: unknown): void => {
    const said = seen ?? contentOf({ name, data });
    if (said !== "none") seen = said;
  };
  const take = isArray ? elementsOf(judge) : eventsOf(judge);
  return (piece) => {
    for (let start = 0; start < piece.length && seen === undefined; start += STEP_BYTES) {
      const step = piece.length <= STEP_BYTES ? piece : piece.subarray(start, start + STEP_BYTES);
      if (!take(step)) seen ??= "content";
    }
    return seen;
  };
}

type Judge = (name: string, data: unknown) => void;
/** @returns false if an event is longer than may be held back */
type Take = (piece: Uint8Array) => boolean;

function elementsOf(judge: Judge): Take {
  const elements = createElementReader((text) => judge("", parseJson(text)));
  return (piece) => {
    elements.push(piece);
    return true;
  };
}

function eventsOf(judge: Judge): Take {
  const events = new EventReader(MAX_BYTES);
  return (piece) => {
    try {
      events.push(piece, ({ name = "", data }) => judge(name, data === DONE ? data : parseJson(data)));
      return true;
    } catch (error) {
      if (!(error instanceof EventTooLong)) throw error;
      return false;
    }
  };
}
