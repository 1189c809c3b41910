import type { ClientDialect, WireDialect } from "./form/dialect.ts";
import type { TranslatedApi, Wire } from "./wires.ts";

/** Loads what translates each API of clients and each wire; only gateways that translate hold their code in memory. */
export type Dialects = { readonly [Name in Wire | TranslatedApi]: () => Promise<DialectOf<Name>> };

type DialectOf<Name> = (Name extends Wire ? WireDialect : unknown) &
  (Name extends TranslatedApi ? ClientDialect : unknown);

export const DIALECTS = {
  chat: async () => (await import("./chat/dialect.ts")).CHAT_DIALECT,
  cohere: async () => (await import("./cohere/dialect.ts")).COHERE_DIALECT,
  converse: async () => (await import("./converse/dialect.ts")).CONVERSE_DIALECT,
  messages: async () => (await import("./messages/dialect.ts")).MESSAGES_DIALECT,
  generate: async () => ({
    ...(await import("./gemini/client-dialect.ts")).GEMINI_CLIENT,
    ...(await import("./gemini/wire-dialect.ts")).GEMINI_WIRE,
  }),
  responses: async () => (await import("./responses/dialect.ts")).RESPONSES_DIALECT,
} satisfies Dialects;
