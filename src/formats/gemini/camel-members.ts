import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** Tried at the first of a run of underscores only: at each of them would take the square of the time for a long one. */
const SEPARATED = /(?<!_)_+([a-z0-9])/g;

/**
 * An object of the API by the names that its documentation has: `systemInstruction` for `system_instruction`, of which
 * Google takes both. Only for objects whose members have names of the API's own: not for arguments, properties, schemas in
 * JSON Schema. https://protobuf.dev/programming-guides/json
 * @returns the same object if there is nothing to change
 */
export function camelMembers(object: JsonObject): JsonObject {
  for (const name in object) if (name.includes("_")) return withCamelNames(object);
  return object;
}

function withCamelNames(object: JsonObject): JsonObject {
  const changed: Record<string, unknown> = {};
  // What begins with an underscore is an extension of a client's own.
  for (const name in object) {
    const camel = name.startsWith("_") ? name : name.replace(SEPARATED, (_, next: string) => next.toUpperCase());
    changed[camel] = object[name];
  }
  return changed;
}

/** A member that is an object of the API; undefined if it is anything else. */
export const camelObjectOf = (value: unknown): JsonObject | undefined =>
  isJsonObject(value) ? camelMembers(value) : undefined;
