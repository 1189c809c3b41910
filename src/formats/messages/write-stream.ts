import type { AnswerError, Stop, Usage } from "../form/answer.ts";
import type { AnswerStreamWriter, ClientAsk } from "../form/dialect.ts";
import { ANSWER_BROKE_OFF, stopError, TOO_MIXED } from "../form/stream-faults.ts";
import { errorType } from "./error-type.ts";
import { writeStop } from "./stop-reason.ts";
import { writeEvent } from "./stream-events.ts";
import { writeDeltaUsage, writeUsage } from "./usage.ts";
import { messageHead } from "./write-answer.ts";
import { MAX_HELD, StreamBlockWriter } from "./write-stream-blocks.ts";

/** Writes a stream for a client of the Messages API. https://docs.anthropic.com/en/docs/build-with-claude/streaming */
export function writeStream(ask: ClientAsk): AnswerStreamWriter {
  const blocks = new StreamBlockWriter();
  let hasStarted = false;
  let isOver = false;
  let stop: Stop | undefined;
  let usage: Usage | undefined;

  const start = (): string => {
    if (hasStarted) return "";
    hasStarted = true;
    return startEvent(ask);
  };

  const fail = (error: AnswerError): string => {
    isOver = true;
    return errorEvent(error);
  };

  return {
    get held() {
      return blocks.held;
    },
    write(event) {
      if (isOver) return "";
      switch (event.type) {
        case "start":
          return start();
        case "usage":
          ({ usage } = event);
          return "";
        case "stop":
          if (event.stop.reason === "error") return fail(stopError(event.stop));
          ({ stop } = event);
          return start() + blocks.end();
        case "fail":
          return fail(event.error);
        default: {
          const written = start() + blocks.write(event);
          return blocks.held > MAX_HELD ? written + fail(TOO_MIXED) : written;
        }
      }
    },
    end() {
      if (isOver) return "";
      if (!stop) return fail(ANSWER_BROKE_OFF);
      isOver = true;
      const delta = writeStop(stop, blocks.hasCalls);
      const last = writeEvent("message_delta", { delta, usage: writeDeltaUsage(usage) });
      return blocks.end() + last + writeEvent("message_stop", {});
    },
  };
}

/** Nothing is known of usage yet; clients that show it go by the beginning, so that an estimate is better than nothing. */
function startEvent(ask: ClientAsk): string {
  const message = {
    ...messageHead(ask),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: { ...writeUsage(undefined), input_tokens: ask.estimatedInput ?? 0 },
  };
  return writeEvent("message_start", { message });
}

const errorEvent = (error: AnswerError): string =>
  writeEvent("error", { error: { type: errorType(error), message: error.message } });
