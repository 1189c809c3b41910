import type { Config } from "../../src/config/load-config.ts";
import { joinTimeouts, type Timeouts } from "../../src/core/timeouts.ts";
import { dataEvent } from "../fixtures/answers.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import type { Step } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { within } from "../fixtures/within.ts";
import { RIG_KEY, type Rig, startRig } from "../fixtures/start-rig.ts";

/** So much time passes with every turn of the event loop, in which whatever has been sent arrives. */
const STEP_MS = 100;

/** Starts a rig in a time of its own, with two providers more: `native`, which has Gemini's API, and `chatty`, which has nothing but chat. */
export async function startTimedRig(settings: Readonly<Record<string, string>> = {}, timeouts?: Timeouts) {
  const clock = createManualClock();
  const change = (config: Config): Config => ({
    ...config,
    providers: config.providers.map((provider) => ({
      ...provider,
      timeouts: timeouts && joinTimeouts([{ of: `provider ${provider.id}`, timeouts }]),
    })),
  });
  const start = startAt(clock, { change });
  const rig = await startRig(settings, ({ OPENAI_API_URL = "", CUSTOM_PROVIDERS = "", ...environment } = {}) =>
    start({
      ...environment,
      OPENAI_API_URL,
      CUSTOM_PROVIDERS: ["native", "chatty", CUSTOM_PROVIDERS].filter(Boolean).join(),
      NATIVE_API_URL: OPENAI_API_URL,
      NATIVE_API_KEY: RIG_KEY,
      NATIVE_APIS: "generate x-goog-api-key",
      CHATTY_API_URL: OPENAI_API_URL,
      CHATTY_API_KEY: RIG_KEY,
      CHATTY_APIS: "chat",
    }),
  );
  await rig.provider.nextRequest(10_000);
  await rig.provider.nextRequest(10_000);

  /**
   * Whatever has been sent arrives. What the gateway asks by the runtime's fetch comes over a thread of its own, which a busy
   * machine may let wait for long: a request that has gone over the same thread comes behind it.
   */
  const arrival = async (): Promise<void> => {
    if (rig.gateway.readsHere) return Bun.sleep(1);
    await (await fetch(`${rig.gateway.url}/health`)).text();
  };

  /** Lets time pass until something has happened. */
  const passUntil = async <Value>(happened: Promise<Value>): Promise<Value> => {
    let isOver = false;
    const over = (): void => void (isOver = true);
    happened.then(over, over);
    while (!isOver) {
      await clock.advance(STEP_MS);
      await arrival();
    }
    return happened;
  };

  /** Resolves when so much time has passed. */
  const passed = async (milliseconds: number): Promise<void> => {
    const until = clock.now() + milliseconds;
    while (clock.now() < until) await Bun.sleep(1);
  };

  /**
   * Asks, with this as the provider's answer, and resolves when it has been asked: no time passes while the gateway loads what
   * a translation needs.
   */
  const ask = async (
    { target, body }: Asked,
    script: () => Iterable<Step> | AsyncIterable<Step>,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const asked = Promise.withResolvers<void>();
    rig.provider.answer(() => {
      asked.resolve();
      return script();
    });
    const startedAt = clock.now();
    const call = await rig.call({ target, body, headers });
    await within(asked.promise, 10_000, "the request to the provider");
    return { ...call, took: () => clock.now() - startedAt };
  };

  return { rig, clock, passUntil, passed, ask };
}

export type TimedRig = Awaited<ReturnType<typeof startTimedRig>>;

export const finishRig = async (rig: Rig): Promise<void> => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
};

/** A request, and what a provider's stream for it is made of. */
export interface Asked {
  readonly target: string;
  readonly body: object;
}

export interface AskedStream extends Asked {
  readonly name: string;
  readonly whole: Asked;
  /** Events that say nothing of the answer. */
  readonly silent: readonly string[];
  readonly content: string;
  /** All that follows the content. */
  readonly ending: string;
}

const CHAT = { model: "openai/m", messages: [{ role: "user", content: "hi" }] };
const MESSAGE = { ...CHAT, model: "anthropic/m", max_tokens: 9 };
const RESPONSE = { model: "openai/m", input: "hi" };
const CONTENTS = { contents: [{ role: "user", parts: [{ text: "hi" }] }] };
const COMMENT = ": still here\n\n";

const chatChunk = (delta: object, finish: string | null = null): string =>
  dataEvent({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
const messageEvent = (type: string, rest: object = {}): string => dataEvent({ type, ...rest }, type);
const responseEvent = (type: string, rest: object = {}): string =>
  dataEvent({ type, sequence_number: 1, ...rest }, type);

const CHAT_PARTS = {
  silent: [COMMENT, chatChunk({ role: "assistant", content: "" })],
  content: chatChunk({ content: "Hello" }),
  ending: `${chatChunk({}, "stop")}data: [DONE]\n\n`,
};

export const STREAMS: readonly AskedStream[] = [
  {
    name: "chat",
    target: "/v1/chat/completions",
    body: { ...CHAT, stream: true },
    whole: { target: "/v1/chat/completions", body: CHAT },
    ...CHAT_PARTS,
  },
  {
    name: "messages",
    target: "/v1/messages",
    body: { ...MESSAGE, stream: true },
    whole: { target: "/v1/messages", body: MESSAGE },
    silent: [
      messageEvent("message_start", {
        message: { id: "msg", type: "message", role: "assistant", model: "m", content: [], usage: { input_tokens: 1 } },
      }),
      messageEvent("ping"),
      messageEvent("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    ],
    content: messageEvent("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hello" } }),
    ending: messageEvent("message_stop"),
  },
  {
    name: "responses",
    target: "/v1/responses",
    body: { ...RESPONSE, stream: true },
    whole: { target: "/v1/responses", body: RESPONSE },
    silent: [
      responseEvent("response.created", { response: { id: "r", object: "response", output: [] } }),
      responseEvent("response.in_progress", { response: { id: "r", object: "response", output: [] } }),
      COMMENT,
    ],
    content: responseEvent("response.output_text.delta", { item_id: "i", output_index: 0, delta: "Hello" }),
    ending: responseEvent("response.completed", { response: { id: "r", object: "response", output: [] } }),
  },
  {
    name: "generate",
    target: "/v1beta/models/native/m:streamGenerateContent?alt=sse",
    body: CONTENTS,
    whole: { target: "/v1beta/models/native/m:generateContent", body: CONTENTS },
    silent: [COMMENT, dataEvent({ candidates: [{ content: { role: "model", parts: [{ text: "" }] } }] })],
    content: dataEvent({ candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] } }] }),
    ending: dataEvent({ candidates: [{ content: { role: "model", parts: [] }, finishReason: "STOP" }] }),
  },
  {
    name: "messages, translated",
    target: "/v1/messages",
    body: { ...MESSAGE, model: "chatty/m", stream: true },
    whole: { target: "/v1/messages", body: { ...MESSAGE, model: "chatty/m" } },
    ...CHAT_PARTS,
  },
];
