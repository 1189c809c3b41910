import type { AnswerStreamWriter, ClientAsk } from "../form/dialect.ts";
import { echoRequest } from "./response-object.ts";
import { createResponseWriter } from "./response-writer.ts";

/** Writes the stream of a response. It ends with the event of the whole response; the API has no `[DONE]`. */
export function writeStream(ask: ClientAsk): AnswerStreamWriter {
  let sequence = 0;
  let texts: string[] = [];
  // Written once: an agent's tools are much longer than the rest of a response.
  let echo: string | undefined;

  const writer = createResponseWriter(ask, (type, members, response) => {
    const head = JSON.stringify({ type, sequence_number: sequence, ...members });
    sequence += 1;
    if (!response) {
      texts.push(`event: ${type}\ndata: ${head}\n\n`);
      return;
    }
    echo ??= JSON.stringify(echoRequest(ask)).slice(1);
    const own = JSON.stringify(response()).slice(0, -1);
    texts.push(`event: ${type}\ndata: ${head.slice(0, -1)},"response":${own},${echo}}\n\n`);
  });

  function take(): string {
    const text = texts.length === 1 ? (texts[0] ?? "") : texts.join("");
    texts = [];
    return text;
  }

  return {
    get sequence() {
      return sequence;
    },
    set sequence(next) {
      sequence = next;
    },
    get held() {
      return writer.held;
    },
    write(event) {
      writer.add(event);
      return take();
    },
    end() {
      writer.end();
      return take();
    },
  };
}
