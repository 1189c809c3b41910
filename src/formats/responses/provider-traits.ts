/** In what a provider's Responses API differs from what most of them take. */
export interface ProviderTraits {
  /** Members that do not change the answer and that it takes; strict providers refuse unknown ones. */
  readonly bookkeeping: ReadonlySet<string>;
  /** It knows tools that take free text, and a choice between some of all tools. */
  readonly takesCustomTools: boolean;
  /** Whether it may be asked for its thoughts, encrypted; undefined if that depends on whose model it serves. */
  readonly encrypts: boolean | undefined;
}

const DEFAULTS: ProviderTraits = {
  bookkeeping: new Set(["user", "metadata"]),
  takesCustomTools: false,
  encrypts: undefined,
};

const OPENAI: ProviderTraits = {
  bookkeeping: new Set(["safety_identifier", "metadata", "service_tier", "verbosity", "prompt_cache_key"]),
  takesCustomTools: true,
  encrypts: true,
};

/** By provider id. Sources: each provider's reference of its endpoint. */
const ROWS: Readonly<Record<string, ProviderTraits>> = {
  openai: OPENAI,
  azure: OPENAI,
  openrouter: OPENAI,
  // https://console.groq.com/docs/responses-api: include, safety_identifier and prompt_cache_key are not supported.
  groq: { ...DEFAULTS, bookkeeping: new Set(["user", "metadata", "service_tier"]), encrypts: false },
  // https://docs.x.ai/developers/rest-api-reference/inference
  xai: { ...DEFAULTS, bookkeeping: new Set(["user", "prompt_cache_key"]), encrypts: true },
};

const TRAITS: ReadonlyMap<string, ProviderTraits> = new Map(Object.entries(ROWS));

/** Models whose vendors take back only thoughts that they have encrypted; others are given their thoughts as text. */
const ENCRYPTING = /(?:^|\/)(?:o\d|gpt-\d|chatgpt|codex|claude|gemini|grok)/;

export const isEncrypting = (model: string): boolean => ENCRYPTING.test(model.toLowerCase());

/** @param provider its id; one without a row is asked for what most take */
export const traitsOf = (provider: string): ProviderTraits => TRAITS.get(provider) ?? DEFAULTS;
