/** How the mock upstream answers a chat request; the model name in the request tells it. */
export const ANSWERS = {
  /** One small JSON completion. */
  json: "openai/gpt-4o-mini",
  /** A stream of one event every 20 ms. */
  paced: "openai/gpt-4o-mini-paced",
  /** A stream written as fast as the connection takes it. */
  burst: "openai/gpt-4o-mini-burst",
  /** A stream of one event every 500 ms that never ends. */
  held: "openai/gpt-4o-mini-held",
} as const;
export type Answer = keyof typeof ANSWERS;

/** Events of a whole answer, without the closing `[DONE]`; 0 for an answer that is no stream or does not end. */
export const EVENT_COUNTS = { json: 0, paced: 64, burst: 500, held: 0 } as const satisfies Record<Answer, number>;

const SENTENCES = `Summarise the "incident" of last night:\n- the queue grew to 12,000 entries;\n- latency rose from 80 ms to 4 s;\n- order 7 was lost.\n\tWhat should we check first? `;
const TURN = SENTENCES.repeat(13);
// Real conversations are ASCII but for a few turns; even one of them keeps a runtime from its fastest decoding.
const TURN_WITH_SYMBOLS = TURN.replace("order 7", "caf\u00e9 order \u2116 7 \u2705");
const TURNS_PER_SYMBOL = 8;
const TURN_BYTES = Buffer.byteLength(JSON.stringify({ role: "assistant", content: TURN_WITH_SYMBOLS })) + 1;

/**
 * A chat completion request of about the given size, made of turns of 2 KB like a long conversation.
 * @param bytes size of the encoded request; the result is never more than 4 bytes off, but not below what a request needs
 */
export function chatBody(answer: Answer, bytes: number): Uint8Array {
  const stream = answer === "json" ? {} : { stream: true };
  const messages = [{ role: "system", content: "You are a helpful assistant." }];
  const encode = (): Buffer => Buffer.from(JSON.stringify({ model: ANSWERS[answer], ...stream, messages }));
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
