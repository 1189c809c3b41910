import type { Note } from "../../formats/form/dialect.ts";

/** The headers with which a client is told what became of its request; names in lower case. */
export const TRANSLATION_HEADERS = {
  translated: "x-gateway-translated",
  dropped: "x-gateway-dropped",
  adjusted: "x-gateway-adjusted",
  estimated: "x-gateway-estimated",
  withoutTools: "x-gateway-without-tools",
} as const;

/** Of one header: servers and clients accept 8 KiB of all of them together. */
const MAX_CHARACTERS = 1024;

const MORE = "...";

/** Names of members come from the client and may hold anything; a comma separates them. */
const NOT_SHOWN = /[^\x21-\x2b\x2d-\x7e]/g;

/**
 * What a client is told of a translated request.
 * @param client the client's API
 * @param wire that of the provider
 */
export function noteHeaders(client: string, wire: string, notes: readonly Note[]): Readonly<Record<string, string>> {
  const dropped = listOf(notes, "dropped");
  const adjusted = listOf(notes, "adjusted");
  return {
    [TRANSLATION_HEADERS.translated]: `${client}->${wire}`,
    ...(dropped !== "" && { [TRANSLATION_HEADERS.dropped]: dropped }),
    ...(adjusted !== "" && { [TRANSLATION_HEADERS.adjusted]: adjusted }),
  };
}

/** Each member once, in order, as many as there is room for. */
export function listOf(notes: readonly Note[], kind: Note["kind"]): string {
  const members = new Set(notes.filter((note) => note.kind === kind).map(({ member }) => member));
  let list = "";
  for (const member of members) {
    const shown = member.replace(NOT_SHOWN, "?");
    if (list.length + shown.length + MORE.length > MAX_CHARACTERS) return list === "" ? MORE : `${list}, ${MORE}`;
    list += list === "" ? shown : `, ${shown}`;
  }
  return list;
}
