import type { JsonObject } from "../../core/json/parse.ts";
import type { AnswerError, Stop, Usage } from "../form/answer.ts";
import type { AnswerStreamWriter, ClientAsk } from "../form/dialect.ts";
import { ANSWER_BROKE_OFF, stopError, TOO_MIXED } from "../form/stream-faults.ts";
import { headOf, showsThoughts, writeGrounding, writeResponse } from "./write-answer.ts";
import { writeError } from "./write-error.ts";
import { writeFinishReason } from "./write-finish-reason.ts";
import { MAX_HELD, StreamPartWriter } from "./write-stream-parts.ts";

/**
 * Writes a stream for a client of Gemini's API: events, or one JSON array. Each chunk is a whole response with what is new.
 * https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
 */
export function writeStream(ask: ClientAsk): AnswerStreamWriter {
  const head = headOf(ask);
  const parts = new StreamPartWriter(showsThoughts(ask));
  const write = ask.isArray ? arrayFraming() : EVENT_FRAMING;
  let isOver = false;
  let stop: Stop | undefined;
  let usage: Usage | undefined;

  // Most chunks are these: what is the same in all of them is written once, which halves the cost of a piece.
  const behind = `],"role":"model"},"index":0}],${JSON.stringify(head).slice(1)}`;
  const chunks = (said: readonly JsonObject[]): string => {
    let written = "";
    for (const part of said) written += write.element(BEFORE_PART + JSON.stringify(part) + behind);
    return written;
  };

  const fail = (error: AnswerError): string => {
    isOver = true;
    return write.element(JSON.stringify(writeError(error))) + write.end();
  };

  return {
    get held() {
      return parts.held;
    },
    write(event) {
      if (isOver) return "";
      switch (event.type) {
        case "start":
          return "";
        case "usage":
          ({ usage } = event);
          return "";
        case "stop":
          if (event.stop.reason === "error") return fail(stopError(event.stop));
          ({ stop } = event);
          return chunks(parts.end());
        case "fail":
          return fail(event.error);
        default: {
          const written = chunks(parts.write(event));
          return parts.held > MAX_HELD ? written + fail(TOO_MIXED) : written;
        }
      }
    },
    end() {
      if (isOver) return "";
      if (!stop) return fail(ANSWER_BROKE_OFF);
      isOver = true;
      const rest = chunks(parts.end());
      const last = { ...writeFinishReason(stop), ...writeGrounding(parts.annotations), usage };
      return rest + write.element(JSON.stringify(writeResponse(head, parts.takeLast(), last))) + write.end();
    },
  };
}

const BEFORE_PART = '{"candidates":[{"content":{"parts":[';

interface Framing {
  element(json: string): string;
  end(): string;
}

const EVENT_FRAMING: Framing = {
  element: (json) => `data: ${json}\n\n`,
  end: () => "",
};

/** One JSON array, which clients can read element by element. */
function arrayFraming(): Framing {
  let before = "[";
  return {
    element(json) {
      const written = before + json;
      before = ",\r\n";
      return written;
    },
    end: () => "\r\n]",
  };
}
