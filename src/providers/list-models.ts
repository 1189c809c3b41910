import { Failure } from "../failure/failure.ts";
import { describeExceeded, type JsonLimits } from "../json/json-limits.ts";
import { parseBytes } from "../json/parse-bytes.ts";
import { toWellFormed } from "../json/to-well-formed.ts";
import { readWithin } from "../transport/read-body.ts";
import type { Answer } from "../transport/transport.ts";
import type { OpenUpstreamCall, UpstreamCall } from "../upstream/upstream.ts";
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
export async function listModels(
  provider: Provider,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
  limits: JsonLimits,
): Promise<readonly ListedModel[]> {
  const models: ListedModel[] = [];
  let next: Readonly<Record<string, string>> | undefined = {};
  for (let page = 0; next && page < MAX_PAGES; page++) {
    const answer = readModels(provider.listing, await fetchPage(provider, next, openCall, signal, limits));
    if (!answer) throw new Failure("upstream_invalid_response", { provider: provider.id });
    models.push(...answer.models);
    next = answer.next;
  }
  return models;
}

async function fetchPage(
  provider: Provider,
  parameters: Readonly<Record<string, string>>,
  openCall: OpenUpstreamCall,
  signal: AbortSignal,
  limits: JsonLimits,
): Promise<unknown> {
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
    if (response.status !== 200) {
      response.body?.cancel();
      throw new Failure("provider_error", { provider: provider.id, cause: `status ${response.status}` });
    }
    return await parseAnswer(await readPage(response, call, provider), provider, signal, limits);
  } finally {
    call.close();
  }
}

async function readPage({ body }: Answer, call: UpstreamCall, provider: Provider): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0);
  const read = await Promise.resolve(readWithin(body, MAX_PAGE_BYTES)).catch((error: unknown) => {
    throw call.explain(error);
  });
  if ("whole" in read) return read.whole;
  read.tooLong.cancel();
  throw new Failure("upstream_invalid_response", { provider: provider.id });
}

async function parseAnswer(
  bytes: Uint8Array,
  provider: Provider,
  signal: AbortSignal,
  limits: JsonLimits,
): Promise<unknown> {
  const parsed = await parseBytes(toWellFormed(bytes), { limits, stop: { signal } });
  if ("value" in parsed) return parsed.value;
  const { fault } = parsed;
  const isExceeded = fault === "depth" || fault === "values";
  const cause = isExceeded ? `the list ${describeExceeded(fault, limits)}` : "not JSON";
  throw new Failure("upstream_invalid_response", { provider: provider.id, cause });
}
