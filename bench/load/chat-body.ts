import { type Answer, modelOf } from "../targets/provider-answers.ts";

const SENTENCES = `Summarise the "incident" of last night:\n- the queue grew to 12,000 entries;\n- latency rose from 80 ms to 4 s;\n- order 7 was lost.\n\tWhat should we check first? `;
const TURN = SENTENCES.repeat(13);
// Real conversations are ASCII but for a few turns; even one of them keeps a runtime from its fastest decoding.
const TURN_WITH_SYMBOLS = TURN.replace("order 7", "caf\u00e9 order \u2116 7 \u2705");
const TURNS_PER_SYMBOL = 8;
const TURN_BYTES = Buffer.byteLength(JSON.stringify({ role: "assistant", content: TURN_WITH_SYMBOLS })) + 1;

/** What can differ in a chat request beside its answer and its size. */
export interface ChatOptions {
  /** As the answer is unless given. */
  readonly stream?: boolean;
  /** The id by which the gateway knows the mock provider; `openai` unless given. */
  readonly provider?: string;
}

/**
 * A chat completion request of about the given size, made of turns of 2 KB like a long conversation.
 * @param bytes size of the encoded request; the result is never more than 4 bytes off, but not below what a request needs
 */
export function chatBody(answer: Answer, bytes: number, options: ChatOptions = {}): Buffer {
  const { stream = answer !== "json", provider = "openai" } = options;
  const messages = [{ role: "system", content: "You are a helpful assistant." }];
  const request = { model: `${provider}/${modelOf(answer)}`, ...(stream && { stream }), messages };
  const encode = (): Buffer => Buffer.from(JSON.stringify(request));
  const turns = Math.max(0, Math.floor((bytes - 256) / TURN_BYTES));
  for (let index = 0; index < turns; index += 1) {
    const content = index % TURNS_PER_SYMBOL === 0 ? TURN_WITH_SYMBOLS : TURN;
    messages.push({ role: index % 2 === 0 ? "user" : "assistant", content });
  }
  const question = { role: "user", content: "" };
  messages.push(question);
  question.content = "Say hello. ".repeat(Math.ceil(bytes / 11)).slice(0, Math.max(10, bytes - encode().length));
  return encode();
}
