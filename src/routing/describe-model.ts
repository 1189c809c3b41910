import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { MODEL_EXTRAS, type ModelExtra } from "../providers/model-extras.ts";
import type { ListedModel } from "../providers/model-list-readers.ts";

/** A model as `/v1/models` shows it. */
export interface DescribedModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly served_by: string;
  readonly [extra: string]: unknown;
}

/** @param extras what to add; `null` if the provider does not say. */
export function describeModel(provider: Provider, model: ListedModel, extras: readonly ModelExtra[]): DescribedModel {
  const described: { -readonly [Member in keyof DescribedModel]: DescribedModel[Member] } = {
    id: publicModelId(provider, model.id),
    object: "model",
    created: model.created,
    owned_by: model.ownedBy ?? provider.id,
    served_by: provider.id,
  };
  for (const extra of extras) described[extra] = model.extras[extra] ?? null;
  return described;
}

/** A model as Anthropic's API shows it. https://docs.anthropic.com/en/api/models-list */
export interface AnthropicModel {
  readonly type: "model";
  readonly id: string;
  readonly display_name: string;
  /** In RFC 3339; the epoch if the provider does not say. */
  readonly created_at: string;
  readonly [extra: string]: unknown;
}

/** @param extras what to add; `null` if the provider does not say. */
export function describeForAnthropic(
  provider: Provider,
  model: ListedModel,
  extras: readonly ModelExtra[],
): AnthropicModel {
  const described = {
    type: "model" as const,
    id: publicModelId(provider, model.id),
    display_name: model.displayName ?? model.id,
    created_at: toDate(model.created),
  };
  return Object.assign(described, Object.fromEntries(extras.map((extra) => [extra, model.extras[extra] ?? null])));
}

/** The last second of the year 9999: RFC 3339 has no later one. */
const LAST_SECOND = 253_402_300_799;

function toDate(seconds: number): string {
  const known = seconds >= 0 && seconds <= LAST_SECOND ? seconds : 0;
  return new Date(known * 1000).toISOString().replace(".000Z", "Z");
}

/** The id under which clients ask for a model: `<provider>/<the provider's own id>`. */
export function publicModelId(provider: Provider, modelId: string): string {
  return `${provider.id}/${modelId}`;
}

/** Reads a comma list of extras; each comes once, in one order. Throws `invalid_request` for a name that is not one. */
export function parseExtras(list: string | null): readonly ModelExtra[] {
  if (list === null) return [];
  const asked = new Set(
    list
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== ""),
  );
  for (const name of asked) {
    if (!MODEL_EXTRAS.some((extra) => extra === name)) {
      throw new Failure("invalid_request", { message: `unknown include value "${name}"`, param: "include" });
    }
  }
  return MODEL_EXTRAS.filter((extra) => asked.has(extra));
}
