import type { BaseRow } from "./provider-row.ts";

/** Anthropic's API asks for its version, and so may what is like it. */
export const MESSAGES_HEADERS = { "anthropic-version": "2023-06-01" } as const;

/** A base made for Anthropic's clients, to which the key goes as to the rest of the provider. */
export const anthropicBase = (path: string) =>
  ({ path, headers: MESSAGES_HEADERS, paths: { messages: "/v1/messages" } }) as const satisfies BaseRow;
