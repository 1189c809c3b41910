import { describe, expect, test } from "bun:test";
import { isJsonObject, type JsonObject } from "../../src/core/json/parse.ts";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import type { ModelAnswer } from "../../src/formats/form/answer.ts";
import type { AnswerEvent } from "../../src/formats/form/answer-events.ts";
import type { ClientAsk, ClientDialect } from "../../src/formats/form/dialect.ts";
import { GEMINI_WIRE } from "../../src/formats/gemini/wire-dialect.ts";
import { MESSAGES_DIALECT } from "../../src/formats/messages/dialect.ts";
import { RESPONSES_DIALECT } from "../../src/formats/responses/dialect.ts";
import { splitEvents } from "../formats/chat/events.ts";
import { conversation, target } from "../formats/gemini/conversations.ts";

const BODY = {
  candidates: [
    {
      content: { parts: [{ text: "I call." }, { functionCall: { id: "c", name: "f" }, thoughtSignature: "Q0FMTA==" }] },
      finishReason: "STOP",
    },
  ],
};
const SIGNED_TEXT = {
  candidates: [{ content: { parts: [{ text: "Hello", thoughtSignature: "VEVYVA==" }] }, finishReason: "STOP" }],
};

function ask(): ClientAsk {
  let id = 0;
  return { model: "m", request: conversation(), newId: () => String(++id).padStart(24, "0"), createdAt: 1 };
}

function read(body: JsonObject): { readonly answer: ModelAnswer; readonly events: readonly AnswerEvent[] } {
  const answer = GEMINI_WIRE.readAnswer(body, target());
  if ("error" in answer) throw new Error(answer.error.message);
  const reader = GEMINI_WIRE.readStream(target());
  const events = [...reader.read({ name: undefined, data: JSON.stringify(body) }), ...reader.end()];
  return { answer, events };
}

const objectsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);

/** What the client says of an answer when it goes on. */
const REPLAYS: readonly (readonly [string, ClientDialect, (written: JsonObject) => JsonObject])[] = [
  [
    "chat",
    CHAT_DIALECT,
    ({ choices }) => ({ messages: [{ role: "user", content: "a" }, objectsOf(choices)[0]?.["message"], AFTER] }),
  ],
  ["responses", RESPONSES_DIALECT, ({ output }) => ({ input: [{ role: "user", content: "a" }, ...objectsOf(output)] })],
  [
    "messages",
    MESSAGES_DIALECT,
    ({ content }) => ({
      max_tokens: 9,
      messages: [
        { role: "user", content: "a" },
        { role: "assistant", content },
      ],
    }),
  ],
];
const AFTER = { role: "user", content: "b" };

describe.each(REPLAYS)("a client of %s", (api, client, replay) => {
  const partsAfter = (body: JsonObject): readonly JsonObject[] => {
    const written = client.writeAnswer(read(body).answer, ask());
    const request = client.readRequest({ model: "m", ...replay(JSON.parse(JSON.stringify(written))) });
    const { body: sent } = GEMINI_WIRE.writeRequest(request, target());
    return objectsOf(objectsOf(sent["contents"])[1]?.["parts"]);
  };

  test("brings the signature of a call back", () => {
    expect(partsAfter(BODY)).toMatchObject([{ text: "I call." }, { functionCall: {}, thoughtSignature: "Q0FMTA==" }]);
    expect(partsAfter(BODY)[0]).not.toHaveProperty("thoughtSignature");
  });

  // Claude Code takes the last block of a message for the answer: nothing may come behind a text.
  test(`brings that of a text ${api === "messages" ? "not " : ""}back`, () => {
    const signed = api === "messages" ? {} : { thoughtSignature: "VEVYVA==" };
    expect(partsAfter(SIGNED_TEXT)).toEqual([{ text: "Hello", ...signed }]);
  });

  test("is told of them in streams as in whole answers", () => {
    for (const body of [BODY, SIGNED_TEXT]) {
      const { answer, events } = read(body);
      const envelopes = (text: string): string[] => text.match(/gw1\.[\w./-]+/g) ?? [];
      const writer = client.writeStream(ask());
      const stream = events.map((event) => writer.write(event)).join("") + writer.end();
      const whole = JSON.stringify(client.writeAnswer(answer, ask()));
      expect(new Set(envelopes(stream))).toEqual(new Set(envelopes(whole)));
      expect(splitEvents(stream).length).toBeGreaterThan(2);
    }
  });
});

const PICTURE = {
  candidates: [{ content: { parts: [{ inlineData: { mimeType: "image/png", data: "AA==" } }] }, finishReason: "STOP" }],
};

test("a picture that the model made has its place if the client's API has one", () => {
  const { answer, events } = read(PICTURE);
  const streamOf = (client: ClientDialect): string => {
    const writer = client.writeStream(ask());
    return events.map((event) => writer.write(event)).join("") + writer.end();
  };
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
  expect(CHAT_DIALECT.writeAnswer(answer, ask())).toMatchObject({ choices: [{ message: { images: [image] } }] });
  expect(streamOf(CHAT_DIALECT)).toContain(JSON.stringify({ images: [image] }).slice(1, -1));
  const item = { type: "image_generation_call", status: "completed", result: "AA==", output_format: "png" };
  expect(RESPONSES_DIALECT.writeAnswer(answer, ask())).toMatchObject({ output: [item] });
  expect(streamOf(RESPONSES_DIALECT)).toContain('"result":"AA=="');
  expect(MESSAGES_DIALECT.writeAnswer(answer, ask())).toMatchObject({ content: [] });
});
