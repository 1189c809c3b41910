import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/** Of what is kept of a provider's error beside its message, as JSON text. */
const MAX_CHARACTERS = 8 * 1024;

const MAX_TEXT_CHARACTERS = 4000;
const MAX_LEVELS = 6;
const MAX_ITEMS = 32;

/**
 * A copy of an object within bounds of size and depth: long texts are cut, and what exceeds the bounds is left out, as
 * are members that say nothing (null, and empty texts, lists and objects).
 * @returns undefined if nothing is left
 */
export function boundedMembers(object: JsonObject): JsonObject | undefined {
  const copy = new BoundedCopy().of(object, 0);
  return isJsonObject(copy) ? copy : undefined;
}

class BoundedCopy {
  #left = MAX_CHARACTERS;

  of(value: unknown, level: number): unknown {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object") return this.#takes(8) ? value : undefined;
    if (value === null || level === MAX_LEVELS) return undefined;
    return Array.isArray(value) ? this.#list(value, level) : this.#object(value as JsonObject, level);
  }

  #takes(characters: number): boolean {
    if (characters > this.#left) return false;
    this.#left -= characters;
    return true;
  }

  #text(text: string): string | undefined {
    const kept = text.length > MAX_TEXT_CHARACTERS ? `${text.slice(0, MAX_TEXT_CHARACTERS)}…` : text;
    return kept !== "" && this.#takes(kept.length + 2) ? kept : undefined;
  }

  #list(list: readonly unknown[], level: number): unknown[] | undefined {
    const kept = list
      .slice(0, MAX_ITEMS)
      .map((item) => this.of(item, level + 1))
      .filter((item) => item !== undefined);
    return kept.length > 0 ? kept : undefined;
  }

  #object(object: JsonObject, level: number): JsonObject | undefined {
    const kept: [string, unknown][] = [];
    for (const name of Object.keys(object)) {
      if (kept.length === MAX_ITEMS) break;
      if (!this.#takes(name.length + 4)) continue;
      const value = this.of(object[name], level + 1);
      if (value !== undefined) kept.push([name, value]);
    }
    return kept.length > 0 ? Object.fromEntries(kept) : undefined;
  }
}
