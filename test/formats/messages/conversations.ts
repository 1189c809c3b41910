import type { Conversation, Turn } from "../../../src/formats/form/conversation.ts";
import type { ClientAsk, WireTarget } from "../../../src/formats/form/dialect.ts";
import { factsOf } from "../../../src/formats/form/model-facts.ts";

/** A conversation that says nothing but what it is given. */
export function conversation(members: Partial<Conversation> = {}): Conversation {
  return {
    model: "claude",
    stream: false,
    turns: [user("Hello")],
    tools: [],
    toolChoice: undefined,
    parallelCalls: undefined,
    limits: { maxOutputTokens: 100, stop: [], answers: undefined },
    sampling: NO_SAMPLING,
    reasoning: undefined,
    output: undefined,
    bookkeeping: {
      user: undefined,
      metadata: undefined,
      serviceTier: undefined,
      verbosity: undefined,
      promptCacheKey: undefined,
      store: undefined,
    },
    wantsUsage: true,
    foreign: [],
    ...members,
  };
}

export const NO_SAMPLING: Conversation["sampling"] = {
  temperature: undefined,
  topP: undefined,
  topK: undefined,
  seed: undefined,
  frequencyPenalty: undefined,
  presencePenalty: undefined,
  logitBias: undefined,
  logprobs: undefined,
};

export const user = (text: string): Turn => ({ role: "user", blocks: [{ type: "text", text }] });

export const system = (text: string): Turn => ({ role: "system", blocks: [{ type: "text", text }] });

export const target = (model: string, provider = "anthropic"): WireTarget => ({
  provider,
  model,
  facts: factsOf(model),
});

/** A client that asked for nothing in particular; its ids count up. */
export function ask(members: Partial<Conversation> = {}): ClientAsk {
  let id = 0;
  return {
    model: "anthropic/claude-sonnet-4-5",
    request: conversation(members),
    newId: () => String(++id).padStart(24, "0"),
    createdAt: 1_700_000_000,
  };
}
