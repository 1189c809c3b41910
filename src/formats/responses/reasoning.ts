import type { JsonObject } from "../../core/json/parse.ts";
import type { Effort, Reasoning } from "../form/conversation.ts";
import type { ModelFacts } from "../form/model-facts.ts";
import { isSet, objectOf, withoutUndefined } from "../../core/json/values.ts";
import type { ForeignMembers, Notes } from "./member-lists.ts";

/** Lowest first. */
const EFFORTS: readonly Effort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/** Up to how many tokens of thought an effort is meant. */
const EFFORT_OF_BUDGET: readonly (readonly [below: number, effort: Effort])[] = [
  [1, "none"],
  [1536, "minimal"],
  [4096, "low"],
  [16384, "medium"],
  [28672, "high"],
  [Infinity, "xhigh"],
];

const READ = new Set(["effort", "summary", "generate_summary"]);

/** The `reasoning` of a request. */
export function readReasoning(value: unknown, foreign: ForeignMembers): Reasoning | undefined {
  const reasoning = objectOf(value);
  if (!reasoning) return undefined;
  const effort = EFFORTS.find((known) => known === reasoning["effort"]);
  if (isSet(reasoning["effort"]) && !effort) foreign.harmless("reasoning.effort");
  for (const [name, member] of Object.entries(reasoning)) {
    if (!READ.has(name) && isSet(member)) foreign.harmless(`reasoning.${name}`);
  }
  // The older name of `summary`.
  const isShown = isSet(reasoning["summary"]) || isSet(reasoning["generate_summary"]) ? true : undefined;
  if (effort === undefined && isShown === undefined) return undefined;
  return { effort, budget: undefined, isAdaptive: false, isShown };
}

/** Whether a model is asked for its thoughts, encrypted: those without reasoning refuse that. */
export const returnsThoughts = (reasoning: Reasoning | undefined, facts: ModelFacts): boolean =>
  facts.thinking !== "none" && (!facts.takesSampling || (reasoning !== undefined && reasoning.effort !== "none"));

/** @returns undefined if the model is left to think as it likes */
export function writeReasoning(reasoning: Reasoning, facts: ModelFacts, notes: Notes): JsonObject | undefined {
  if (facts.thinking === "none") {
    if (reasoning.effort !== "none") notes.dropped("reasoning");
    return undefined;
  }
  const effort = chooseEffort(reasoning, facts, notes);
  if (effort === undefined && !reasoning.isShown) return undefined;
  return withoutUndefined({ effort, summary: reasoning.isShown ? "auto" : undefined });
}

function chooseEffort({ effort, budget }: Reasoning, facts: ModelFacts, notes: Notes): Effort | undefined {
  if (effort === undefined && budget !== undefined) notes.adjusted("thinking.budget_tokens");
  const asked = effort ?? (budget === undefined ? undefined : EFFORT_OF_BUDGET.find(([below]) => budget < below)?.[1]);
  if (asked === undefined || isTaken(asked, facts)) return asked;
  notes.adjusted("reasoning.effort");
  return nearest(asked, facts);
}

const isTaken = (effort: Effort, { efforts, alwaysThinks }: ModelFacts): boolean =>
  effort === "none" ? alwaysThinks !== true : (efforts?.includes(effort) ?? true);

/** Of the efforts that a model knows; of two that are as near the higher one. */
function nearest(asked: Effort, { efforts = ["low"] }: ModelFacts): Effort | undefined {
  const place = EFFORTS.indexOf(asked);
  const distance = (effort: Effort): number => Math.abs(EFFORTS.indexOf(effort) - place);
  return efforts
    .toReversed()
    .reduce<Effort | undefined>(
      (best, effort) => (best === undefined || distance(effort) < distance(best) ? effort : best),
      undefined,
    );
}
