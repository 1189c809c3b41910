import type { JsonObject } from "../../core/json/parse.ts";
import type { ModelAnswer } from "../form/answer.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { eventsOf } from "../form/events-of-answer.ts";
import { echoRequest } from "./response-object.ts";
import { createResponseWriter } from "./response-writer.ts";

/** Writes a whole answer for a client of OpenAI's Responses API. */
export function writeAnswer(answer: ModelAnswer, ask: ClientAsk): JsonObject {
  const writer = createResponseWriter(ask, () => {});
  for (const event of eventsOf(answer)) writer.add(event);
  writer.end();
  return { ...writer.response(), ...echoRequest(ask) };
}
