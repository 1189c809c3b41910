import type { RequestContext } from "../core/request-context.ts";
import { Failure } from "../core/errors.ts";
import { type JsonLimits, parsedWeight } from "../core/json/limits.ts";
import { decodeObjectInTurns, type DecodedObject } from "../core/json/parse.ts";
import { mediaBytes } from "../formats/media-bytes.ts";
import type { ApiName, Format } from "../formats/format.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { resolveTarget, splitQuery, type Target, type TargetSources } from "../routing/resolve-target.ts";
import type { AttemptParts } from "./attempt-parts.ts";
import { Attempts } from "./attempts.ts";
import { chooseWay } from "./choose-way.ts";
import { DECISIVE_NAMES, type ReceivedBody } from "./prepare-body.ts";
import { readAskedInPath } from "./read-path.ts";
import { type BodyReaderParts, readBody } from "./read-body.ts";
import type { OpenedRoute, RoutedAdmission, RoutedAsk } from "./route/request-route.ts";
import type { AdmittedRequest } from "./stage.ts";
import type { CheckRequest } from "../formats/schema/check.ts";
import { nextTurn } from "../core/event-loop.ts";
import { asBuffer } from "../core/json/bytes.ts";
import { findJsonModels } from "../routing/find-json-models.ts";
import { findQueryModels } from "../routing/find-url-models.ts";
import { createModelNames } from "../routing/model-names.ts";

export interface AdmitParts extends BodyReaderParts, Pick<AttemptParts, "openCall" | "deadlines" | "now" | "calls"> {
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** Of request bodies and of answers that are parsed whole. */
  readonly jsonLimits: JsonLimits;
  /** Hold requests to all that their schemas say, and not only to what the gateway itself must read. */
  readonly isStrict: boolean;
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
  const { targets, policy, memory, jsonLimits, isStrict, estimatesTokens, routing } = parts;

  return async (context, request, format) => {
    const inPath = format.inPath && readAskedInPath(request.url, format.inPath);
    const query = splitQuery(request.url, inPath !== undefined);
    context.waits();
    const bytes = withoutByteOrderMark(await readBody(context, request, parts));
    context.waited();
    context.received(bytes.length);
    context.carriesMedia(mediaBytes(bytes));
    const wait = memory.hold(context, bytes.length + parsedWeight(bytes), request.signal);
    if (wait) await wait;
    const decoded = decodeObjectInTurns(bytes, { limits: jsonLimits, names: DECISIVE_NAMES, stop: request });
    const check = isStrict ? format.check : format.checkRequired;
    const checked =
      decoded instanceof Promise
        ? await checkLargeBody(bytes, await decoded, check, request)
        : checkBody(bytes, decoded, check);
    // From here on it is as if the body said it; its bytes stay as they are.
    const body = inPath ? { ...checked, value: { ...checked.value, ...inPath } } : checked;
    const streams = body.value["stream"] === true;
    const isArray = streams && format.array !== undefined && format.array.isAsked(query.rest);
    const name = String(body.value["model"]);
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

/** Admits a request that several deployments could answer. At once, unless its body must be searched for other models. */
function admitRouted(
  parts: AdmitParts,
  { open }: RoutedAdmission,
  ask: RoutedAsk,
  isArray: boolean,
): AdmittedRequest | Promise<AdmittedRequest> {
  const { context, request, format, body } = ask;
  const admit = ({ route, way }: OpenedRoute): AdmittedRequest => {
    requireClient(request);
    return { format, body, ...way, route, isArray, attempts: new Attempts(parts, context, request) };
  };
  const opened = open(ask);
  return opened instanceof Promise ? opened.then(admit) : admit(opened);
}

/** The bytes of a JSON text without a byte order mark, which no provider takes. https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** The failure for a request whose body could not be decoded. */
export function refuseBody({ fault, problem }: Extract<DecodedObject, { readonly fault: unknown }>): Failure {
  if (fault === "stopped") return new Failure("client_gone");
  const code = fault === "depth" || fault === "values" ? "body_too_complex" : "malformed_body";
  return new Failure(code, { message: `Failed to decode request: ${problem}` });
}

/** Throws if the client has left: no more work is done for it. */
export function requireClient({ signal }: Pick<Request, "signal">): void {
  if (signal.aborted) throw new Failure("client_gone");
}

/** What the gateway knows about a body that it accepts. Throws a {@link Failure} for one that it does not accept. */
export function checkBody(bytes: Uint8Array, decoded: DecodedObject, check: CheckRequest): ReceivedBody {
  if ("fault" in decoded) throw refuseBody(decoded);
  const problem = check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return { bytes, value: decoded.value, members: decoded.watch };
}

/** Like {@link checkBody}, with a turn of the event loop before and after the check of up to a million values. */
export async function checkLargeBody(
  bytes: Uint8Array,
  decoded: DecodedObject,
  check: CheckRequest,
  request: Request,
): Promise<ReceivedBody> {
  await nextTurn();
  const body = checkBody(bytes, decoded, check);
  await nextTurn();
  requireClient(request);
  return body;
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
