import { Failure } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import type { ProviderModel } from "./model-lists.ts";

/** What `?include=` can add to a model, read from what its provider lists; `null` where the provider does not say. */
const EXTRAS = {
  context_window: (entry: JsonObject) =>
    firstOf(entry, ["context_window", "context_length", "max_context_length", "max_model_len", "max_input_tokens"]),
  pricing: (entry: JsonObject) => firstOf(entry, ["pricing", "price"]),
  modalities: (entry: JsonObject) => {
    const architecture = entry["architecture"];
    return (
      firstOf(entry, ["modalities"]) ??
      (isJsonObject(architecture) ? readModalities(architecture) : readModalities(entry))
    );
  },
} as const;

export type ModelExtra = keyof typeof EXTRAS;

/** A model as `/v1/models` shows it. */
export interface DescribedModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly served_by: string;
  readonly [extra: string]: unknown;
}

export function describeModel(model: ProviderModel, extras: readonly ModelExtra[]): DescribedModel {
  return {
    id: publicModelId(model),
    object: "model",
    created: model.created,
    owned_by: model.ownedBy ?? model.provider.id,
    served_by: model.provider.id,
    ...Object.fromEntries(extras.map((extra) => [extra, EXTRAS[extra](model.entry) ?? null])),
  };
}

/** The id under which clients ask for a model: `<provider>/<the provider's own id>`. */
export function publicModelId(model: ProviderModel): string {
  return `${model.provider.id}/${model.id}`;
}

/** Reads a comma list of extras. Throws `invalid_request` for a name that is not one. */
export function parseExtras(list: string | null): ModelExtra[] {
  const names = (list ?? "").split(",").map((name) => name.trim());
  return names
    .filter((name) => name !== "")
    .map((name) => {
      if (!Object.hasOwn(EXTRAS, name)) {
        throw new Failure("invalid_request", { message: `unknown include value "${name}"`, param: "include" });
      }
      return name as ModelExtra;
    });
}

function firstOf(entry: JsonObject, members: readonly string[]): unknown {
  const member = members.find((name) => entry[name] !== undefined && entry[name] !== null);
  return member === undefined ? undefined : entry[member];
}

function readModalities(source: JsonObject): unknown {
  const input = source["input_modalities"];
  const output = source["output_modalities"];
  return input === undefined && output === undefined ? undefined : { input: input ?? null, output: output ?? null };
}
