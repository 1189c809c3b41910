import type { JsonObject } from "../../core/json/parse.ts";
import type { ForeignMember } from "./conversation.ts";

/**
 * Members of an object of a request that its reader does not know, as paths: what newer versions of an API add is told
 * to the client rather than lost. Clients that write out all their members write null, "", false or [] into those that
 * they do not use.
 * @param object undefined: there is none
 * @param path where it is in the request
 * @param read the members that are read, or that say nothing
 */
export function unreadMembers(
  object: JsonObject | undefined,
  path: string,
  read: ReadonlySet<string>,
): readonly string[] {
  const unread: string[] = [];
  for (const name in object) if (!read.has(name) && saysSomething(object[name])) unread.push(`${path}.${name}`);
  return unread;
}

/** Whether a member asks for anything. */
export const saysSomething = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== "" &&
  value !== false &&
  !(Array.isArray(value) && value.length === 0);

/** The same as members of {@link Conversation.foreign} without which the answer means the same. */
export const unreadHints = (
  object: JsonObject | undefined,
  path: string,
  read: ReadonlySet<string>,
): readonly ForeignMember[] => unreadMembers(object, path, read).map((each) => ({ path: each, isEssential: false }));
