import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError, Stop, Usage } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { ClientAsk } from "../form/dialect.ts";
import { createAnswerBlocks } from "./answer-blocks.ts";
import { writeAnswerError } from "./answer-error.ts";
import { createOutputItems } from "./output-items.ts";
import { writeStop } from "./stop-reason.ts";
import { writeUsage } from "./usage.ts";

/** The last event repeats the whole answer, so all of it is held. */
const MAX_HELD_CHARACTERS = 16 * 1024 * 1024;

/** Makes one response of the events of an answer. */
export interface ResponseWriter {
  add(event: AnswerEvent): void;
  /** After the last event: writes the event that ends the response. */
  end(): void;
  /** How much of texts is held, in UTF-16 units. */
  readonly held: number;
  /** The response as it is now, without what repeats the request. */
  response(): JsonObject;
}

/** Takes each event of the stream; those of the whole response come with a way to make it. */
export type EmitEvent = (type: string, members: JsonObject, response?: () => JsonObject) => void;

/** The one way in which responses are written, whole ones and streams, so that both say the same. */
export function createResponseWriter(ask: ClientAsk, emit: EmitEvent): ResponseWriter {
  let id = ask.stored?.id ?? ask.id ?? `resp_${ask.newId()}`;
  const items = createOutputItems(emit, ask.newId, ask.itemIds);
  const blocks = createAnswerBlocks(ask, items);
  let stop: Stop | undefined;
  let usage: Usage | undefined;
  let failure: AnswerError | undefined;
  let hasStarted = false;
  let held = 0;

  const response = (): JsonObject => ({
    id,
    object: "response",
    created_at: ask.createdAt,
    ...describeOutcome(stop, failure, ask.createdAt),
    output: items.list(),
    usage: writeUsage(usage),
  });

  function start(): void {
    if (hasStarted) return;
    hasStarted = true;
    emit("response.created", {}, response);
    emit("response.in_progress", {}, response);
  }

  function fail(error: AnswerError): void {
    if (failure) return;
    failure = error;
    if (hasStarted) emit("response.failed", {}, response);
    else emit("error", { ...writeAnswerError(error), param: null });
  }

  return {
    get held() {
      return held;
    },
    add(event) {
      if (failure) return;
      if (event.type === "fail") return fail(event.error);
      if (event.type === "start" && ask.keepsId && !ask.stored && event.id !== undefined) ({ id } = event);
      start();
      if (event.type === "stop") stop = event.stop;
      if (event.type === "usage") usage = event.usage;
      if (event.type === "piece") held += event.text.length;
      if (held > MAX_HELD_CHARACTERS) fail({ message: "the answer is too long", type: undefined, code: undefined });
      else blocks.add(event);
    },
    end() {
      if (failure) return;
      if (!stop) return fail({ message: "the answer broke off", type: undefined, code: undefined });
      start();
      blocks.end(stop);
      emit(`response.${String(writeStop(stop)["status"])}`, {}, response);
    },
    response,
  };
}

/** The members that say how far a response is. */
function describeOutcome(stop: Stop | undefined, failure: AnswerError | undefined, endedAt: number): JsonObject {
  const open = { status: "in_progress", completed_at: null, error: null, incomplete_details: null };
  if (failure) return { ...open, status: "failed", error: writeAnswerError(failure) };
  if (!stop) return open;
  const ended = { ...open, ...writeStop(stop) };
  return ended["status"] === "completed" ? { ...ended, completed_at: endedAt } : ended;
}
