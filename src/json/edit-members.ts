import { editObject } from "./edit-object.ts";
import { findMember } from "./find-value.ts";
import { toJson } from "./to-json.ts";

/**
 * Sets members of a JSON object: undefined removes one, anything else is written as JSON in its place, or in front where
 * there is none. Everything else keeps its bytes. A member that stands twice is left alone.
 * @returns the very same array where nothing is to be changed
 */
export function editMembers(object: Uint8Array, members: Readonly<Record<string, unknown>>): Uint8Array {
  let bytes = object;
  // One after the other: two neighbours that are both removed share a comma.
  for (const [name, value] of Object.entries(members)) {
    const member = findMember(name)(bytes);
    if (member === "repeated") continue;
    if (member !== "absent") {
      bytes = editObject(bytes, [
        value === undefined ? { kind: "remove", member } : { kind: "replace", member, json: toJson(value) },
      ]);
    } else if (value !== undefined) {
      bytes = editObject(bytes, [{ kind: "insert", name, json: toJson(value) }]);
    }
  }
  return bytes;
}
