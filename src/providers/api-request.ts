import type { ClientHeaders } from "../core/client-request.ts";
import { Failure } from "../core/errors.ts";
import type { ProviderApiName } from "./api-paths.ts";
import { accessHeaders } from "./api-access.ts";
import { findHarm } from "./check-path.ts";
import { MODEL_PLACE } from "./path-template.ts";
import type { Provider, ProviderApi } from "./provider.ts";
import { joinQuery } from "./query.ts";

/** Headers of the client that any provider may need to see; everything else but the provider's extra ones stays in the gateway. */
const RELAYED = [
  "anthropic-beta",
  "anthropic-version",
  "openai-beta",
  "openai-organization",
  "openai-project",
  "idempotency-key",
  "traceparent",
  "tracestate",
] as const;

/** This many user agents are remembered for each API of a provider; most gateways see a handful. */
const MAX_AGENTS = 64;

/** Makes the headers of a JSON request to one of a provider's APIs from those of the client's request. */
export type RequestHeaders = (
  provider: Provider,
  client: ClientHeaders,
  api: ProviderApiName,
) => Readonly<Record<string, string>>;

const KEY = "idempotency-key";

/** The headers for another body than the client's, which the client's key does not name. */
export function withoutIdempotencyKey(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!Object.hasOwn(headers, KEY)) return headers;
  const { [KEY]: _, ...rest } = headers;
  return rest;
}

/**
 * Creates what makes them. Clients that send nothing to be relayed but their name get the same frozen object each time,
 * so that it is written out only once.
 */
export function createRequestHeaders(userAgent: string): RequestHeaders {
  const known = new WeakMap<ProviderApi, Map<string, Readonly<Record<string, string>>>>();

  const make = (api: ProviderApi, clientAgent: string): Readonly<Record<string, string>> =>
    Object.freeze({
      "content-type": "application/json",
      // The gateway reads what comes back and passes it on as it is, so it must not be compressed on the way.
      "accept-encoding": "identity",
      "user-agent": clientAgent === "" ? userAgent : `${userAgent} ${clientAgent}`,
      ...accessHeaders(api),
    });

  const plainHeaders = (api: ProviderApi, clientAgent: string): Readonly<Record<string, string>> => {
    let ofApi = known.get(api);
    if (!ofApi) known.set(api, (ofApi = new Map()));
    let headers = ofApi.get(clientAgent);
    if (!headers) {
      if (ofApi.size >= MAX_AGENTS) ofApi.clear();
      ofApi.set(clientAgent, (headers = make(api, clientAgent)));
    }
    return headers;
  };

  return (provider, client, name) => {
    // Whoever asks has found the address of the API; what is missing is sent with the credential of the lists.
    const api = provider.apis[name] ?? provider.apis.models;
    const plain = plainHeaders(api, client.get("user-agent") ?? "");
    let headers: Record<string, string> | undefined;
    for (const name of RELAYED) {
      const value = client.get(name);
      if (value !== null && !Object.hasOwn(api.fixed, name)) (headers ??= { ...plain })[name] = value;
    }
    for (const name of provider.extraRequestHeaders) {
      const value = client.get(name);
      // What the gateway itself says of its request is not the client's to change.
      if (value !== null && !Object.hasOwn(plain, name)) (headers ??= { ...plain })[name] = value;
    }
    return headers ?? plain;
  };
}

/** What is asked of one of a provider's APIs, as far as its address says it. */
export interface AddressedAsk {
  /** Whether the answer is to be a stream. */
  readonly isStream?: boolean;
  /** The query of the request with its `?`, or nothing. */
  readonly search?: string;
  /** What is asked for below the API, with a leading slash. */
  readonly subpath?: string | undefined;
  /** Whether the query says how a stream is framed: then an address of streams has nothing to say of it. */
  readonly choosesFraming?: boolean;
}

/**
 * The address of one of a provider's APIs.
 * @param target who is asked, and for which model in the provider's own words
 * @returns undefined if the provider does not have that API
 * @throws Failure `invalid_request` if the address names the model and the model is one that would change the path
 */
export function apiUrl(
  { provider, model }: { readonly provider: Provider; readonly model: string },
  name: ProviderApiName,
  { isStream = false, search = "", subpath = "", choosesFraming = false }: AddressedAsk,
): string | undefined {
  const api = provider.apis[name];
  if (!api) return undefined;
  const streamUrl = choosesFraming ? api.relayedStreamUrl : api.streamUrl;
  const template = isStream ? (streamUrl ?? api.url) : api.url;
  const place = fillModel(template, model);
  const url = subpath === "" ? place : below(place, subpath);
  return search === "" ? url : joinQuery(url, search, provider.query);
}

/** The collection in which a path has its model, with its slash: `models/`. */
const COLLECTION = /([^/]+\/)\{model\}/;

/**
 * Puts the model into an address that names it, as one segment.
 * @throws Failure `invalid_request` if a server could take its name for a path, encoded or not
 */
function fillModel(template: string, model: string): string {
  if (!template.includes(MODEL_PLACE)) return template;
  // Google names a model with its collection, `models/gemini-2.5-pro`, which the path has already.
  const collection = COLLECTION.exec(template)?.[1] ?? "";
  const name = model.startsWith(collection) ? model.slice(collection.length) : model;
  return template.replace(MODEL_PLACE, () => modelSegment(name));
}

function modelSegment(model: string): string {
  const segment = model.isWellFormed() ? encodeURIComponent(model) : "";
  const harm = segment === "" ? "it is no text" : findHarm(segment, true);
  if (harm === undefined) return segment;
  throw new Failure("invalid_request", { message: `model cannot be a part of a path: ${harm}`, param: "model" });
}

/** Puts a path between the path of a URL and its query. */
function below(url: string, subpath: string): string {
  const queryStart = url.indexOf("?");
  return queryStart < 0 ? url + subpath : url.slice(0, queryStart) + subpath + url.slice(queryStart);
}
