import { Failure } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { filledTextOf, isSet } from "../../core/json/values.ts";
import { openTurns } from "../../core/event-loop.ts";
import { asked } from "./context.ts";
import { itemsOf, readRecord } from "./record.ts";
import { MAX_ITEMS, type ResponseStore } from "./store.ts";

/** So many responses are read at a time: most of what they hold is not needed. */
const MAX_READ = 8;

/** The id of the item that an item of a request only refers to; their type may be left out. */
function referenceOf(item: unknown): string | undefined {
  if (!isJsonObject(item)) return undefined;
  const isReference = item["type"] === "item_reference" || (!isSet(item["type"]) && !isSet(item["role"]));
  return isReference ? filledTextOf(item["id"]) : undefined;
}

/**
 * The items of a request with those in place of references that they refer to.
 * @throws Failure `item_not_found`, in OpenAI's words, `invalid_request` for too many, or `response_store_unavailable`
 */
export async function resolveReferences(
  store: ResponseStore,
  owner: string,
  items: readonly JsonObject[],
): Promise<readonly JsonObject[]> {
  const wanted = [...new Set(items.flatMap((item) => referenceOf(item) ?? []))];
  if (wanted.length === 0) return items;
  if (wanted.length > MAX_ITEMS) {
    const message = `The input refers to ${wanted.length} items, and at most ${MAX_ITEMS} are looked for`;
    throw new Failure("invalid_request", { message, param: "input" });
  }
  const isWanted = new Set(wanted);
  const holders = [...new Set((await asked(() => store.find(owner, wanted))).flatMap((id) => id ?? []))];
  const known = new Map<string, JsonObject>();
  const turns = openTurns();
  for (let start = 0; start < holders.length; start += MAX_READ) {
    for (const text of await asked(() => store.read(owner, holders.slice(start, start + MAX_READ)))) {
      for (const item of text === undefined ? [] : itemsOf(readRecord(text))) {
        const id = String(item["id"]);
        if (isWanted.has(id)) known.set(id, item);
      }
      if (turns.isOver()) await turns.next();
    }
  }
  return items.map((item) => {
    const id = referenceOf(item);
    if (id === undefined) return item;
    const found = known.get(id);
    if (!found) throw itemNotFound(id);
    return found;
  });
}

const itemNotFound = (id: string): Failure =>
  new Failure("item_not_found", {
    message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
    param: "input",
  });
