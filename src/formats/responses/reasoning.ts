import type { JsonObject } from "../../core/json/parse.ts";
import type { Effort, Reasoning } from "../form/conversation.ts";
import { asEffort, askedEffort, EFFORTS, effortsOf, isThinkingFixed, nearestEffort } from "../form/efforts.ts";
import type { WireTarget } from "../form/dialect.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import { isEncrypting, traitsOf } from "./provider-traits.ts";
import { isSet, objectOf, withoutUndefined } from "../../core/json/values.ts";
import type { ForeignMembers, Notes } from "./member-lists.ts";

const READ = new Set(["effort", "summary", "generate_summary"]);

/** The `reasoning` of a request. */
export function readReasoning(value: unknown, foreign: ForeignMembers): Reasoning | undefined {
  const reasoning = objectOf(value);
  if (!reasoning) return undefined;
  const effort = asEffort(reasoning["effort"]);
  if (isSet(reasoning["effort"]) && !effort) foreign.harmless("reasoning.effort");
  for (const [name, member] of Object.entries(reasoning)) {
    if (!READ.has(name) && isSet(member)) foreign.harmless(`reasoning.${name}`);
  }
  // The older name of `summary`.
  const isShown = isSet(reasoning["summary"]) || isSet(reasoning["generate_summary"]) ? true : undefined;
  if (effort === undefined && isShown === undefined) return undefined;
  return { effort, budget: undefined, isAdaptive: false, isShown };
}

/** Whether a model is asked for its thoughts, encrypted: those without reasoning refuse that, and so do some providers. */
export function returnsThoughts(reasoning: Reasoning | undefined, target: WireTarget): boolean {
  const { thinking, takesSampling } = target.facts;
  const isThinking = !takesSampling || (reasoning !== undefined && reasoning.effort !== "none");
  return thinking !== "none" && isThinking && isSealing(target);
}

const isSealing = ({ provider, model }: WireTarget): boolean => traitsOf(provider).encrypts ?? isEncrypting(model);

/** @returns undefined if the model is left to think as it likes */
export function writeReasoning(reasoning: Reasoning, target: WireTarget, notes: Notes): JsonObject | undefined {
  const { facts } = target;
  if (facts.thinking === "none") {
    if (reasoning.effort !== "none") notes.dropped("reasoning");
    return undefined;
  }
  const effort = chooseEffort(reasoning, facts, notes);
  // Models that do not encrypt their thoughts show them unasked.
  const asksSummary = reasoning.isShown === true && isSealing(target);
  if (effort === undefined && !asksSummary) return undefined;
  return withoutUndefined({ effort, summary: asksSummary ? "auto" : undefined });
}

function chooseEffort(reasoning: Reasoning, facts: ModelFacts, notes: Notes): Effort | undefined {
  const { effort, budget } = reasoning;
  if (effort === undefined && budget !== undefined) notes.adjusted("thinking.budget_tokens");
  const asked = askedEffort(reasoning, facts);
  if (asked === undefined) return undefined;
  const fitting = isThinkingFixed(facts) ? undefined : nearestEffort(asked, effortsOf(facts, EFFORTS));
  if (fitting !== asked || (effort === undefined && budget === undefined)) notes.adjusted("reasoning.effort");
  return fitting;
}
