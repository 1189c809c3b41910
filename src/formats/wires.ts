import type { ApiName } from "./format.ts";

/**
 * The formats in which providers can be asked in place of the client's own. The one that can say most comes first: of
 * what a provider has, it is the one that is taken, unless the provider's row says otherwise.
 */
export const WIRES = ["messages", "responses", "converse", "generate", "cohere", "chat"] as const;

export type Wire = (typeof WIRES)[number];

export const isWire = (api: string): api is Wire => WIRES.some((wire) => wire === api);

/** The APIs of clients whose requests can be translated. */
export const TRANSLATED_APIS = ["messages", "responses", "chat", "generate"] as const satisfies readonly ApiName[];

export type TranslatedApi = (typeof TRANSLATED_APIS)[number];

export const isTranslated = (api: string): api is TranslatedApi => TRANSLATED_APIS.some((known) => known === api);
