import { Failure } from "../../core/errors.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import type { OpenUpstreamCall } from "../../upstream/call.ts";
import type { Provider } from "../../providers/provider.ts";
import { type ListedModel, readModels } from "../../providers/model-list-readers.ts";
import { fetchJson } from "./fetch-json.ts";

/** As errors call it. */
const WHAT = "the list of models";

// The longest lists that are known have some thousand models and about one megabyte. A list beyond any of these limits
// counts as none at all: half a list would let a bare name go to another provider.

const MAX_PAGES = 50;
const MAX_MODELS = 20_000;
/** Of one page. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024;
/** A shorter one is parsed and read in a few milliseconds. */
const LONG_PAGE_BYTES = 256 * 1024;
/** Of all pages together. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
/** Values of one page, nested ones included: parsing as many takes some 30 ms. */
const MAX_PAGE_VALUES = 200_000;
const MAX_PAGE_DEPTH = 32;

/**
 * Shapes that many servers send, some of which write the members for pages without reading the parameters: one that
 * repeats what it has sent has no more.
 */
const UNSURE_PAGES: ReadonlySet<Provider["listing"]> = new Set<Provider["listing"]>(["openai", "google"]);

/**
 * Asks a provider for all of its models, page by page.
 * @param signal aborts the listing, e.g. at its deadline.
 * @throws Failure with the reason why there is no list.
 */
export async function listModels(
  provider: Provider,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
  limits: JsonLimits,
): Promise<readonly ListedModel[]> {
  const models: ListedModel[] = [];
  const ids = new Set<string>();
  const pageLimits = {
    depth: Math.min(limits.depth, MAX_PAGE_DEPTH),
    values: Math.min(limits.values, MAX_PAGE_VALUES),
  };
  let bytesLeft = MAX_LIST_BYTES;
  const reading = { what: WHAT, openCall, signal, limits: pageLimits };
  const urls = provider.lists?.urls ?? [provider.apis.models.url];
  let list = 0;
  let next: Readonly<Record<string, string>> | undefined = {};
  for (let page = 0; next; page++) {
    if (page === MAX_PAGES) refuse(provider, `it has more than ${MAX_PAGES} pages`);
    const { value, length } = await fetchJson(
      provider,
      { url: pageUrl(urls[list] as string, next), endpoint: provider.lists?.endpoint },
      { ...reading, maxBytes: Math.min(bytesLeft, MAX_PAGE_BYTES) },
    );
    bytesLeft -= length;
    // Other requests have their turn between parsing a long page and reading it.
    if (length > LONG_PAGE_BYTES) await new Promise<void>((resolve) => setImmediate(resolve));
    const answer = readModels(provider.listing, value, MAX_MODELS - models.length);
    if (!answer) refuse(provider, "it does not have the provider's shape");
    if (answer === "too_long") refuse(provider, `it has more than ${MAX_MODELS} models`);
    const known = ids.size;
    for (const model of answer.models) {
      models.push(model);
      ids.add(model.id);
    }
    next = answer.next;
    if (ids.size === known && UNSURE_PAGES.has(provider.listing)) break;
    if (!next && ++list < urls.length) next = {};
  }
  return models;
}

function pageUrl(list: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(list);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

function refuse(provider: Provider, cause: string): never {
  throw new Failure("upstream_invalid_response", { provider: provider.id, cause: `${WHAT}: ${cause}` });
}
