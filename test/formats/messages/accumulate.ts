import Anthropic from "@anthropic-ai/sdk";

/** What the official client makes of a stream. */
export async function accumulate(stream: string): Promise<unknown> {
  const client = new Anthropic({
    apiKey: "none",
    baseURL: "http://127.0.0.1:9",
    maxRetries: 0,
    fetch: async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }),
  });
  const message = await client.messages
    .stream({ model: "m", max_tokens: 1, messages: [{ role: "user", content: "Hi" }] })
    .finalMessage();
  return JSON.parse(JSON.stringify(message));
}
