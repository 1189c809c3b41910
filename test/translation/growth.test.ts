import { describe, expect, test } from "bun:test";
import { isJsonObject, type JsonObject } from "../../src/core/json/parse.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import { CannotTranslate } from "../../src/formats/form/dialect.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { TRANSLATED_APIS, WIRES } from "../../src/formats/wires.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";
import { ANSWERS, REQUESTS } from "./full-samples.ts";

/** What texts are made of for which something is searched, escaped or told apart, many in a row. */
const PIECES = ["_", "aB", '"', "\\", "<", "<think>", "{", " ", ".", "data:", "&", "\ud800"];

/** Of all texts and names of a sample, each. */
const CHARACTERS = 6000;

/** They say what something is, and are none of the client's words. */
const KINDS: ReadonlySet<string> = new Set([
  ...[
    "type",
    "role",
    "mode",
    "status",
    "object",
    "model",
    "finish_reason",
    "finishReason",
    "stopReason",
    "stop_reason",
  ],
  ...["syntax", "effort", "format", "media_type", "mimeType", "category", "threshold", "properties"],
]);

/** A sample with a text in place of each of its texts, before each name that it may choose, and as the name of one more member. */
function filled(value: unknown, text: string, mayChoose = false): unknown {
  if (typeof value === "string") return text;
  if (Array.isArray(value)) return value.map((each) => filled(each, text));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => {
    const choosesNames = ["properties", "input", "args", "metadata", "labels"].includes(name);
    const isKind = KINDS.has(name) && typeof member === "string" && !mayChoose;
    return [mayChoose ? text + name : name, isKind ? member : filled(member, text, choosesNames)];
  });
  return { ...Object.fromEntries(entries), [`a${text}`]: text };
}

const facts = factsOf("some-model");

/** What cannot be translated is refused. */
function unlessRefused<Result>(translate: () => Result): Result | undefined {
  try {
    return translate();
  } catch (error) {
    if (!(error instanceof CannotTranslate)) throw error;
    return undefined;
  }
}

describe.each(PIECES)("many of %j in all texts and names take time by their length", (piece) => {
  const sample = (of: JsonObject, size: number): JsonObject =>
    filled(of, piece.repeat(Math.ceil(size / piece.length))) as JsonObject;

  test.each(TRANSLATED_APIS)("in requests of %s", async (api) => {
    const client = await DIALECTS[api]();
    const wires = await Promise.all(WIRES.map((wire) => DIALECTS[wire]()));
    const make = (size: number) => {
      const body = sample(REQUESTS[api], size);
      return () => {
        const asked = unlessRefused(() => client.readRequest(body));
        if (!asked) return;
        for (const wire of wires) {
          unlessRefused(() => wire.writeRequest(asked, { provider: "p", model: "m", facts, tools: asked.tools }));
        }
      };
    };
    expect(await cpuGrowth(CHARACTERS, make)).toBeLessThan(LINEAR);
  });

  test.each(WIRES)("in answers of %s", async (name) => {
    const wire = await DIALECTS[name]();
    const clients = await Promise.all(
      TRANSLATED_APIS.map(async (api) => {
        const client = await DIALECTS[api]();
        return { client, request: client.readRequest(REQUESTS[api]) };
      }),
    );
    const make = (size: number) => {
      const body = sample(ANSWERS[name], size);
      return () => {
        const answer = wire.readAnswer(body, { provider: "p", model: "m", facts });
        if ("error" in answer) throw new Error(answer.error.message);
        for (const { client, request } of clients) {
          client.writeAnswer(answer, { model: "m", request, newId: () => "0123456789abcdefghijklmn", createdAt: 1 });
        }
      };
    };
    expect(await cpuGrowth(CHARACTERS, make)).toBeLessThan(LINEAR);
  });
});
