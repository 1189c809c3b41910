import type { ApiName } from "./format.ts";

/**
 * The formats between which requests and answers are translated, as APIs of clients and as wires of providers. The one
 * that can say most comes first: of what a provider has, it is the one that is taken.
 */
export const WIRES = ["messages", "responses", "chat"] as const satisfies readonly ApiName[];

export type Wire = (typeof WIRES)[number];

export const isWire = (api: ApiName): api is Wire => WIRES.some((wire) => wire === api);
