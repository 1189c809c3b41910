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

for (const [target, model, lastEvent] of CASES) {
  for (const whole of [true, false]) {
    const outcome = whole ? "answered" : "client_gone";
    test(`a client that leaves ${whole ? "with" : "before"} the last event of ${target} (${lastEvent.length} characters) counts as ${outcome}`, async () => {
      // The provider keeps its stream open after the last event, so the client is the one who ends it.
      const firstWrite = dataEvent({ n: 1 }) + (whole ? lastEvent : "");
      rig.provider.answer(sse([firstWrite, lastEvent], { gaps: [undefined, createGate()] }));
      const body = {
        model,
        stream: true,
        max_tokens: 5,
        input: "hi",
        messages: [{ role: "user", content: "hi" }],
      };
      const { id, client } = await rig.call({ target, body });
      await client.head();
      let received = "";
      while (received.length < firstWrite.length) received += Buffer.from((await client.nextChunk()) ?? []).toString();
      expect(received).toBe(firstWrite);
      client.leave();
      expect(await rig.settled(id)).toMatchObject({ outcome, client_gone: !whole });
    });
  }
}
