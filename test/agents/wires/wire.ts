import { isJsonObject, type JsonObject } from "../../../src/core/json/parse.ts";
import type { Round, Step } from "../step.ts";

/** One API of the scripted provider. */
export interface ScriptedWire {
  /** Whether requests to that path are for it. */
  matches(path: string): boolean;
  read(body: Body): Round;
  /** The answer, as a stream if the request asks for one. */
  play(step: Step, ask: Ask): Response;
}

export type Body = JsonObject;

export interface Ask {
  readonly body: Body;
  readonly path: string;
  /** Number of the request; makes ids. */
  readonly id: number;
  readonly round: Round;
}

/** A text in two pieces, cut between characters. */
export function halves(text: string): readonly string[] {
  const characters = Array.from(text);
  const middle = characters.length >> 1;
  return [characters.slice(0, middle).join(""), characters.slice(middle).join("")].filter((piece) => piece !== "");
}

export interface ServerSentEvent {
  readonly name?: string;
  readonly data: unknown;
}

/** Sends events one at a time, as a provider does. */
export function stream(events: readonly ServerSentEvent[]): Response {
  const encoder = new TextEncoder();
  let next = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const event = events[next++];
      if (!event) return controller.close();
      await Bun.sleep(1);
      const data = typeof event.data === "string" ? event.data : JSON.stringify(event.data);
      controller.enqueue(encoder.encode(`${event.name ? `event: ${event.name}\n` : ""}data: ${data}\n\n`));
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** The objects of a list; none if it is no list. */
export function objectsOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** The texts that are there. */
export const namesOf = (values: readonly unknown[]): readonly string[] =>
  values.filter((value) => typeof value === "string");

/** How many runs of items without a break there are for which something holds. */
export function countRuns(items: readonly JsonObject[], holds: (item: JsonObject) => boolean): number {
  return items.filter((item, index) => holds(item) && !(index > 0 && holds(items[index - 1] ?? {}))).length;
}
