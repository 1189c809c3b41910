import { parseJson, type JsonObject } from "../../core/json/parse.ts";
import type { AnswerError } from "../form/answer.ts";
import type { AnswerEvent } from "../form/answer-events.ts";
import type { AnswerStreamReader, WireTarget } from "../form/dialect.ts";
import { clientToolNames } from "../form/tool-names.ts";
import { readAnswerError } from "./answer-error.ts";
import { isSet, objectOf, textOf } from "../../core/json/values.ts";
import { readStop, type Held } from "./stop-reason.ts";
import { createStreamItems } from "./stream-items.ts";
import { originOf } from "./thinking.ts";
import { readUsage } from "./usage.ts";

/** Reads the stream of a response, which ends with the event of the whole response. */
export function readStream({ provider, tools }: WireTarget): AnswerStreamReader {
  const held: Held = { hasCalls: false, hasRefusal: false };
  let events: AnswerEvent[] = [];
  let blocks = 0;
  let hasStarted = false;
  let isOver = false;

  const emit = (event: AnswerEvent): void => {
    if (event.type === "open") {
      if (event.opened.type === "call") held.hasCalls = true;
      if (event.opened.type === "text" && event.opened.isRefusal) held.hasRefusal = true;
    }
    events.push(event);
  };
  const items = createStreamItems({
    emit,
    newBlock: () => blocks++,
    origin: originOf(provider),
    toolName: clientToolNames(tools),
  });

  function start(response: JsonObject | undefined): void {
    if (hasStarted) return;
    hasStarted = true;
    emit({ type: "start", id: textOf(response?.["id"]), model: textOf(response?.["model"]) });
  }

  function fail(error: AnswerError): void {
    isOver = true;
    emit({ type: "fail", error });
  }

  function finish(response: JsonObject): void {
    if (isSet(response["error"]) || response["status"] === "failed" || response["status"] === "cancelled") {
      return fail(readAnswerError(response));
    }
    items.end(response);
    const usage = readUsage(response["usage"]);
    if (usage) emit({ type: "usage", usage });
    emit({ type: "stop", stop: readStop(response, held) });
    isOver = true;
  }

  function readEvent(event: JsonObject): void {
    const type = textOf(event["type"]) ?? "";
    const response = objectOf(event["response"]);
    if (type === "error" || (type === "" && isSet(event["error"]))) return fail(readAnswerError(event));
    if (type === "response.failed" || type === "response.cancelled") return fail(readAnswerError(response ?? event));
    if (!type.startsWith("response.")) return;
    start(response);
    if (type === "response.completed") return finish(response ?? {});
    if (type === "response.incomplete") return finish({ status: "incomplete", ...response });
    items.read(type, event);
  }

  function read(data: string): void {
    if (isOver || data === "" || data === "[DONE]") return;
    const event = objectOf(parseJson(data));
    if (event) readEvent(event);
    else fail({ message: "the provider sent an event that is no JSON object", type: undefined, code: undefined });
  }

  return {
    get isComplete() {
      return isOver;
    },
    read({ data }) {
      events = [];
      read(data);
      return events;
    },
    end() {
      events = [];
      if (!isOver) fail({ message: "the provider's stream broke off", type: undefined, code: undefined });
      return events;
    },
  };
}
