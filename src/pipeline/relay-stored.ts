import { Failure } from "../core/errors.ts";
import type { Format } from "../formats/format.ts";
import { requireHarmlessPath } from "../providers/check-path.ts";
import { pathOf } from "../providers/join-path.ts";
import type { Provider } from "../providers/provider.ts";
import { apiUrl } from "../providers/api-request.ts";
import { findProvider, splitQuery } from "../routing/resolve-target.ts";
import { providerNotCallable } from "../routing/target-failures.ts";
import { relayedResponseHeaders } from "../upstream/response-headers.ts";
import { Attempts } from "./attempt/attempts.ts";
import { type Relay, type RelayParts, respond } from "./relay.ts";

/**
 * Adds to a relay the requests that have no body and name no model, such as `GET /v1/responses/{id}`. The path below the
 * API goes to the provider as it is. While a model policy is in force they are refused as `/proxy` refuses what names no
 * model: whoever may read or cancel responses could do so with those of any model.
 */
export function withStored(relay: Relay, parts: RelayParts): Relay {
  const relayStored = createStoredRelay(parts);
  return (format) => (format.stored ? relayStored : relay)(format);
}

function createStoredRelay(parts: RelayParts): Relay {
  const { requestHeaders, targets, policy, proxiesWithoutModel } = parts;

  return (format) => async (context, request) => {
    const query = splitQuery(request.url);
    const giver = query.provider === undefined ? giverOf(parts, request.url, format) : undefined;
    const provider = giver ?? chooseProvider(targets.providers, query.provider, format);
    context.selected(provider.id);
    if (!provider.callable) throw providerNotCallable(provider, undefined, targets.providers);
    const url = apiUrl({ provider, model: "" }, format.api, {
      search: query.rest,
      subpath: subpathOf(request.url, format),
    });
    if (url === undefined) throw new Failure(format.notSupported, { provider: provider.id });
    if (policy.active && !proxiesWithoutModel) throw new Failure("model_unidentified", { provider: provider.id });

    using attempts = new Attempts(parts, context, request);
    // Some servers refuse the announcement of a body that is not there.
    const { "content-type": _, ...headers } = requestHeaders(provider, request.headers, format.api);
    const isHead = request.method === "HEAD";
    const method = isHead ? "GET" : request.method;
    const body = method === "POST" ? NO_BODY : null;
    const reply = await attempts.begin(provider, { url, method, headers, body }).answered();
    const { status } = reply.response;
    if (!isHead && status !== 204)
      return await respond(parts, attempts, reply, { format, provider, streamAsked: ASKS_FOR_STREAM.test(query.rest) });
    context.answered(status);
    context.finish("answered");
    const relayed = { ...relayedResponseHeaders(reply.response.headers), "x-request-id": context.id };
    return new Response(null, { status, headers: relayed });
  };
}

/** In the query, because there is no body. */
const ASKS_FOR_STREAM = /[?&]stream=(?:true|1)(?:&|$)/i;

/** A `POST` without a body is announced as one of no bytes. */
const NO_BODY = new Uint8Array(0);

/** The provider that has given a response, if a name with several deployments led there and that is still known. */
function giverOf({ routing }: RelayParts, url: string, format: Format): Provider | undefined {
  const [, id = ""] = subpathOf(url, format).split("/");
  const giver = routing?.answers.by(id);
  if (!giver) return undefined;
  const deployments = routing?.router.models.flatMap((model) => model.deployments) ?? [];
  return deployments.find(({ key }) => key === giver.key)?.provider;
}

/**
 * The provider that the query names, else the only configured one that has the API.
 * @throws Failure `provider_not_found`, `provider_undetermined`, which names those that come into question, or that of a
 * format that no provider has.
 */
function chooseProvider(
  providers: ReadonlyMap<string, Provider>,
  asked: string | undefined,
  { api, notSupported }: Format,
): Provider {
  if (asked !== undefined) return findProvider(providers, asked);
  const able = [...providers.values()].filter(
    ({ apis, callable, configured }) => callable && configured && apis[api] !== undefined,
  );
  const [only] = able;
  if (only && able.length === 1) return only;
  const ids = able.map(({ id }) => id);
  if (ids.length === 0) {
    throw new Failure(notSupported, {
      message: `No configured provider has the API of this request (${api}), and it is for none of the responses that RESPONSES_STORE keeps.`,
    });
  }
  throw new Failure("provider_undetermined", {
    message: `The request names no model, and several providers may keep what it is for: ${ids.join(", ")}. Name one with ?provider=${ids[0]}.`,
    param: "provider",
  });
}

/** What goes below the provider's API, still percent-encoded. Throws `path_not_allowed` if it could lead elsewhere. */
function subpathOf(url: string, { stored }: Format): string {
  const [path = ""] = pathOf(url).split("?", 1);
  const [, subpath] = stored?.exec(path) ?? [];
  // The router had it otherwise, so it has dot segments.
  if (subpath === undefined) throw new Failure("route_not_found");
  requireHarmlessPath(subpath.slice(1), false);
  return subpath;
}
