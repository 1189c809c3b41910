import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { Conversation } from "../../../src/formats/form/conversation.ts";
import type { ClientAsk, WireTarget } from "../../../src/formats/form/dialect.ts";
import { factsOf } from "../../../src/formats/form/model-facts.ts";
import { readRequest } from "../../../src/formats/chat/read-request.ts";

export const targetOf = (provider: string, model = "some-model"): WireTarget => ({
  provider,
  model,
  facts: factsOf(model),
});

/** A request with members of OpenAI's API, read into the form. */
export const conversationOf = (members: JsonObject): Conversation =>
  readRequest({ model: "m", messages: [{ role: "user", content: "Hello" }], ...members });

/** What the writers of a client's answer are asked with. */
export const askOf = (request: JsonObject = {}): ClientAsk => ({
  model: "client/model",
  request: conversationOf(request),
  newId: () => "0123456789abcdefghijklmn",
  createdAt: 1_700_000_000,
});

export const answerOf = (members: Partial<ModelAnswer>): ModelAnswer => ({
  id: "a1",
  model: "some-model",
  blocks: [],
  stop: { reason: "end" },
  usage: undefined,
  ...members,
});
