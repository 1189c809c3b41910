import { Failure } from "../../core/errors.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { ANTHROPIC_REQUEST_ID } from "../../formats/error-body.ts";
import type { ModelExtra } from "../../providers/model-extras.ts";
import type { ModelList } from "../../routing/model-lists/model-list.ts";
import type { DetailFinder } from "../../routing/details/find-details.ts";
import { type AnthropicModel, describeForAnthropic, type PublicModel } from "../../routing/describe-model.ts";
import type { ModelPolicy } from "../../routing/policy/model-policy.ts";
import { jsonResponse } from "../json-response.ts";
import { createAllowedModels } from "./allowed-models.ts";

/** A page of `GET /v1/models` as Anthropic's clients read it. https://docs.anthropic.com/en/api/models-list */
export interface AnthropicModelPage {
  readonly data: readonly AnthropicModel[];
  /** Whether there are more, before the page if it was asked for with `before_id`, else behind it. */
  readonly has_more: boolean;
  readonly first_id: string | null;
  readonly last_id: string | null;
}

/** What Anthropic's clients are answered. */
export function anthropicResponse(context: RequestContext, value: unknown): Response {
  const response = jsonResponse(context, value);
  response.headers.set(ANTHROPIC_REQUEST_ID, context.id);
  return response;
}

/** What page is asked for. */
export interface AnthropicPaging {
  readonly limit: number;
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
}

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/** Reads the query. Throws `invalid_request` for what Anthropic's API does not take either. */
export function parsePaging(query: URLSearchParams): AnthropicPaging {
  const limit = query.get("limit") ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw new Failure("invalid_request", { message: `limit must be from 1 to ${MAX_LIMIT}`, param: "limit" });
  }
  const afterId = query.get("after_id") || undefined;
  const beforeId = query.get("before_id") || undefined;
  if (afterId !== undefined && beforeId !== undefined) {
    throw new Failure("invalid_request", { message: "after_id and before_id do not go together", param: "before_id" });
  }
  return { limit: Number(limit), afterId, beforeId };
}

/**
 * Makes what cuts a page out of lists, and of what is before them; which of their models the policy allows is found out
 * once for each list.
 */
export function createAnthropicPages(
  policy: Pick<ModelPolicy, "refusal">,
  details: DetailFinder,
): (
  lists: readonly ModelList[],
  paging: AnthropicPaging,
  extras: readonly ModelExtra[],
  before?: readonly PublicModel[],
) => Promise<AnthropicModelPage> {
  const allowedOf = createAllowedModels(policy);

  return async (lists, { limit, afterId, beforeId }, extras, before = []) => {
    const models = [...before, ...(await allowedOf(lists))];
    const placeOf = (id: string, param: string): number => {
      const place = models.findIndex((model) => model.id === id);
      if (place < 0) throw new Failure("invalid_request", { message: `${param} is not in the list`, param });
      return place;
    };
    const end = beforeId === undefined ? models.length : placeOf(beforeId, "before_id");
    const start = afterId === undefined ? 0 : placeOf(afterId, "after_id") + 1;
    const first = beforeId === undefined ? start : Math.max(start, end - limit);
    const page = models.slice(first, Math.min(end, first + limit));
    const known = await details.find(page, extras);
    const data = page.map((model, index) => describeForAnthropic(model, extras, known[index]));
    return {
      data,
      has_more: beforeId === undefined ? first + page.length < end : first > 0,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
  };
}
