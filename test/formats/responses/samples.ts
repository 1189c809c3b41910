import type { ClientAsk, WireTarget } from "../../../src/formats/form/dialect.ts";
import { factsOf } from "../../../src/formats/form/model-facts.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import type { JsonObject } from "../../../src/core/json/parse.ts";

/** A provider of the API, asked for a model. */
export const target = (model = "gpt-4o", provider = "openai"): WireTarget => ({
  provider,
  model,
  facts: factsOf(model),
});

/** A client's request, read, with ids that count up. */
export function ask(body: JsonObject = {}): ClientAsk {
  let ids = 0;
  return {
    model: "provider/model",
    request: RESPONSES_DIALECT.readRequest({ model: "provider/model", input: "Hello", ...body }),
    newId: () => String(++ids).padStart(24, "0"),
    createdAt: 1_700_000_000,
  };
}

export interface WrittenEvent {
  readonly name: string;
  readonly data: JsonObject;
}

/** The events of a written stream. */
export function eventsOf(text: string): WrittenEvent[] {
  return text
    .split("\n\n")
    .filter((event) => event !== "")
    .map((event) => {
      const [, name = "", data = ""] = /^event: ([^\n]+)\ndata: ([^\n]+)$/.exec(event) ?? [];
      return { name, data: JSON.parse(data) as JsonObject };
    });
}
