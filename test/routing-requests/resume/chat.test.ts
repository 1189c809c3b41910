import { describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { chunk, end, head, reset } from "../../fixtures/script.ts";
import {
  BEGUN,
  BREAKS,
  broken,
  chatAsk,
  chatChunk,
  DONE,
  EVENT_STREAM,
  goneOn,
  messagesRest,
  QUESTION,
  rest,
  start,
} from "./broken-streams.ts";

const PATH = "/v1/chat/completions";
const ERROR = dataEvent({ error: { message: "it is too much", type: "overloaded_error", code: 529 } });

describe("a chat stream that breaks off", () => {
  test.each([...BREAKS, ["reports an error", () => [chunk(ERROR), end()]] as const])(
    "goes on elsewhere if it %s",
    async (_, ending) => {
      await using rig = await start();
      rig.left.answer(broken(BEGUN, ending()));
      rig.right.answer(rest([", wor", "ld"]));
      const response = await rig.post(PATH, { ...chatAsk, max_tokens: 50 });
      const text = await response.text();
      expect(text).toBe(
        [...BEGUN, goneOn({ content: ", wor" }), goneOn({ content: "ld" }), goneOn({}, "stop"), DONE].join(""),
      );
      const { body } = rig.right.requests.at(-1) ?? {};
      expect(JSON.parse(String(body && Buffer.from(body)))).toEqual({
        model: "right-model",
        messages: [QUESTION, { role: "assistant", content: "Hello" }],
        ...{ stream: true, stream_options: { include_usage: true } },
        ...{ add_generation_prompt: false, continue_final_message: true },
        max_tokens: 48,
      });
      const line = await rig.lineOf(response);
      expect(line).toMatchObject({ alias: "fast", attempts: 2, provider: "right", model: "right-model", status: 200 });
      expect(line["tried"]).toEqual([expect.stringMatching(/^left\/left-model /), "right/right-model answered"]);
      expect(line["failure"]).toBeUndefined();
      // Of the prompt of 30, two are the beginning of the answer.
      expect(line).toMatchObject({ input_tokens: 28, output_tokens: 6 });
    },
  );
});
