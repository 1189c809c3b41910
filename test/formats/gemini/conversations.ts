import type { Block, CallBlock, ResultBlock } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../../src/formats/form/conversation.ts";
import type { WireTarget } from "../../../src/formats/form/dialect.ts";
import { factsOf } from "../../../src/formats/form/model-facts.ts";

/** A conversation that says nothing but what it is given. */
export function conversation(members: Partial<Conversation> = {}): Conversation {
  return {
    model: "gemini",
    stream: false,
    turns: [user("Hello")],
    tools: [],
    toolChoice: undefined,
    parallelCalls: undefined,
    limits: NO_LIMITS,
    sampling: NO_SAMPLING,
    reasoning: undefined,
    output: undefined,
    bookkeeping: NO_BOOKKEEPING,
    wantsUsage: true,
    foreign: [],
    ...members,
  };
}

export const NO_LIMITS: Conversation["limits"] = { maxOutputTokens: undefined, stop: [], answers: undefined };

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

export const NO_BOOKKEEPING: Conversation["bookkeeping"] = {
  user: undefined,
  metadata: undefined,
  serviceTier: undefined,
  verbosity: undefined,
  promptCacheKey: undefined,
  store: undefined,
};

export const text = (said: string): Block & { type: "text" } => ({ type: "text", text: said });

export const user = (said: string): Turn => ({ role: "user", blocks: [text(said)] });

export const system = (said: string): Turn => ({ role: "system", blocks: [text(said)] });

export const assistant = (...blocks: readonly Block[]): Turn => ({ role: "assistant", blocks });

export const results = (...blocks: readonly ResultBlock[]): Turn => ({ role: "tool", blocks });

export const call = (id: string, members: Partial<CallBlock> = {}): CallBlock => ({
  type: "call",
  id,
  name: "f",
  input: "{}",
  kind: "function",
  ...members,
});

export const result = (callId: string, members: Partial<ResultBlock> = {}): ResultBlock => ({
  type: "result",
  callId,
  blocks: [text("ok")],
  isError: false,
  kind: "function",
  ...members,
});

export const tool = (name: string, parameters?: Record<string, unknown>, strict?: boolean): Tool => ({
  kind: "function",
  name,
  description: undefined,
  parameters,
  strict,
  cache: undefined,
});

export const NEW = "gemini-3-flash-preview";
export const THINKER = "gemini-2.5-flash";
export const OLD = "gemini-2.0-flash";

export const target = (model: string = NEW, tools?: readonly Tool[]): WireTarget => ({
  provider: "google",
  model,
  facts: factsOf(model),
  tools,
});
