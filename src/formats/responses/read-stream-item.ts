import type { JsonObject } from "../../core/json/parse.ts";
import { isSet, objectOf, textOf } from "../../core/json/values.ts";
import { createCallReader } from "./read-call-events.ts";
import { readOpaque } from "./read-items.ts";
import { createMessageReader } from "./read-message-events.ts";
import { createReasoningReader } from "./read-reasoning-events.ts";
import { createStreamBlock, type ItemReader, type StreamOutput } from "./stream-block.ts";

/** One item of a streamed response, whatever it turns out to be. */
export interface StreamItem {
  read(type: string, event: JsonObject): void;
  done(item: JsonObject): void;
  close(): void;
  /** Whether the provider has said that it begins. */
  isAdded(): boolean;
}

type CreateReader = (output: StreamOutput) => ItemReader;

const READERS: ReadonlyMap<string, CreateReader> = new Map(
  Object.entries<CreateReader>({
    message: createMessageReader,
    reasoning: createReasoningReader,
    function_call: createCallReader,
    custom_tool_call: createCallReader,
    local_shell_call: createCallReader,
  }),
);

/** Some providers leave out the event that begins an item: what comes of it shows what it is. */
function typeOfEvent(type: string, event: JsonObject): string | undefined {
  if (type.startsWith("response.reasoning")) return "reasoning";
  if (type.startsWith("response.output_text.") || type.startsWith("response.refusal.")) return "message";
  if (type.startsWith("response.content_part.")) {
    return objectOf(event["part"])?.["type"] === "reasoning_text" ? "reasoning" : "message";
  }
  return undefined;
}

export function createStreamItem(output: StreamOutput): StreamItem {
  let reader: ItemReader | undefined;
  let isAdded = false;
  let isDone = false;

  const readerOf = (type: string | undefined): ItemReader | undefined => {
    reader ??= READERS.get(type ?? "")?.(output);
    return reader;
  };

  function close(): void {
    isDone = true;
    reader?.close();
  }

  function done(item: JsonObject): void {
    if (isDone) return;
    const own = readerOf(textOf(item["type"]));
    if (own) own.done(item);
    else if (isSet(item["type"])) openOpaque(item, output);
    close();
  }

  return {
    read(type, event) {
      if (isDone) return;
      const item = objectOf(event["item"]) ?? {};
      if (type === "response.output_item.done") return done(item);
      if (type === "response.output_item.added") {
        isAdded = true;
        return readerOf(textOf(item["type"]))?.added?.(item);
      }
      readerOf(typeOfEvent(type, event))?.read(type, event);
    },
    done,
    close,
    isAdded: () => isAdded,
  };
}

function openOpaque(item: JsonObject, output: StreamOutput): void {
  const { format, name, value } = readOpaque(item);
  const block = createStreamBlock(output);
  block.open({ type: "opaque", format, name, value });
  block.close();
}
