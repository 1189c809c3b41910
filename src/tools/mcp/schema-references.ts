import type { JsonObject } from "../../core/json/parse.ts";

/** A longer way into a schema is not followed. */
const MAX_PARTS = 32;

/**
 * What a `$ref` points to in the schema that it is in; other documents are not asked for.
 * https://www.rfc-editor.org/rfc/rfc6901#section-6
 * @returns undefined if there is nothing
 */
export function findReference(root: JsonObject, reference: string): unknown {
  if (reference !== "#" && !reference.startsWith("#/")) return undefined;
  const parts = reference.split("/", MAX_PARTS + 2).slice(1);
  if (parts.length > MAX_PARTS) return undefined;
  let found: unknown = root;
  for (const part of parts) {
    const name = unescapePart(part);
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as JsonObject)[name];
  }
  return found;
}

function unescapePart(part: string): string {
  try {
    return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return part;
  }
}
