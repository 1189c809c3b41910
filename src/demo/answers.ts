import type { JsonObject } from "../core/json/parse.ts";
import { DIALECTS } from "../formats/dialects.ts";
import type { AnswerEvent } from "../formats/form/answer-events.ts";
import { CannotTranslate } from "../formats/form/dialect.ts";
import type { TranslatedApi } from "../formats/wires.ts";
import { countWords, nextStep, wordsOf } from "./model.ts";

/** `created` of everything that the demo provider makes: 2025-01-01T00:00:00Z, fixed so that answers repeat byte for byte. */
export const CREATED = 1_735_689_600;
export const CHAT_MODEL = "demo-chat";

/** An answer in one piece, as JSON, and as the texts of a stream's events, if there can be one. */
export interface Answer {
  readonly whole: string;
  readonly events?: readonly string[];
}

/** What no chat with the demo uses, so that its answers can be read. Behind an escaped quote it is what somebody said. */
const UNUSED = /,"(?:annotations|service_tier|system_fingerprint|\w+_tokens_details)":(?:null|\[\]|\{[^{}]*\})/g;
const UNSAID = { cacheRead: undefined, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: undefined };

/**
 * What the demo model says: read and written in an API of clients just as the gateway does it when it translates.
 * @param digest of the request: all ids are made of it
 * @throws CannotTranslate if the request says nothing, or something that cannot be answered
 */
export async function answer(api: TranslatedApi, body: JsonObject, digest: string) {
  const client = await DIALECTS[api]();
  const request = client.readRequest(body);
  if (request.turns.length === 0) throw new CannotTranslate("messages", "there is nothing to answer");
  const step = nextStep(request);
  const [name, input, all] =
    typeof step === "string" ? ["", "", wordsOf(step)] : [step[0], JSON.stringify(step[1]), []];
  const call = { type: "call", id: `call_demo_${digest}`, name, kind: "function" } as const;
  const words = all.slice(0, request.limits.maxOutputTokens);
  const pieces = name === "" ? words : (input.match(/.{1,12}/gsu) ?? []);
  const reason = name === "" ? (words.length < all.length ? "length" : "end") : "tool";
  const output = name === "" ? words.length : wordsOf(`${name} ${input}`).length;
  const usage = { ...UNSAID, input: countWords(request), output };
  const events: readonly AnswerEvent[] = [
    { type: "start", id: undefined, model: undefined },
    { type: "open", block: 0, opened: name === "" ? { type: "text", isRefusal: false } : call },
    ...pieces.map((text) => ({ type: "piece", block: 0, text }) as const),
    { type: "close", block: 0 },
    { type: "stop", stop: { reason } },
    { type: "usage", usage },
  ];
  const newId = (): string => `demo-${digest}`;
  const ask = { model: CHAT_MODEL, request, newId, createdAt: CREATED, estimatedInput: usage.input };
  const blocks = [name === "" ? ({ type: "text", text: words.join("") } as const) : { ...call, input }];
  const writer = client.writeStream(ask);
  const written = client.writeAnswer({ id: undefined, model: undefined, blocks, stop: { reason }, usage }, ask);
  const texts = [...events.map((event) => writer.write(event)), writer.end()].filter((text) => text !== "");
  const shorten = (text: string): string => (api === "chat" ? text.replace(UNUSED, "") : text);
  return { whole: shorten(JSON.stringify(written)), events: texts.map(shorten), written, input_tokens: usage.input };
}
