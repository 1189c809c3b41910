import type { Prefill, WireTarget } from "../form/dialect.ts";

/**
 * The members in which a provider is told whether and how hard to think: OpenAI's `reasoning_effort`; OpenRouter's
 * `reasoning`; `thinking` with `reasoning_effort` (DeepSeek, Z.ai, Moonshot, Volcengine); `reasoning` for whether and
 * `reasoning_effort` for how hard (Together); `enable_thinking` with `thinking_budget` (Alibaba, SiliconFlow); variables
 * of the chat template of a model (vLLM, SGLang, llama.cpp).
 */
export type ThinkingAsk =
  "reasoning_effort" | "reasoning" | "thinking" | "reasoning_enabled" | "enable_thinking" | "template";

/** In what a provider's chat API differs from what most providers take. */
export interface ProviderTraits {
  /** OpenAI's own API: all of its roles, kinds of tools and members are taken, and its limits are enforced. */
  readonly isOpenAi: boolean;
  /** Members that do not change the answer and that it takes; strict providers refuse unknown ones. */
  readonly bookkeeping: ReadonlySet<string>;
  readonly thinkingAsk: ThinkingAsk;
  /** Its word for thinking of models that are told only whether to; undefined if it takes any effort for that. */
  readonly switchedOn: string | undefined;
  /** The member of a message in which it takes thoughts of unknown origin; undefined if it might refuse them. */
  readonly thoughtsMember: "reasoning_content" | "reasoning" | undefined;
  /** The models of which it takes Anthropic's marks of what to cache. */
  readonly cacheControl: RegExp | undefined;
  readonly takesTopK: boolean;
  /** Its calls have signatures, which some of its models demand back. */
  readonly signsCalls: boolean;
  readonly seedMember: "seed" | "random_seed";
  /** Ids of calls that it takes. */
  readonly callIds: RegExp;
  /** How it takes a document by its URL. */
  readonly documentUrl: "document_url" | "file_data" | undefined;
  /** How it is made to go on with an answer that the request has begun; undefined if it begins a new one. */
  readonly continuation: Prefill | undefined;
  /** The models that are known to; others of it would begin a new one. */
  readonly continues: RegExp;
}

const ANY_MODEL = /(?:)/;
const CLAUDE = /claude/i;

const USER_ONLY = new Set(["user"]);

const DEFAULTS: ProviderTraits = {
  isOpenAi: false,
  bookkeeping: USER_ONLY,
  thinkingAsk: "reasoning_effort",
  switchedOn: undefined,
  thoughtsMember: undefined,
  cacheControl: undefined,
  takesTopK: false,
  signsCalls: false,
  seedMember: "seed",
  // OpenAI refuses longer ones here, and so does Copilot.
  callIds: /^.{1,40}$/s,
  documentUrl: undefined,
  continuation: undefined,
  continues: ANY_MODEL,
};

const OPENAI: Partial<ProviderTraits> = {
  isOpenAi: true,
  bookkeeping: new Set(["safety_identifier", "metadata", "service_tier", "verbosity", "prompt_cache_key", "store"]),
};

/** Open servers, which take the thoughts of the models that they run. */
const SERVER: Partial<ProviderTraits> = {
  thinkingAsk: "template",
  thoughtsMember: "reasoning_content",
  takesTopK: true,
  continuation: "continue_final_message",
};

const THINKING_SWITCH: Partial<ProviderTraits> = { thinkingAsk: "thinking", thoughtsMember: "reasoning_content" };

const ENABLE_THINKING: Partial<ProviderTraits> = {
  thinkingAsk: "enable_thinking",
  thoughtsMember: "reasoning_content",
  takesTopK: true,
};

/** By provider id. Sources: each provider's reference of its chat endpoint, and recorded requests. */
const ROWS: Readonly<Record<string, Partial<ProviderTraits>>> = {
  openai: OPENAI,
  azure: OPENAI,
  openrouter: {
    bookkeeping: new Set(["user", "service_tier", "verbosity", "prompt_cache_key"]),
    thinkingAsk: "reasoning",
    thoughtsMember: "reasoning",
    cacheControl: ANY_MODEL,
    takesTopK: true,
    documentUrl: "file_data",
    continuation: "as_is",
    // https://openrouter.ai/docs/api-reference/overview#assistant-prefill
    continues: /claude|deepseek|llama|qwen|(?:mi(?:ni)?s|devs|codes|mix)tral/i,
  },
  mistral: {
    bookkeeping: new Set(),
    seedMember: "random_seed",
    callIds: /^[a-zA-Z0-9]{9}$/,
    documentUrl: "document_url",
    continuation: "prefix",
  },
  // https://docs.cohere.com/docs/compatibility-api
  cohere: { bookkeeping: new Set(), switchedOn: "high" },
  // https://console.groq.com/docs/reasoning
  groq: { bookkeeping: new Set(["user", "service_tier"]), switchedOn: "default", thoughtsMember: "reasoning" },
  cerebras: { thoughtsMember: "reasoning" },
  google: { bookkeeping: new Set(), signsCalls: true },
  deepseek: { ...THINKING_SWITCH, bookkeeping: new Set() },
  moonshot: { ...THINKING_SWITCH, bookkeeping: new Set(["prompt_cache_key", "safety_identifier"]) },
  zai: THINKING_SWITCH,
  volcengine: THINKING_SWITCH,
  minimax: { ...THINKING_SWITCH, switchedOn: "adaptive" },
  // https://www.alibabacloud.com/help/en/model-studio/context-cache
  alibaba: { ...ENABLE_THINKING, cacheControl: ANY_MODEL },
  siliconflow: ENABLE_THINKING,
  deepinfra: { cacheControl: CLAUDE, takesTopK: true },
  // https://docs.databricks.com/aws/en/machine-learning/model-serving/prompt-caching
  databricks: { cacheControl: CLAUDE },
  // https://docs.together.ai/docs/inference/chat/reasoning
  together: { thinkingAsk: "reasoning_enabled", thoughtsMember: "reasoning", takesTopK: true },
  // https://docs.nvidia.com/nim/large-language-models/latest/reasoning-model.html
  nvidia: { thinkingAsk: "template" },
  vllm: SERVER,
  sglang: SERVER,
  llamacpp: { ...SERVER, continuation: "as_is" },
  ollama: { thoughtsMember: "reasoning", continuation: "as_is" },
  ollama_cloud: { thoughtsMember: "reasoning", continuation: "as_is" },
};

const TRAITS: ReadonlyMap<string, ProviderTraits> = new Map(
  Object.entries(ROWS).map(([id, row]) => [id, { ...DEFAULTS, ...row }]),
);

/** Models whose own template demands it, whoever serves them. */
const MISTRAL_MODEL = /(?:mi(?:ni)?s|devs|codes|magis|mix|pix)tral/i;

/**
 * Whether user and assistant must take turns, and the assistant must answer its tools before anybody else speaks:
 * Mistral says "Unexpected role 'user' after role 'tool'".
 */
export const mustTakeTurns = (provider: string, model: string): boolean =>
  provider === "mistral" || MISTRAL_MODEL.test(model);

/** @param provider its id; one without a row is asked for what most take */
export function traitsOf(provider: string): ProviderTraits {
  return TRAITS.get(provider) ?? DEFAULTS;
}

/** How a target goes on with an answer that the request has begun, as far as is known of it; undefined if it may begin a new one. */
export function continuationFor({ provider, model, facts, prefill }: WireTarget): Prefill | undefined {
  if (prefill !== undefined) return prefill === "none" ? undefined : prefill;
  const { continuation, continues } = traitsOf(provider);
  const isTaken = continues.test(model) && !facts.alwaysThinks && (!CLAUDE.test(model) || facts.takesPrefill === true);
  return isTaken ? continuation : undefined;
}

/** @returns what is known of the provider of a target, and what its operator says of it */
export function traitsFor({ provider, prefill }: WireTarget): ProviderTraits {
  const traits = traitsOf(provider);
  return prefill === undefined ? traits : { ...traits, continuation: prefill === "none" ? undefined : prefill };
}
