import { afterAll, beforeAll, expect, test } from "bun:test";
import { dataEvent, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { type Rig, startRig } from "../fixtures/start-rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.finish());

/** Longer than what is kept of a stream: the request that it repeats, as in the answers for coding agents. */
const LONG_RESPONSE = { usage: { input_tokens: 1, output_tokens: 2 }, instructions: "be brief ".repeat(2000) };

const CASES = [
  ["/v1/chat/completions", "openai/gpt-4o", "data: [DONE]\n\n"],
  ["/v1/messages", "anthropic/claude", dataEvent({ type: "message_stop" }, "message_stop")],
  [
    "/v1/responses",
    "openai/gpt-4o",
    dataEvent({ type: "response.completed", response: { usage: { input_tokens: 1, output_tokens: 2 } } }),
  ],
  ["/v1/responses", "openai/gpt-4o", dataEvent({ type: "response.completed", response: LONG_RESPONSE })],
] as const;

/** The official clients of Anthropic leave as soon as they have read one. */
const ERRORS = [
  ["/v1/chat/completions", "openai/gpt-4o", dataEvent({ error: { message: "overloaded", code: 529 } })],
  [
    "/v1/messages",
    "anthropic/claude",
    dataEvent({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }, "error"),
  ],
  [
    "/v1/responses",
    "openai/gpt-4o",
    dataEvent(
      { type: "response.failed", response: { id: "r", error: { code: "server_error", message: "broke" } } },
      "response.failed",
    ),
  ],
] as const;

/** Asks for a stream that the provider keeps open behind this, so that the client is the one who ends it. */
async function leaveWith(target: string, model: string, written: string, rest: string) {
  rig.provider.answer(sse([written, rest], { gaps: [undefined, createGate()] }));
  const body = { model, stream: true, max_tokens: 5, input: "hi", messages: [{ role: "user", content: "hi" }] };
  const { id, client } = await rig.call({ target, body });
  await client.head();
  let received = "";
  while (received.length < written.length) received += Buffer.from((await client.nextChunk()) ?? []).toString();
  expect(received).toBe(written);
  client.leave();
  return rig.settled(id);
}

test.each(ERRORS)(
  "a client of %s that leaves with the provider's error has it in the log",
  async (target, model, error) => {
    const line = await leaveWith(target, model, dataEvent({ n: 1 }) + error, "data: more\n\n");
    expect(line).toMatchObject({ level: "warn", outcome: "answered", client_gone: false, failure: "provider_error" });
  },
);

for (const [target, model, lastEvent] of CASES) {
  for (const whole of [true, false]) {
    const outcome = whole ? "answered" : "client_gone";
    test(`a client that leaves ${whole ? "with" : "before"} the last event of ${target} (${lastEvent.length} characters) counts as ${outcome}`, async () => {
      const written = dataEvent({ n: 1 }) + (whole ? lastEvent : "");
      expect(await leaveWith(target, model, written, lastEvent)).toMatchObject({ outcome, client_gone: !whole });
    });
  }
}
