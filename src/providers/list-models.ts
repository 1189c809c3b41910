import { Failure } from "../failure/failure.ts";
import type { OpenUpstreamCall } from "../upstream/upstream.ts";
import { credentialHeaders } from "./credential-headers.ts";
import type { Provider } from "./provider.ts";
import { type ListedModel, readModels } from "./read-models.ts";

/** A list longer than this many pages is not followed further. */
const MAX_PAGES = 50;

/** Model lists are small; a longer answer is not one. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024;

/**
 * Asks a provider for all of its models, page by page.
 * @param signal aborts the listing, e.g. at its deadline.
 * @throws Failure with the reason why there is no list.
 */
export const listModels = async (
  provider: Provider,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
): Promise<readonly ListedModel[]> => {
  const models: ListedModel[] = [];
  let next: Readonly<Record<string, string>> | undefined = {};
  for (let page = 0; next && page < MAX_PAGES; page++) {
    const answer = readModels(provider.listing, await fetchPage(provider, next, openCall, signal));
    if (!answer) throw new Failure("upstream_invalid_response", { provider: provider.id });
    models.push(...answer.models);
    next = answer.next;
  }
  return models;
};

const fetchPage = async (
  provider: Provider,
  parameters: Readonly<Record<string, string>>,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
): Promise<unknown> => {
  const url = new URL(provider.baseUrl + provider.paths.models);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const call = openCall(provider, signal);
  try {
    const response = await call.send({
      url: url.href,
      method: "GET",
      headers: { ...credentialHeaders(provider), accept: "application/json" },
      body: null,
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Failure("provider_error", { provider: provider.id, cause: `status ${response.status}` });
    }
    const bytes = await response.bytes().catch((error: unknown) => {
      throw call.explain(error);
    });
    if (bytes.length > MAX_PAGE_BYTES) throw new Failure("upstream_invalid_response", { provider: provider.id });
    return parseAnswer(bytes, provider);
  } finally {
    call.close();
  }
};

const parseAnswer = (bytes: Uint8Array, provider: Provider): unknown => {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Failure("upstream_invalid_response", { provider: provider.id, cause: "not JSON" });
  }
};
