/** The smallest request that each API accepts, by the route that takes it; all name the provider by prefix. */
export const SMALLEST = {
  "/v1/chat/completions": { model: "openai/gpt-4o", messages: [{ role: "user", content: "hi" }] },
  "/v1/completions": { model: "openai/gpt-3.5-turbo-instruct", prompt: "hi" },
  "/v1/embeddings": { model: "openai/text-embedding-3-small", input: "hi" },
  "/v1/responses": { model: "openai/gpt-4o", input: "hi" },
  "/v1/responses/compact": { model: "openai/gpt-4o", input: "hi" },
  "/v1/responses/input_tokens": { model: "openai/gpt-4o", input: "hi" },
  "/v1/messages": { model: "anthropic/claude", max_tokens: 8, messages: [{ role: "user", content: "hi" }] },
  "/v1/messages/count_tokens": { model: "anthropic/claude", messages: [{ role: "user", content: "hi" }] },
} as const;

export type PostRoute = keyof typeof SMALLEST;

export const POST_ROUTES = Object.keys(SMALLEST) as PostRoute[];

export const CHAT = SMALLEST["/v1/chat/completions"];
