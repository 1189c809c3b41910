import type { JsonObject } from "../../core/json/parse.ts";

/** How far an item is; `incomplete` if the answer broke off in it. */
export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** One item of a response in the making. */
export interface OutputItem {
  /** Writes an event of this item. */
  emit(type: string, members: JsonObject): void;
  /** Writes `response.output_item.done`; once. */
  finish(): void;
}

/** The items of one response, in the order in which they were begun. */
export interface OutputItems {
  /**
   * Begins an item and writes `response.output_item.added`.
   * @param idPrefix of its id: `msg`, `fc`
   * @param describe the item as it is now
   */
  add(idPrefix: string, describe: (id: string, status: ItemStatus) => JsonObject): OutputItem;
  /** All items as they are now, those that are not finished as `incomplete`. */
  list(): JsonObject[];
}

/** @param known ids of the first items, which the client has already */
export function createOutputItems(
  emit: (type: string, members: JsonObject) => void,
  newId: () => string,
  known: readonly string[] = [],
): OutputItems {
  const items: { isFinished: boolean; readonly describe: (status: ItemStatus) => JsonObject }[] = [];
  return {
    add(idPrefix, describe) {
      const id = known[items.length] ?? `${idPrefix}_${newId()}`;
      const output_index = items.length;
      const entry: (typeof items)[number] = { isFinished: false, describe: (status) => describe(id, status) };
      items.push(entry);
      emit("response.output_item.added", { output_index, item: describe(id, "in_progress") });
      return {
        emit: (type, members) => emit(type, { item_id: id, output_index, ...members }),
        finish() {
          if (entry.isFinished) return;
          entry.isFinished = true;
          emit("response.output_item.done", { output_index, item: describe(id, "completed") });
        },
      };
    },
    // The sources of a message may have come behind its end.
    list: () => items.map(({ isFinished, describe }) => describe(isFinished ? "completed" : "incomplete")),
  };
}

/** What is written of one block of the form, which is an item or a part of one. */
export interface BlockWriter {
  piece?(text: string): void;
  close(): void;
}
