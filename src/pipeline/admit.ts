import type { RequestContext } from "../core/request-context.ts";
import { mediaBytes } from "../formats/media-bytes.ts";
import type { ApiName, Format } from "../formats/format.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, splitQuery, type Target, type TargetSources } from "../routing/resolve-target.ts";
import { acceptBody, type AcceptParts, requireClient } from "./accept-body.ts";
import type { AttemptParts } from "./attempt-parts.ts";
import { Attempts } from "./attempts.ts";
import { chooseWay } from "./choose-way.ts";
import { readAskedInPath } from "./read-path.ts";
import { type BodyReaderParts, readBody } from "./read-body.ts";
import { isLong, memberOf, parsed } from "./received-body.ts";
import type { OpenedRoute, RoutedAdmission, RoutedAsk } from "./route/request-route.ts";
import { readsConversation } from "./route/request-traits.ts";
import type { AdmittedRequest } from "./stage.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames } from "../routing/model-names.ts";

export interface AdmitParts
  extends BodyReaderParts, AcceptParts, Pick<AttemptParts, "openCall" | "deadlines" | "now" | "calls"> {
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** Estimate how many tokens a request has if its provider cannot count them, rather than refuse. */
  readonly estimatesTokens: boolean;
  /** Chooses among deployments; absent if the operator has named no models, and no provider has several keys or limits. */
  readonly routing?: RoutedAdmission | undefined;
}

/**
 * Reads a request and decides who answers it. The attempts of what comes out are open: whoever gets it closes them.
 * Throws a {@link Failure} if the request may not pass.
 */
export type Admit = (context: RequestContext, request: Request, format: Format) => Promise<AdmittedRequest>;

export function createAdmit(parts: AdmitParts): Admit {
  const { targets, policy, estimatesTokens, routing } = parts;

  return async (context, request, format) => {
    const inPath = format.inPath && readAskedInPath(request.url, format.inPath);
    const query = splitQuery(request.url, inPath !== undefined);
    context.waits();
    const bytes = withoutByteOrderMark(await readBody(context, request, parts));
    context.waited();
    context.received(bytes.length);
    context.carriesMedia(mediaBytes(bytes));
    const accepting = acceptBody(context, request, format, bytes, inPath, parts);
    const body = accepting instanceof Promise ? await accepting : accepting;
    const streams = memberOf(body, "stream") === true;
    const isArray = streams && format.array !== undefined && format.array.isAsked(query.rest);
    const name = String(memberOf(body, "model"));
    const named = query.provider === undefined ? routing?.router.find(name) : undefined;
    if (routing && named) {
      const ask = { context, request, format, body, streams, query: query.rest, route: named, alias: name };
      return admitRouted(parts, routing, ask, isArray);
    }
    const found = resolveTarget(targets, query.provider, name, apiOf(format));
    const target = found instanceof Promise ? await found : found;
    requireClient(request);
    context.selected(target.provider.id, target.model);
    if (policy.active) await requireAllowedModels(policy, context, request, target, bytes, query.rest);
    const keyed = routing?.router.forProvider(target.provider.id, target.model);
    if (routing && keyed) {
      const ask = { context, request, format, body, streams, query: query.rest, route: keyed, alias: undefined };
      return admitRouted(parts, routing, ask, isArray);
    }
    const way = chooseWay(target, format, streams, query.rest, estimatesTokens);
    return { format, body, ...way, isArray, attempts: new Attempts(parts, context, request) };
  };
}

/**
 * Admits a request that several deployments could answer. At once, unless a long body must be parsed, or one searched
 * for other models.
 */
function admitRouted(
  parts: AdmitParts,
  { open, router }: RoutedAdmission,
  ask: RoutedAsk,
  isArray: boolean,
): AdmittedRequest | Promise<AdmittedRequest> {
  const { context, request, format, body } = ask;
  const admit = ({ route, way }: OpenedRoute): AdmittedRequest => {
    requireClient(request);
    return { format, body, ...way, route, isArray, attempts: new Attempts(parts, context, request) };
  };
  const parsing = isLong(body) && readsConversation(router, ask.route) ? parsed(body, request) : undefined;
  const opened = parsing ? parsing.then(() => open(ask)) : open(ask);
  return opened instanceof Promise ? opened.then(admit) : admit(opened);
}

/** The bytes of a JSON text without a byte order mark, which no provider takes. https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/**
 * Applies a model policy that is in force to a request of `/v1`: to its model, and to all others that the provider may
 * take for one of its models, such as fallbacks and tools with a model of their own.
 * @param query of the request, without its `provider`
 * @returns a promise only for a long body, which is searched in turns of the event loop
 * @throws Failure `model_not_allowed` or `model_disallowed`
 */
export function requireAllowedModels(
  policy: ModelPolicy,
  context: RequestContext,
  request: Request,
  { provider, model }: Target,
  body: Uint8Array,
  query: string,
): Promise<void> | undefined {
  const refusal = policy.refusal(provider, model);
  if (refusal) throw refusal;
  const names = createModelNames();
  const requireAllowed = (): undefined => {
    findQueryModels(query, names);
    const refused = names.refused(policy, provider);
    if (!refused) return undefined;
    context.selected(provider.id, refused.name);
    throw refused.failure;
  };
  const search = findJsonModels(asBuffer(body), names, { skipsData: true, stop: request });
  return search?.then(requireAllowed) ?? requireAllowed();
}

/** Of what is only counted, that which it is counted for: both are to go to the same provider. */
const apiOf = ({ api, counts }: Format): ApiName => counts?.api ?? api;
