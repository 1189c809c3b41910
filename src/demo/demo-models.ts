/** The one model that answers chats, as the provider itself names it. */
export const DEMO_CHAT_MODEL = "demo-chat";

/** The one model that makes embeddings, as the provider itself names it. */
export const DEMO_EMBEDDING_MODEL = "demo-embedding";

/** `created` of everything the demo provider makes: 2025-01-01T00:00:00Z in Unix seconds, fixed so that answers repeat byte for byte. */
export const DEMO_CREATED_SECONDS = 1_735_689_600;

/** Makes the body of `GET /models`, in OpenAI's shape. */
export function listDemoModels(): { readonly object: "list"; readonly data: readonly object[] } {
  return {
    object: "list",
    data: [DEMO_CHAT_MODEL, DEMO_EMBEDDING_MODEL].map((id) => ({
      id,
      object: "model",
      created: DEMO_CREATED_SECONDS,
      owned_by: "demo",
    })),
  };
}
