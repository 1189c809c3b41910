import { afterAll } from "bun:test";
import type OpenAI from "openai";
import { startDemoProvider } from "../../src/demo/demo-provider.ts";

type DemoProvider = ReturnType<typeof startDemoProvider>;

/** Starts a demo provider without pauses for the tests of one file, and stops it after them. */
export function startForTests(): DemoProvider {
  const provider = startDemoProvider(0);
  afterAll(() => provider.stop());
  return provider;
}

/** Posts a value as JSON to a path below the provider's base URL. */
export function post(provider: DemoProvider, path: string, body: unknown): Promise<Response> {
  return fetch(`${provider.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

/** The error of OpenAI's envelope. */
export async function readError(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { error: Record<string, unknown> }).error;
}

/** The first choice and the usage of a completion's body. */
export async function readCompletion(response: Response) {
  const { choices, usage } = (await response.json()) as OpenAI.Chat.ChatCompletion;
  const choice = choices[0];
  if (choice === undefined) throw new Error("a completion without a choice");
  const { message, finish_reason: finishReason } = choice;
  return { message, content: message.content ?? "", finishReason, usage };
}

/** The data of every event of a stream's text, in order. */
export function readEvents(stream: string): readonly string[] {
  return stream.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice("data: ".length)] : []));
}

export const WEATHER_TOOL = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Get the current weather in a location",
    parameters: {
      type: "object",
      properties: {
        location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
        unit: { type: "string", enum: ["celsius", "fahrenheit"] },
      },
      required: ["location"],
    },
  },
} as const;
