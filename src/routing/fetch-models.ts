import { Failure } from "../core/errors.ts";
import type { JsonLimits } from "../core/json/limits.ts";
import { parseBytes, toWellFormed } from "../core/json/parse.ts";
import { readWithin } from "../upstream/read-body.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../upstream/call.ts";
import { accessHeaders } from "../providers/api-access.ts";
import type { Provider } from "../providers/provider.ts";
import { type ListedModel, readModels } from "../providers/model-list-readers.ts";

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
  const urls = provider.lists?.urls ?? [provider.apis.models.url];
  let list = 0;
  let next: Readonly<Record<string, string>> | undefined = {};
  for (let page = 0; next; page++) {
    if (page === MAX_PAGES) refuse(provider, `it has more than ${MAX_PAGES} pages`);
    const bytes = await fetchPage(
      provider,
      urls[list] as string,
      next,
      openCall,
      signal,
      Math.min(bytesLeft, MAX_PAGE_BYTES),
    );
    bytesLeft -= bytes.length;
    const parsed = await parsePage(bytes, provider, signal, pageLimits);
    // Other requests have their turn between parsing a long page and reading it.
    if (bytes.length > LONG_PAGE_BYTES) await new Promise<void>((resolve) => setImmediate(resolve));
    const answer = readModels(provider.listing, parsed, MAX_MODELS - models.length);
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

async function fetchPage(
  provider: Provider,
  list: string,
  parameters: Readonly<Record<string, string>>,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
  maxBytes: number,
): Promise<Uint8Array> {
  const { models } = provider.apis;
  const url = new URL(list);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const call = openCall(provider.lists?.endpoint ?? provider, signal, provider.timeouts);
  try {
    const response = await call.send({
      url: url.href,
      method: "GET",
      headers: { ...accessHeaders(models), accept: "application/json" },
      body: null,
    });
    if (response.status !== 200) {
      response.body?.cancel();
      throw new Failure("provider_error", { provider: provider.id, cause: `status ${response.status}` });
    }
    return await readPage(response, call, provider, maxBytes);
  } finally {
    call.close();
  }
}

async function readPage(
  { body }: UpstreamResponse,
  call: UpstreamCall,
  provider: Provider,
  maxBytes: number,
): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0);
  const read = await Promise.resolve(readWithin(body, maxBytes)).catch((error: unknown) => {
    throw call.explain(error);
  });
  if ("whole" in read) return read.whole;
  read.tooLong.cancel();
  return refuse(provider, "it is too long");
}

async function parsePage(
  bytes: Uint8Array,
  provider: Provider,
  signal: AbortSignal,
  limits: JsonLimits,
): Promise<unknown> {
  const parsed = await parseBytes(toWellFormed(bytes), { limits, stop: { signal } });
  if ("value" in parsed) return parsed.value;
  const { fault } = parsed;
  const isExceeded = fault === "depth" || fault === "values";
  return refuse(provider, isExceeded ? "it has too many values, or they are nested too deeply" : "it is not JSON");
}

function refuse(provider: Provider, cause: string): never {
  throw new Failure("upstream_invalid_response", { provider: provider.id, cause: `the list of models: ${cause}` });
}
