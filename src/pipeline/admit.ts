import type { RequestContext } from "../core/request-context.ts";
import { Failure } from "../core/errors.ts";
import { type JsonLimits, parsedWeight } from "../core/json/limits.ts";
import { decodeObjectInTurns } from "../core/json/parse.ts";
import type { Format } from "../formats/format.ts";
import type { ModelPolicy } from "../routing/model-policy.ts";
import { apiUrl } from "../providers/url.ts";
import { chooseWire } from "../routing/choose-wire.ts";
import { resolveTarget, splitQuery, type TargetSources } from "../routing/resolve-target.ts";
import { type AttemptParts, Attempts } from "./attempts.ts";
import { checkBody, checkLargeBody, requireClient, withoutByteOrderMark } from "./check-body.ts";
import { DECISIVE_NAMES } from "./prepare-body.ts";
import { type BodyReaderParts, readBody } from "./read-body.ts";
import { requireAllowedModels } from "./require-allowed-models.ts";
import type { AdmittedRequest } from "./stage.ts";

export interface AdmitParts extends BodyReaderParts, Pick<AttemptParts, "openCall"> {
  readonly targets: TargetSources;
  readonly policy: ModelPolicy;
  /** Of request bodies and of answers that are parsed whole. */
  readonly jsonLimits: JsonLimits;
  /** Hold requests to all that their schemas say, and not only to what the gateway itself must read. */
  readonly isStrict: boolean;
}

/**
 * Reads a request and decides who answers it. The attempts of what comes out are open: whoever gets it closes them.
 * Throws a {@link Failure} if the request may not pass.
 */
export type Admit = (context: RequestContext, request: Request, format: Format) => Promise<AdmittedRequest>;

export function createAdmit(parts: AdmitParts): Admit {
  const { targets, policy, memory, jsonLimits, isStrict } = parts;

  return async (context, request, format) => {
    const query = splitQuery(request.url);
    const bytes = withoutByteOrderMark(await readBody(context, request, parts));
    context.received(bytes.length);
    const wait = memory.hold(context, bytes.length + parsedWeight(bytes), request.signal);
    if (wait) await wait;
    const decoded = decodeObjectInTurns(bytes, { limits: jsonLimits, names: DECISIVE_NAMES, stop: request });
    const check = isStrict ? format.check : format.checkRequired;
    const body =
      decoded instanceof Promise
        ? await checkLargeBody(bytes, await decoded, check, request)
        : checkBody(bytes, decoded, check);
    const found = resolveTarget(targets, query.provider, String(body.value["model"]), format.api);
    const target = found instanceof Promise ? await found : found;
    requireClient(request);
    context.selected(target.provider.id, target.model);
    if (policy.active) await requireAllowedModels(policy, context, request, target, bytes, query.rest);
    const wire = format.subpath === undefined ? chooseWire(target.provider, format.api) : format.api;
    // The query belongs to the client's API.
    const url =
      wire &&
      apiUrl(target, wire, body.value["stream"] === true, wire === format.api ? query.rest : "", format.subpath);
    if (wire === undefined || url === undefined)
      throw new Failure(format.notSupported, { provider: target.provider.id });
    return { format, body, target, wire, url, attempts: new Attempts(parts, context, request) };
  };
}
