import { Failure } from "../core/errors.ts";
import type { Format } from "../formats/format.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import { nameIn } from "../providers/model-family.ts";
import { apiUrl } from "../providers/api-request.ts";
import { chooseCounter, chooseWire } from "../routing/choose-wire.ts";
import type { Target } from "../routing/resolve-target.ts";
import type { Way } from "./stage.ts";

/**
 * How a request gets to its provider, over that one of its APIs if it is named.
 * @throws Failure that of a format which the provider does not have
 */
export function chooseWay(
  asked: Target,
  format: Format,
  isStream: boolean,
  search: string,
  estimatesTokens: boolean,
  only?: ProviderApiName,
): Way {
  const { provider, model } = asked;
  const counter = format.counts && chooseCounter(provider, format, estimatesTokens, model);
  // Of the one who does not count, nothing is asked.
  if (counter === "estimate") return { target: asked, wire: format.api, url: "", counter };
  if (counter !== undefined && counter !== "native") {
    const target = namedFor(counter, asked);
    return { target, wire: counter, url: apiUrl(target, counter, false, "") ?? "", counter };
  }
  // All models of most providers are alike: then nothing is made to find out.
  const hasApi = only === undefined && provider.families === undefined && provider.apis[format.api] !== undefined;
  const isOwn = hasApi || format.subpath !== undefined;
  const wire = isOwn ? format.api : chooseWire(provider, format.api, model, only);
  const target = wire === undefined ? asked : namedFor(wire, asked);
  // The query belongs to the client's API.
  const isRelayed = wire === format.api;
  const choosesFraming = isRelayed && format.array !== undefined;
  const url = wire && apiUrl(target, wire, isStream, isRelayed ? search : "", format.subpath, choosesFraming);
  if (wire === undefined || url === undefined) throw notSupported(format, provider.id);
  // Said, because it replaces the way of another deployment, which may have one.
  return { target, wire, url, counter: undefined };
}

/** A target with its model as that API has it. */
const namedFor = (api: ProviderApiName, target: Target): Target =>
  target.provider.families ? { ...target, model: nameIn(target.provider, api, target.model) } : target;

function notSupported({ notSupported: code, counts, subpath }: Format, provider: string): Failure {
  if (counts) {
    const message = "This provider has no API that counts tokens. COUNT_TOKENS=estimate allows an estimate.";
    return new Failure(code, { provider, message });
  }
  if (subpath === undefined) return new Failure(code, { provider });
  const message = `This provider has no Responses API, and ${subpath.slice(1)} is not translated.`;
  return new Failure(code, { provider, message });
}
