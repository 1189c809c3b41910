import type { JsonLimits } from "../../../core/json/limits.ts";
import { EventReader, EventTooLong } from "../../../core/sse/event-reader.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerStreamReader, WireDialect, WireTarget } from "../../../formats/form/dialect.ts";
import { BrokenFrame, type FrameReader } from "../../../formats/form/framing.ts";
import type { EventContent } from "../../../formats/first-content.ts";
import type { ContentSearch } from "../../../pipeline/stream/await-content.ts";
import type { JudgedAs } from "../../../pipeline/route/judge-reply.ts";
import type { AdmittedRequest } from "../../../pipeline/stage.ts";
import { answerFailure } from "../../../pipeline/translate/answer-failure.ts";
import { readWholeAnswer } from "../../../pipeline/translate/read-whole-answer.ts";
import { framingOf } from "../../../pipeline/translate/translated-answer.ts";

/** An event of which more than this has come says something, whatever it is. */
const MAX_EVENT_CHARACTERS = 256 * 1024;

/** What the answers of a step are judged by, which are in the words of its provider. */
export function judgedAs(
  { format, target: { provider }, body, attempts: { request: stop } }: AdmittedRequest,
  wire: WireDialect,
  target: WireTarget,
  jsonLimits: JsonLimits,
): JudgedAs {
  return {
    format,
    provider,
    isArray: false,
    isTranslated: true,
    streamAsked: body.value["stream"] === true,
    wire: {
      isFramed: (response) => framingOf(wire, response) !== undefined,
      searchContent: (response) => createFormSearch(wire.readStream(target), framingOf(wire, response)?.open()),
      async check(bytes, response) {
        const answer = await readWholeAnswer(bytes, { wire, target, provider, jsonLimits, stop });
        if ("error" in answer) throw answerFailure(answer.error, { provider, format, response });
      },
    },
  };
}

/** Looks at the pieces of a stream as its reader understands them. */
function createFormSearch(
  reader: AnswerStreamReader,
  frames: FrameReader = new EventReader(MAX_EVENT_CHARACTERS),
): ContentSearch {
  let seen: Exclude<EventContent, "none"> | undefined;
  return (piece) => {
    try {
      frames.push(piece, (event) => {
        for (const read of seen ? [] : reader.read(event)) {
          const said = contentOf(read);
          if (said !== "none") seen ??= said;
        }
      });
    } catch (error) {
      // Whoever reads it says so.
      if (!(error instanceof EventTooLong || error instanceof BrokenFrame)) throw error;
      seen ??= "content";
    }
    return seen;
  };
}

/** Thoughts and texts say something with their first piece; a plain end says nothing if nothing came before. */
function contentOf(event: AnswerEvent): EventContent {
  switch (event.type) {
    case "fail":
      return { error: event.error };
    case "open":
      return event.opened.type === "text" || event.opened.type === "thinking" ? "none" : "content";
    case "stop":
      return event.stop.reason === "end" ? "none" : "content";
    case "piece":
    case "seal":
      return "content";
    default:
      return "none";
  }
}
