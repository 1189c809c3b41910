import type { JsonObject } from "../../core/json/parse.ts";
import { writeThinking } from "../form/claude-thinking.ts";
import type { Conversation, Effort, Reasoning } from "../form/conversation.ts";
import { askedEffort, isThinkingFixed, nearestEffort } from "../form/efforts.ts";
import type { Writing } from "./writing.ts";

/** How much a model is to think, in the way that its family takes. */
export interface WrittenReasoning {
  /** Of `additionalModelRequestFields`. */
  readonly fields: JsonObject;
  /** Of `outputConfig`. */
  readonly effort?: Effort;
  readonly maxTokens: number | undefined;
  /** What may be asked beside it: nothing, little, or all there is. */
  readonly sampling: "none" | "thinking" | "all";
}

/** @param lacksThoughts see `writeTurns` */
export function writeReasoning(conversation: Conversation, lacksThoughts: boolean, writing: Writing): WrittenReasoning {
  const { reasoning, limits } = conversation;
  const maxTokens = limits.maxOutputTokens;
  const off: WrittenReasoning = { fields: {}, maxTokens, sampling: "all" };
  if (!reasoning) return off;
  if (writing.family === "claude") return writeClaude(conversation, lacksThoughts, writing);
  const wanted = askedEffort(reasoning, writing.target.facts);
  switch (writing.family) {
    case "nova2":
      return wanted === undefined || wanted === "none" ? off : writeNova(wanted, maxTokens, writing);
    case "gpt-oss":
      return wanted === undefined ? off : { ...off, fields: { reasoning_effort: fit(wanted, writing) } };
    default:
      noteUntold(reasoning, wanted, writing);
      return off;
  }
}

/** Other families are told nothing: what is asked for happens only if the model thinks, or does not, all by itself. */
function noteUntold(reasoning: Reasoning, wanted: Effort | undefined, writing: Writing): void {
  if (isThinkingFixed(writing.target.facts)) {
    if (wanted !== undefined) writing.note("adjusted", "reasoning");
  } else if (wanted === undefined ? reasoning.isAdaptive : wanted !== "none") writing.note("dropped", "reasoning");
}

/** Without a number the wire takes the longest output of the model; with a budget there must be one. */
function writeClaude(conversation: Conversation, lacksThoughts: boolean, writing: Writing): WrittenReasoning {
  const { thinking, effort, maxTokens, isOn } = writeThinking(conversation, lacksThoughts, writing);
  const isNeeded = conversation.limits.maxOutputTokens !== undefined || thinking?.["budget_tokens"] !== undefined;
  return {
    fields: thinking ? { thinking } : {},
    ...(effort && { effort }),
    maxTokens: isNeeded ? maxTokens : undefined,
    sampling: isOn ? "thinking" : "all",
  };
}

const LEVELS: readonly Effort[] = ["low", "medium", "high"];

function fit(wanted: Effort, writing: Writing): Effort {
  const level = nearestEffort(wanted, LEVELS);
  if (level !== wanted) writing.note("adjusted", "reasoning");
  return level;
}

/** At the highest level Nova takes no limit and no sampling. https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html */
function writeNova(wanted: Effort, maxTokens: number | undefined, writing: Writing): WrittenReasoning {
  const level = fit(wanted, writing);
  const isLimited = level === "high" && maxTokens !== undefined;
  if (isLimited) writing.note("adjusted", "reasoning");
  const effort = isLimited ? "medium" : level;
  return {
    fields: { reasoningConfig: { type: "enabled", maxReasoningEffort: effort } },
    maxTokens,
    sampling: effort === "high" ? "none" : "all",
  };
}
