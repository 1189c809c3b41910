import { type Static, Type } from "@sinclair/typebox";
import { accepting, partOfFile } from "./typed-places.ts";
import { amount, count, MODEL_NAME } from "./value-kinds.ts";

const closed = { additionalProperties: false } as const;
/** Costs are counted in 10^-12 dollars: what is less for each token, search or request would be nothing. */
const PICODOLLAR = 1e-12;
const MILLION = { minimum: 0, maximum: 1e6, least: PICODOLLAR * 1e6 } as const;
const THOUSAND = { minimum: 0, maximum: 1e6, least: PICODOLLAR * 1e3 } as const;
const ONE = { minimum: 0, maximum: 1000, least: PICODOLLAR } as const;

/** Of a million tokens. What is not said is billed as what it is a part of. */
const KINDS = {
  cached_input: Type.Optional(amount("Of a million that were in the provider's cache; input if not said", MILLION)),
  cache_write: Type.Optional(amount("Of a million that are written to its cache; input if not said", MILLION)),
  cache_write_1h: Type.Optional(amount("The same for an hour; cache_write if not said", MILLION)),
  audio_input: Type.Optional(amount("Of a million that are sound; input if not said", MILLION)),
  cached_audio_input: Type.Optional(amount("Of a million of these from the cache", MILLION)),
  reasoning: Type.Optional(amount("Of a million that are reasoning; output if not said", MILLION)),
  audio_output: Type.Optional(amount("Of a million that are sound; output if not said", MILLION)),
  image_output: Type.Optional(amount("Of a million that are pictures; output if not said", MILLION)),
};

const INPUT = amount("Of a million tokens that are read", MILLION);
const OUTPUT = amount("Of a million tokens that are written", MILLION);

const TIER = Type.Object(
  {
    above: count("For requests with more tokens of input than this, all of their tokens", 1, 1e9),
    input: Type.Optional(INPUT),
    output: Type.Optional(OUTPUT),
    ...KINDS,
  },
  closed,
);

const members = {
  input: INPUT,
  output: OUTPUT,
  ...KINDS,
  web_searches: Type.Optional(amount("Of a thousand web searches of the provider's", THOUSAND)),
  request: Type.Optional(amount("Of each request, beside its tokens", ONE)),
  tiers: Type.Optional(
    accepting(
      "a list of above, each with the prices that are others then",
      Type.Array(accepting("above, and prices", TIER), { maxItems: 20, description: "What long requests cost" }),
    ),
  ),
};

const ACCEPTED = "input and output, and what differs from them";

/** What a deployment costs. */
export const PRICE = accepting(
  ACCEPTED,
  Type.Object(members, {
    ...closed,
    description: "US dollars, for the strategy cheapest and for costs; as prices, or else the list, says if not said",
  }),
);

/** What a model costs. */
export const MODEL_PRICE = accepting(ACCEPTED, Type.Object(members, { ...closed, title: "model" }));

export type FilePrice = Static<typeof PRICE>;

/** Names of models, one of them perhaps `*` or with a `*` in it. */
export const PRICES = accepting(
  "ids of providers, each with its models and what they cost",
  Type.Object(
    {},
    {
      additionalProperties: accepting(
        "names of models, each with what it costs",
        Type.Object(
          {},
          {
            additionalProperties: partOfFile(MODEL_PRICE),
            propertyNames: MODEL_NAME,
            title: "provider",
          },
        ),
      ),
      propertyNames: { pattern: "^[a-z][a-z0-9_-]*$", description: "the id of a provider, such as openai" },
      description: "What models cost in US dollars, by providers and their models, which may hold one *",
    },
  ),
);
