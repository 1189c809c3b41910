import type { JsonObject } from "../../core/json/parse.ts";
import { booleanOf, isSet, listOf, numberOf, objectOf, textOf } from "../../core/json/values.ts";
import type {
  Conversation,
  Effort,
  ForeignMember,
  Limits,
  OutputFormat,
  Reasoning,
  Sampling,
} from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { camelObjectOf } from "./camel-members.ts";
import { unreadHints } from "../form/unread-members.ts";
import { toJsonSchema } from "./read-schema.ts";

/** Members that are read, in whole or in part. */
const KNOWN: ReadonlySet<string> = new Set([
  "temperature",
  "topP",
  "topK",
  "maxOutputTokens",
  "stopSequences",
  "candidateCount",
  "seed",
  "presencePenalty",
  "frequencyPenalty",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "responseModalities",
  "thinkingConfig",
]);

/** Members without which the answer would be another one. */
const ESSENTIAL: ReadonlySet<string> = new Set(["responseLogprobs", "logprobs", "speechConfig", "imageConfig"]);

/** Where its members are, for whoever is told of them. */
const PATH = "generationConfig";

export type GenerationConfig = Pick<Conversation, "limits" | "sampling" | "reasoning" | "output">;

/** Reads `generationConfig`. https://ai.google.dev/api/generate-content#generationconfig */
export function readGenerationConfig(value: unknown, foreign: ForeignMember[]): GenerationConfig {
  const config = camelObjectOf(value) ?? {};
  for (const name in config) {
    const member = config[name];
    if (KNOWN.has(name) || !isSet(member) || member === false) continue;
    foreign.push({ path: `${PATH}.${name}`, isEssential: ESSENTIAL.has(name) });
  }
  const modalities = listOf(config["responseModalities"]);
  if (modalities.some((modality) => !/^(?:text|modality_unspecified)$/i.test(String(modality)))) {
    foreign.push({ path: `${PATH}.responseModalities`, isEssential: true });
  }
  return {
    limits: readLimits(config),
    sampling: readSampling(config),
    reasoning: readReasoning(camelObjectOf(config["thinkingConfig"]), foreign),
    output: readOutput(config, foreign),
  };
}

function readLimits(config: JsonObject): Limits {
  const answers = numberOf(config["candidateCount"]);
  return {
    maxOutputTokens: numberOf(config["maxOutputTokens"]),
    stop: listOf(config["stopSequences"]).filter((text): text is string => typeof text === "string"),
    answers: answers === 1 ? undefined : answers,
  };
}

const readSampling = (config: JsonObject): Sampling => ({
  temperature: numberOf(config["temperature"]),
  topP: numberOf(config["topP"]),
  topK: numberOf(config["topK"]),
  seed: numberOf(config["seed"]),
  frequencyPenalty: numberOf(config["frequencyPenalty"]),
  presencePenalty: numberOf(config["presencePenalty"]),
  logitBias: undefined,
  logprobs: undefined,
});

const LEVELS: ReadonlyMap<string, Effort> = new Map(
  Object.entries<Effort>({ MINIMAL: "minimal", LOW: "low", MEDIUM: "medium", HIGH: "high" }),
);

const UNSAID = "THINKING_LEVEL_UNSPECIFIED";

const THINKING_CONFIG: ReadonlySet<string> = new Set(["includeThoughts", "thinkingBudget", "thinkingLevel"]);

/** The budget with which the model decides itself. */
const DYNAMIC = -1;

/** https://ai.google.dev/gemini-api/docs/thinking */
function readReasoning(config: JsonObject | undefined, foreign: ForeignMember[]): Reasoning | undefined {
  if (!config) return undefined;
  const isShown = booleanOf(config["includeThoughts"]);
  const given = numberOf(config["thinkingBudget"]);
  const wanted = textOf(config["thinkingLevel"])?.toUpperCase() ?? UNSAID;
  const level = LEVELS.get(wanted);
  const path = `${PATH}.thinkingConfig`;
  if (level === undefined && wanted !== UNSAID) foreign.push({ path: `${path}.thinkingLevel`, isEssential: false });
  foreign.push(...unreadHints(config, path, THINKING_CONFIG));
  const effort = level ?? (given === 0 ? "none" : undefined);
  const budget = given !== undefined && given > 0 ? given : undefined;
  const isAdaptive = given === DYNAMIC && effort === undefined;
  if (effort === undefined && budget === undefined && !isAdaptive && isShown === undefined) return undefined;
  return { effort, budget, isAdaptive, isShown };
}

function readOutput(config: JsonObject, foreign: ForeignMember[]): OutputFormat | undefined {
  const type = textOf(config["responseMimeType"])?.toLowerCase();
  const own = objectOf(config["responseSchema"]);
  const schema = objectOf(config["responseJsonSchema"]) ?? (own && toJsonSchema(own));
  if (type !== undefined && !/^(?:application\/json|text\/plain|)$/.test(type)) {
    // One of the words of a list, without quotes.
    foreign.push({ path: `${PATH}.responseMimeType`, isEssential: true });
    return undefined;
  }
  if (schema && type === "text/plain") {
    throw new CannotTranslate(`${PATH}.responseMimeType`, "with a schema it must be application/json");
  }
  if (schema) return { kind: "schema", name: undefined, description: undefined, schema, strict: true };
  return type === "application/json" ? { kind: "json" } : undefined;
}
