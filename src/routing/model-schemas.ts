import { Type, type Static } from "@sinclair/typebox";
import { AUTH_TYPES } from "../providers/provider-row.ts";
import { PROVIDER_TABLE } from "../providers/table.ts";
import { openObject, nullish } from "../formats/schema/building-blocks.ts";

/** Id of a provider, built in or added by `CUSTOM_PROVIDERS`: therefore an open string and not an enumeration. */
export const Provider = Type.String({
  description: `Provider id: ${Object.keys(PROVIDER_TABLE).join(", ")}, or one named in CUSTOM_PROVIDERS.`,
});
export type Provider = Static<typeof Provider>;

/** How the gateway authenticates at a provider. */
export const ProviderAuthType = Type.Union(
  AUTH_TYPES.map((type) => Type.Literal(type)),
  {
    description:
      "How the gateway authenticates at a provider: bearer (Authorization: Bearer <key>), x-header (a header of the " +
      "provider's own, e.g. x-api-key) or none.",
  },
);
export type ProviderAuthType = Static<typeof ProviderAuthType>;

/** What `/proxy` and the relayed routes answer: the provider's own JSON, untouched. */
export const ProviderSpecificResponse = openObject(
  {},
  "The provider's own response body, passed through without change.",
);
export type ProviderSpecificResponse = Static<typeof ProviderSpecificResponse>;

/** Where what is known of a model comes from. */
const TOLD = {
  source: Type.String({
    description:
      "Who says it: provider (its list of models), runtime (the server that runs the model) or community (the tables that are built in).",
  }),
  updated_at: Type.String({ format: "date-time", description: "When it was read; of the tables, their date." }),
};

/** Longest input of a model, in tokens. */
export const ContextWindow = openObject(
  {
    tokens: Type.Integer({ minimum: 0, description: "Most tokens that one request may hold." }),
    ...TOLD,
  },
  "Context window of a model.",
);
export type ContextWindow = Static<typeof ContextWindow>;

/** What a model costs, as decimal strings per token. */
export const Pricing = openObject(
  {
    currency: Type.String({ description: "Currency code, e.g. USD." }),
    input_per_token: Type.Optional(Type.String({ description: "Price of one input token, a decimal." })),
    output_per_token: Type.Optional(Type.String({ description: "Price of one output token, a decimal." })),
    cache_read_per_token: Type.Optional(Type.String()),
    cache_write_per_token: Type.Optional(Type.String()),
    ...TOLD,
  },
  "Prices of a model.",
);
export type Pricing = Static<typeof Pricing>;

/** What a model takes in and gives out. */
export const ModelModalities = openObject(
  {
    input: Type.Array(Type.String(), { description: "Of text, image, audio and video; empty if it is not known." }),
    output: Type.Array(Type.String()),
    ...TOLD,
  },
  "Input and output modalities of a model.",
);
export type ModelModalities = Static<typeof ModelModalities>;

/** One model of one provider, or a name of the gateway's own. */
export const Model = openObject(
  {
    id: Type.String({ description: "<provider>/<id at the provider>, or a name of the gateway's own." }),
    object: Type.Literal("model"),
    created: Type.Integer({ description: "Unix time in seconds." }),
    owned_by: Type.String({
      description:
        "Who made the model; the provider id where the provider does not say; inference-gateway for the gateway's own names.",
    }),
    served_by: Type.String({ description: "Provider id, or inference-gateway for the gateway's own names." }),
    context_window: nullish(ContextWindow),
    pricing: nullish(Pricing),
    modalities: nullish(ModelModalities),
  },
  "One model. context_window, pricing and modalities are there only if ?include= asks for them, null if unknown.",
);
export type Model = Static<typeof Model>;

/** Answer of `GET /v1/models`. */
export const ListModelsResponse = openObject(
  {
    object: Type.Literal("list"),
    data: Type.Array(Model),
    provider: nullish(Provider),
  },
  "Models of all configured providers, or of one, which provider then names.",
);
export type ListModelsResponse = Static<typeof ListModelsResponse>;

/** A model as Google's API shows it. */
export const GoogleModel = openObject(
  {
    name: Type.String({ description: "models/ and the id by which it is asked for." }),
    version: Type.String(),
    displayName: Type.String(),
    inputTokenLimit: Type.Optional(Type.Integer()),
    supportedGenerationMethods: Type.Array(Type.String()),
  },
  "A model in Google's form.",
);
export type GoogleModel = Static<typeof GoogleModel>;

/** Answer of `GET /v1beta/models`. */
export const ListGoogleModelsResponse = openObject(
  { models: Type.Array(GoogleModel), nextPageToken: Type.Optional(Type.String()) },
  "A page of models in Google's form.",
);
export type ListGoogleModelsResponse = Static<typeof ListGoogleModelsResponse>;
