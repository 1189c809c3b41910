import type { Usage } from "../../../formats/form/answer.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { Block } from "../../../formats/form/blocks.ts";
import type { AnswerStreamWriter, ClientAsk, ClientDialect } from "../../../formats/form/dialect.ts";
import { eventsOf } from "../../../formats/form/events-of-answer.ts";

/** The client's one stream, which the answers of all steps are written to. */
export interface ClientWriter extends AnswerStreamWriter {
  /** The number of the next block among all that the client sees. */
  newBlock(): number;
  /** Whether anything was written. */
  readonly hasBegun: boolean;
  /** Tells what all steps together have used. */
  usage(usage: Usage | undefined): string;
}

/** @param before what steps have said that were not streamed */
export function openClientWriter(client: ClientDialect, ask: ClientAsk, before: readonly Block[]): ClientWriter {
  const writer = client.writeStream(ask);
  let blocks = 0;
  let hasBegun = false;
  let hasStarted = false;

  const begun = (text: string): string => {
    hasBegun ||= text !== "";
    return text;
  };

  /** What is said first, behind the start. */
  const preface = (): string => {
    let text = "";
    const told = {
      id: undefined,
      model: undefined,
      blocks: before,
      stop: { reason: "end" },
      usage: undefined,
    } as const;
    for (const event of eventsOf(told)) if ("block" in event) text += writer.write(event);
    blocks = before.length;
    return text;
  };

  return {
    get hasBegun() {
      return hasBegun;
    },
    get held() {
      return writer.held ?? 0;
    },
    newBlock: () => blocks++,
    write(event: AnswerEvent) {
      if (event.type !== "start") return begun(writer.write(event));
      // One answer begins once; only its id may be that of a later step.
      if (hasStarted) return ask.keepsId ? begun(writer.write(event)) : "";
      hasStarted = true;
      const text = writer.write(event);
      return begun(before.length > 0 ? text + preface() : text);
    },
    usage: (usage) => (usage ? begun(writer.write({ type: "usage", usage })) : ""),
    end: () => begun(writer.end()),
  };
}
