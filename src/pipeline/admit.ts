import type { ClientRequest } from "../core/client-request.ts";
import type { RequestContext } from "../core/request-context.ts";
import { mediaBytes, MIN_MEDIA_BODY } from "../formats/media-bytes.ts";
import type { ApiName, Format } from "../formats/format.ts";
import { chooseWay } from "../routing/choose-way.ts";
import type { ModelPolicy } from "../routing/policy/model-policy.ts";
import { type RelayedQuery, resolveTarget, type TargetSources } from "../routing/resolve-target.ts";
import type { Target } from "../routing/target.ts";
import { acceptBody, type AcceptParts, requireClient } from "./body/accept-body.ts";
import type { AttemptParts } from "./attempt/attempt-parts.ts";
import { Attempts } from "./attempt/attempts.ts";
import type { AskedInPath } from "./read-path.ts";
import type { BodyReaderParts } from "./body/read-body.ts";
import { afterParsing, isLong, memberOf, parsed, type ReceivedBody } from "./body/received-body.ts";
import type { OpenedRoute, RoutedAdmission, RoutedAsk } from "./route/request-route.ts";
import { readsConversation } from "./route/request-traits.ts";
import { requireAllowedModels } from "./named-models.ts";
import type { AdmittedRequest } from "./stage.ts";

export interface AdmitParts
  extends BodyReaderParts, AcceptParts, Pick<AttemptParts, "openCall" | "deadlines" | "now" | "calls"> {
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** Estimate how many tokens a request has if its provider cannot count them, rather than refuse. */
  readonly estimatesTokens: boolean;
  /** Chooses among deployments; absent if the operator has named no models, and no provider has several keys or limits. */
  readonly routing?: RoutedAdmission | undefined;
}

/** A request whose body has been read. */
export interface ReadRequest {
  readonly context: RequestContext;
  readonly request: ClientRequest;
  readonly format: Format;
  /** What its path says in place of its body. */
  readonly inPath: AskedInPath | undefined;
  readonly query: RelayedQuery;
}

/**
 * Decides who answers a request. The attempts of what comes out are open: whoever gets it closes them.
 * Throws a `Failure` if the request may not pass.
 * @returns a promise only if there is something to wait for. No function here is `async`, and none that every request goes
 * through has a closure: each of these would cost it six objects, or two
 */
export type Admit = (read: ReadRequest, raw: Uint8Array) => AdmittedRequest | Promise<AdmittedRequest>;

export function createAdmit(parts: AdmitParts): Admit {
  return (read, raw) => {
    const { context, request, format, inPath } = read;
    const bytes = withoutByteOrderMark(raw);
    context.received(bytes.length);
    if (bytes.length >= MIN_MEDIA_BODY) context.carriesMedia(mediaBytes(bytes));
    const accepting = acceptBody({ context, request, format, bytes, inPath }, parts);
    return accepting instanceof Promise ? resolveLater(parts, read, accepting) : resolve(parts, read, accepting);
  };
}

const resolveLater = (
  parts: AdmitParts,
  read: ReadRequest,
  accepting: Promise<ReceivedBody>,
): Promise<AdmittedRequest> => accepting.then((body) => resolve(parts, read, body));

/** Finds out whom a request is for. */
function resolve(parts: AdmitParts, read: ReadRequest, body: ReceivedBody): AdmittedRequest | Promise<AdmittedRequest> {
  const { format, query } = read;
  const { targets, routing } = parts;
  const name = String(memberOf(body, "model"));
  const named = query.provider === undefined ? routing?.router.find(name) : undefined;
  if (routing && named) return admitRouted(parts, routing, askOf(read, body, named, name));
  const found = resolveTarget(targets, query.provider, name, apiOf(format));
  return found instanceof Promise ? allowLater(parts, read, body, found) : allow(parts, read, body, found);
}

const allowLater = (
  parts: AdmitParts,
  read: ReadRequest,
  body: ReceivedBody,
  finding: Promise<Target>,
): Promise<AdmittedRequest> => finding.then((target) => allow(parts, read, body, target));

/** Applies the model policy. */
function allow(
  parts: AdmitParts,
  read: ReadRequest,
  body: ReceivedBody,
  target: Target,
): AdmittedRequest | Promise<AdmittedRequest> {
  const { context, request } = read;
  requireClient(request);
  context.selected(target.provider.id, target.model);
  if (!parts.policy.active) return sendOn(parts, read, body, target);
  const search = requireAllowedModels(parts.policy, read, target, body);
  return search ? sendOnLater(parts, read, body, target, search) : sendOn(parts, read, body, target);
}

const sendOnLater = (
  parts: AdmitParts,
  read: ReadRequest,
  body: ReceivedBody,
  target: Target,
  search: Promise<void>,
): Promise<AdmittedRequest> => search.then(() => sendOn(parts, read, body, target));

/** Chooses the way to a provider. */
function sendOn(
  parts: AdmitParts,
  read: ReadRequest,
  body: ReceivedBody,
  target: Target,
): AdmittedRequest | Promise<AdmittedRequest> {
  const { context, request, format, query } = read;
  const { routing } = parts;
  const keyed = routing?.router.forProvider(target.provider.id, target.model);
  if (routing && keyed) return admitRouted(parts, routing, askOf(read, body, keyed, undefined));
  const way = chooseWay(target, { format, isStream: asksForStream(body), search: query.rest }, parts.estimatesTokens);
  const isArray = asksForArray(read, body);
  // Written out: to spread an object takes 0.2 µs.
  const { target: asked, wire, url, counter } = way;
  // The attempts are opened last, because whoever gets this closes them.
  return { format, body, target: asked, wire, url, counter, isArray, attempts: new Attempts(parts, context, request) };
}

const asksForStream = (body: ReceivedBody): boolean => memberOf(body, "stream") === true;

const asksForArray = ({ format: { array }, query }: ReadRequest, body: ReceivedBody): boolean =>
  array !== undefined && asksForStream(body) && array.isAsked(query.rest);

interface AdmittedAsk extends RoutedAsk {
  readonly isArray: boolean;
}

/** Written out, as what is admitted: to spread an object takes 0.2 µs. */
const askOf = (
  read: ReadRequest,
  body: ReceivedBody,
  route: RoutedAsk["route"],
  alias: string | undefined,
): AdmittedAsk => ({
  context: read.context,
  request: read.request,
  format: read.format,
  body,
  streams: asksForStream(body),
  query: read.query.rest,
  route,
  alias,
  isArray: asksForArray(read, body),
});

/**
 * Admits a request that several deployments could answer. At once, unless a long body must be parsed, or one searched
 * for other models.
 */
function admitRouted(
  parts: AdmitParts,
  { open, router }: RoutedAdmission,
  ask: AdmittedAsk,
): AdmittedRequest | Promise<AdmittedRequest> {
  const { request, body } = ask;
  const parsing = isLong(body) && readsConversation(router, ask.route) ? parsed(body, request) : undefined;
  const opened = parsing ? afterParsing(parsing, open, ask, undefined) : open(ask);
  return opened instanceof Promise ? admitOpenedLater(parts, ask, opened) : admitOpened(parts, ask, opened);
}

const admitOpenedLater = (
  parts: AdmitParts,
  ask: AdmittedAsk,
  opening: Promise<OpenedRoute>,
): Promise<AdmittedRequest> => opening.then((opened) => admitOpened(parts, ask, opened));

function admitOpened(
  parts: AdmitParts,
  { context, request, format, body, isArray }: AdmittedAsk,
  { route, way: { target, wire, url, counter } }: OpenedRoute,
): AdmittedRequest {
  requireClient(request);
  return { format, body, target, wire, url, counter, route, isArray, attempts: new Attempts(parts, context, request) };
}

/** The bytes of a JSON text without a byte order mark, which no provider takes. https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** Of what is only counted, that which it is counted for: both are to go to the same provider. */
const apiOf = ({ api, counts }: Format): ApiName => counts?.api ?? api;
