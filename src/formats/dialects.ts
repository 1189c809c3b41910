import type { Dialect } from "./form/dialect.ts";
import type { Wire } from "./wires.ts";

/** Loads the dialect of each wire; only gateways that translate hold their code in memory. */
export type Dialects = { readonly [Name in Wire]: () => Promise<Dialect> };

const missing = async (): Promise<Dialect> => {
  throw new Error("there is no dialect yet");
};

export const DIALECTS: Dialects = { chat: missing, messages: missing, responses: missing };
