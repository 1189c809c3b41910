import { isJsonObject } from "../../core/json/parse.ts";
import { type EventContent, hasFilled, isFilled } from "../first-content.ts";
import { isErrorEvent, type SeenEvent } from "../stream-watch.ts";

const TYPE: ReadonlySet<string> = new Set(["type"]);

/** Blocks that begin empty. */
const GROWING: ReadonlySet<unknown> = new Set(["text", "thinking"]);

/** What such a block may have filled at its beginning, without having said anything. */
const OF_BLOCKS: ReadonlySet<string> = new Set(["type", "signature"]);

/** An answer that has ended so has said nothing if nothing came before; any other reason says something of it. */
const PLAIN_END = "end_turn";

/** A delta of any kind, or a block that says something by its beginning, such as a call of a tool. */
export function judgeMessagesContent(event: SeenEvent): EventContent {
  const { data } = event;
  if (isErrorEvent(event)) return { error: data };
  if (!isJsonObject(data)) return "none";
  switch (data["type"]) {
    case "content_block_start":
      return beginsFilled(data["content_block"]) ? "content" : "none";
    case "content_block_delta":
      return hasFilled(data["delta"], TYPE) ? "content" : "none";
    case "message_delta":
      return endsSaying(data["delta"]) ? "content" : "none";
    default:
      return "none";
  }
}

const beginsFilled = (block: unknown): boolean =>
  isJsonObject(block) && (!GROWING.has(block["type"]) || hasFilled(block, OF_BLOCKS));

const endsSaying = (delta: unknown): boolean =>
  isJsonObject(delta) && isFilled(delta["stop_reason"]) && delta["stop_reason"] !== PLAIN_END;
