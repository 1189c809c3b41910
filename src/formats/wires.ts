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

/** The APIs that count the tokens of requests, by the API of these requests. */
export const COUNTED_APIS = { countTokens: "messages", countGenerateTokens: "generate" } as const satisfies Partial<
  Record<ApiName, ApiName>
>;

export type CountingApi = keyof typeof COUNTED_APIS;

export const isCounting = (api: string): api is CountingApi => Object.hasOwn(COUNTED_APIS, api);

/** To which of them the others can be translated. */
export const COUNTING_WIRES = ["countTokens"] as const satisfies readonly CountingApi[];

export const isCountingWire = (api: string): api is (typeof COUNTING_WIRES)[number] =>
  COUNTING_WIRES.some((wire) => wire === api);

export type TranslatedApi = (typeof TRANSLATED_APIS)[number];

export const isTranslated = (api: string): api is TranslatedApi => TRANSLATED_APIS.some((known) => known === api);
