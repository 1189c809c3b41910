import { DEMO_EMBEDDING_MODEL } from "./demo-models.ts";
import { refuseField, refuseModel } from "./demo-refusal.ts";
import type { Reading } from "./demo-refusal.ts";
import { embedText } from "./embed-text.ts";
import { isJsonObject } from "./json-object.ts";
import { countWords } from "./read-words.ts";

const DEFAULT_DIMENSIONS = 256;
const MAX_DIMENSIONS = 3_072;
const MAX_INPUTS = 2_048;

/** Answers the parsed body of `POST /embeddings` with OpenAI's list of embeddings, as numbers or as base64 of little-endian floats. */
export function answerEmbeddings(body: unknown): Reading<object> {
  if (!isJsonObject(body)) return refuseField(null, "The request body must be a JSON object.");
  const { model, dimensions: wanted, encoding_format: wantedFormat } = body;
  if (typeof model !== "string" || model === "") return refuseField("model", "model must be a non-empty string.");
  if (model !== DEMO_EMBEDDING_MODEL) return refuseModel(model);
  const inputs = readInputs(body["input"]);
  if (inputs === undefined) {
    return refuseField("input", `input must be text, tokens, or an array of 1 to ${MAX_INPUTS} of these, none empty.`);
  }
  const dimensions = wanted ?? DEFAULT_DIMENSIONS;
  if (
    typeof dimensions !== "number" ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > MAX_DIMENSIONS
  ) {
    return refuseField("dimensions", `dimensions must be an integer from 1 to ${MAX_DIMENSIONS}.`);
  }
  const format = wantedFormat ?? "float";
  if (format !== "float" && format !== "base64") {
    return refuseField("encoding_format", 'encoding_format must be "float" or "base64".');
  }
  const tokens = inputs.reduce((sum, input) => sum + countWords(input), 0);
  const data = inputs.map((input, index) => {
    const vector = embedText(input, dimensions);
    const embedding = format === "base64" ? Buffer.from(vector.buffer).toString("base64") : [...vector];
    return { object: "embedding", index, embedding };
  });
  return { ok: true, value: { object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } } };
}

function readInputs(input: unknown): readonly string[] | undefined {
  if (typeof input === "string" || isTokens(input)) return readInputs([input]);
  if (!Array.isArray(input) || input.length === 0 || input.length > MAX_INPUTS) return undefined;
  const texts: string[] = [];
  for (const item of input as readonly unknown[]) {
    if (typeof item === "string" && item !== "") texts.push(item);
    else if (isTokens(item)) texts.push(item.join(" "));
    else return undefined;
  }
  return texts;
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => Number.isInteger(item));
}
