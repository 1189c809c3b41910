/** In what a provider's chat API differs from what most providers take. */
export interface ProviderTraits {
  /** OpenAI's own API: all of its roles, kinds of tools and members are taken, and its limits are enforced. */
  readonly isOpenAi: boolean;
  /** Members that do not change the answer and that it takes; strict providers refuse unknown ones. */
  readonly bookkeeping: ReadonlySet<string>;
  /** How it is told to think. */
  readonly thinkingAsk: "reasoning_effort" | "reasoning" | "thinking" | "enable_thinking";
  /** The member of a message in which it takes thoughts of unknown origin; undefined if it might refuse them. */
  readonly thoughtsMember: "reasoning_content" | "reasoning" | undefined;
  readonly takesCacheControl: boolean;
  readonly takesTopK: boolean;
  /** Its calls have signatures, which some of its models demand back. */
  readonly signsCalls: boolean;
  readonly seedMember: "seed" | "random_seed";
  /** Ids of calls that it takes. */
  readonly callIds: RegExp;
  /** How it takes a document by its URL. */
  readonly documentUrl: "document_url" | "file_data" | undefined;
  /** How it is made to go on with an answer that the request has begun; undefined if it begins a new one. */
  readonly continuation: "as_is" | "prefix" | "continue_final_message" | undefined;
}

const USER_ONLY = new Set(["user"]);

const DEFAULTS: ProviderTraits = {
  isOpenAi: false,
  bookkeeping: USER_ONLY,
  thinkingAsk: "reasoning_effort",
  thoughtsMember: undefined,
  takesCacheControl: false,
  takesTopK: false,
  signsCalls: false,
  seedMember: "seed",
  callIds: /^.{1,64}$/s,
  documentUrl: undefined,
  continuation: undefined,
};

const OPENAI: Partial<ProviderTraits> = {
  isOpenAi: true,
  bookkeeping: new Set(["safety_identifier", "metadata", "service_tier", "verbosity", "prompt_cache_key", "store"]),
};

/** Open servers, which take the thoughts of the models that they run. */
const SERVER: Partial<ProviderTraits> = {
  thoughtsMember: "reasoning_content",
  takesTopK: true,
  continuation: "continue_final_message",
};

const THINKING_SWITCH: Partial<ProviderTraits> = { thinkingAsk: "thinking", thoughtsMember: "reasoning_content" };

/** By provider id. Sources: each provider's reference of its chat endpoint, and recorded requests. */
const ROWS: Readonly<Record<string, Partial<ProviderTraits>>> = {
  openai: OPENAI,
  azure: OPENAI,
  openrouter: {
    bookkeeping: new Set(["user", "service_tier", "verbosity", "prompt_cache_key"]),
    thinkingAsk: "reasoning",
    thoughtsMember: "reasoning",
    takesCacheControl: true,
    takesTopK: true,
    documentUrl: "file_data",
    continuation: "as_is",
  },
  mistral: {
    bookkeeping: new Set(),
    seedMember: "random_seed",
    callIds: /^[a-zA-Z0-9]{9}$/,
    documentUrl: "document_url",
    continuation: "prefix",
  },
  cohere: { bookkeeping: new Set() },
  groq: { bookkeeping: new Set(["user", "service_tier"]), thoughtsMember: "reasoning" },
  cerebras: { thoughtsMember: "reasoning" },
  google: { bookkeeping: new Set(), signsCalls: true },
  deepseek: { ...THINKING_SWITCH, bookkeeping: new Set() },
  moonshot: { ...THINKING_SWITCH, bookkeeping: new Set(["prompt_cache_key", "safety_identifier"]) },
  zai: THINKING_SWITCH,
  minimax: { thoughtsMember: "reasoning_content" },
  alibaba: { thinkingAsk: "enable_thinking", thoughtsMember: "reasoning_content", takesTopK: true },
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
