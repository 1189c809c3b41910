import type { Dialect } from "./form/dialect.ts";
import type { Wire } from "./wires.ts";

/** Loads the dialect of each wire; only gateways that translate hold their code in memory. */
export type Dialects = { readonly [Name in Wire]: () => Promise<Dialect> };

export const DIALECTS: Dialects = {
  chat: async () => (await import("./chat/dialect.ts")).CHAT_DIALECT,
  messages: async () => (await import("./messages/dialect.ts")).MESSAGES_DIALECT,
  responses: async () => (await import("./responses/dialect.ts")).RESPONSES_DIALECT,
};
