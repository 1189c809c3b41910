import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";
import { MODEL_EXTRAS, type ModelExtra } from "../providers/model-extras.ts";
import type { ListedModel } from "../providers/model-list-readers.ts";
import type { ModelDetails } from "./details/model-details.ts";
import type { Target } from "./target.ts";

/** A model as `/v1/models` shows it. */
export interface DescribedModel {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly served_by: string;
  readonly [extra: string]: unknown;
}

/** What can be asked for, and what is known of it. */
export interface PublicModel extends Pick<ListedModel, "created" | "ownedBy" | "displayName"> {
  /** Under which clients ask for it. */
  readonly id: string;
  /** What it is called where it is served. */
  readonly version: string;
  /** Who answers: a provider's id, or the gateway's own. */
  readonly servedBy: string;
  /** What may be asked for it, in the providers' naming. */
  readonly targets: readonly Target[];
}

/** A model of a provider. */
export function publicModel(provider: Provider, listed: ListedModel): PublicModel {
  const { id, created, ownedBy, displayName = id } = listed;
  const targets = [{ provider, model: id }];
  const ids = { id: publicModelId(provider, id), version: id, servedBy: provider.id };
  return { ...ids, created, ownedBy, displayName, targets };
}

/**
 * @param extras what to add; `null` if it is not known
 * @param details what is known
 */
export function describeModel(
  model: PublicModel,
  extras: readonly ModelExtra[],
  details: ModelDetails | undefined,
): DescribedModel {
  const described: { -readonly [Member in keyof DescribedModel]: DescribedModel[Member] } = {
    id: model.id,
    object: "model",
    created: model.created,
    owned_by: model.ownedBy ?? model.servedBy,
    served_by: model.servedBy,
  };
  for (const extra of extras) described[extra] = details?.[extra] ?? null;
  return described;
}

/** A model as Anthropic's API shows it. https://docs.anthropic.com/en/api/models-list */
export interface AnthropicModel {
  readonly type: "model";
  readonly id: string;
  readonly display_name: string;
  /** In RFC 3339; the epoch if it is not known. */
  readonly created_at: string;
  readonly [extra: string]: unknown;
}

/** The same with the context window also under Anthropic's own name. */
export function describeForAnthropic(
  model: PublicModel,
  extras: readonly ModelExtra[],
  details: ModelDetails | undefined,
): AnthropicModel {
  const described: { -readonly [Member in keyof AnthropicModel]: AnthropicModel[Member] } = {
    type: "model",
    id: model.id,
    display_name: model.displayName ?? model.id,
    created_at: toDate(model.created),
  };
  for (const extra of extras) {
    described[extra] = details?.[extra] ?? null;
    if (extra === "context_window") described["max_input_tokens"] = details?.context_window?.tokens ?? null;
  }
  return described;
}

/** The last second of the year 9999: RFC 3339 has no later one. */
const LAST_SECOND = 253_402_300_799;

function toDate(seconds: number): string {
  const known = seconds >= 0 && seconds <= LAST_SECOND ? seconds : 0;
  return new Date(known * 1000).toISOString().replace(".000Z", "Z");
}

/** The id under which clients ask for a model: `<provider>/<the provider's own id>`. */
function publicModelId(provider: Provider, modelId: string): string {
  return `${provider.id}/${modelId}`;
}

/**
 * Reads comma lists of extras, as one or as several parameters; each extra comes once, in one order.
 * @throws Failure `invalid_request` for a name that is not one
 */
export function parseExtras(lists: readonly string[]): readonly ModelExtra[] {
  const asked = new Set(
    lists
      .flatMap((list) => list.split(","))
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
