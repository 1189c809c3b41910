import type { JsonObject } from "../../core/json/parse.ts";
import { listOf, objectOf } from "../../core/json/values.ts";
import { createStreamItem, type StreamItem } from "./read-stream-item.ts";
import type { StreamOutput } from "./stream-block.ts";

/** The items of a streamed response. */
export interface StreamItems {
  read(type: string, event: JsonObject): void;
  /** @param response the whole one: items that came in no event of their own, or not to their end, come now */
  end(response: JsonObject): void;
}

/** Items are known by their place: some providers change ids on the way. */
export function createStreamItems(output: StreamOutput): StreamItems {
  const items = new Map<unknown, StreamItem>();
  const itemIds = new Set<unknown>();

  function itemAt(place: unknown, isNew: boolean): StreamItem {
    const known = items.get(place);
    // A place that is used again belongs to the new item.
    if (known && !(isNew && known.isAdded())) return known;
    known?.close();
    const item = createStreamItem(output);
    items.set(place, item);
    return item;
  }

  return {
    read(type, event) {
      const id = objectOf(event["item"])?.["id"];
      if (id !== undefined) itemIds.add(id);
      const place = event["output_index"] ?? event["item_id"] ?? id;
      if (place !== undefined) itemAt(place, type === "response.output_item.added").read(type, event);
    },
    end(response) {
      for (const [index, value] of listOf(response["output"]).entries()) {
        const item = objectOf(value) ?? {};
        const place = items.has(item["id"]) ? item["id"] : index;
        if (items.has(place) || !itemIds.has(item["id"])) itemAt(place, false).done(item);
      }
      for (const item of items.values()) item.close();
    },
  };
}
