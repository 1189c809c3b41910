import { Failure } from "../core/errors.ts";
import type { ApiName, Format } from "../formats/format.ts";
import { isTranslated, type Wire, WIRES } from "../formats/wires.ts";
import type { ProviderApiName } from "../providers/api-paths.ts";
import { apiUrl } from "../providers/api-request.ts";
import { apisFor, nameIn } from "../providers/model-family.ts";
import type { Provider } from "../providers/provider.ts";
import type { Target } from "./target.ts";

/** Which model of whom is asked, in which API, and where. */
export interface Way {
  readonly target: Target;
  /** The provider's API that it goes to: that of the client's format, or one that it is translated to. */
  readonly wire: ProviderApiName;
  /** What counts its tokens, if that is what it asks for and not what the provider does in the client's API. */
  readonly counter?: Counter | undefined;
  /** The address of that API, with the query that is relayed. */
  readonly url: string;
}

/** A request, as far as its way to a provider depends on it. */
export interface WayAsk {
  readonly format: Format;
  /** Whether its answer is to be a stream. */
  readonly isStream: boolean;
  /** Its query with the `?`, or nothing. */
  readonly search: string;
}

/**
 * How a request gets to its provider.
 * @param estimatesTokens whether there may be an estimate if the provider cannot count
 * @param only the one API of the provider that is in question, if not all are
 * @throws Failure that of a format which the provider does not have
 */
export function chooseWay(
  asked: Target,
  { format, isStream, search }: WayAsk,
  estimatesTokens: boolean,
  only?: ProviderApiName,
): Way {
  const { provider, model } = asked;
  const counter = format.counts && chooseCounter(provider, format, estimatesTokens, model);
  // Of the one who does not count, nothing is asked.
  if (counter === "estimate") return { target: asked, wire: format.api, url: "", counter };
  if (counter !== undefined && counter !== "native") {
    const target = namedFor(counter, asked);
    return { target, wire: counter, url: apiUrl(target, counter, {}) ?? "", counter };
  }
  // What is below an API is not translated.
  const wire = format.subpath === undefined ? chooseWire(provider, format.api, model, only) : format.api;
  const target = wire === undefined ? asked : namedFor(wire, asked);
  // The query belongs to the client's API.
  const isRelayed = wire === format.api;
  const choosesFraming = isRelayed && format.array !== undefined;
  const asks = { isStream, search: isRelayed ? search : "", subpath: format.subpath, choosesFraming };
  const url = wire && apiUrl(target, wire, asks);
  if (wire === undefined || url === undefined) throw notSupported(format, provider.id);
  // Said, because it replaces the way of another deployment, which may have one.
  return { target, wire, url, counter: undefined };
}

/**
 * The API of a provider over which a request of a client's API goes: the same one if the provider has it, else the one
 * that can say most of those that it has and that the request can be translated to.
 * @param model in the provider's naming; undefined to ask for any of its models
 * @param only the one API of the provider that is in question, if not all are
 * @returns undefined if there is none: embeddings are never translated, and who counts tokens is for {@link chooseCounter} to say
 */
export function chooseWire(
  provider: Pick<Provider, "apis" | "wires" | "families">,
  api: ApiName,
  model?: string,
  only?: ProviderApiName,
): ProviderApiName | undefined {
  const { apis, families, wires = WIRES } = provider;
  // All models of most providers are alike: then nothing is made to find out.
  if (only === undefined && families === undefined && apis[api] !== undefined) return api;
  const has = apisFor(provider, model);
  if (only !== undefined) return has(only) && (only === api || isTranslated(api)) ? only : undefined;
  if (has(api)) return api;
  return isTranslated(api) ? wires.find(has) : undefined;
}

/** What counts the tokens of a request that the provider cannot count in the client's own API. */
export type Counter = CountingApi | "estimate";

/** The APIs of providers that count tokens. */
export type CountingApi = Extract<ProviderApiName, "countTokens" | "inputTokens" | "countGenerateTokens">;

/** The wire of the requests that each of them counts. */
export const COUNTED_WIRES: Readonly<Record<CountingApi, Wire>> = {
  countTokens: "messages",
  inputTokens: "responses",
  countGenerateTokens: "generate",
};

/**
 * How a request to count tokens is answered.
 * @param estimates whether there may be an estimate if the provider cannot count
 * @param model in the provider's naming
 * @returns `native` if the provider has the client's own API; undefined if it is not answered at all
 */
export function chooseCounter(
  provider: Pick<Provider, "apis" | "families">,
  { api }: Pick<Format, "api">,
  estimates: boolean,
  model: string,
): Counter | "native" | undefined {
  const has = apisFor(provider, model);
  if (has(api)) return "native";
  if (has("countTokens")) return "countTokens";
  if (has("inputTokens")) return "inputTokens";
  if (has("countGenerateTokens")) return "countGenerateTokens";
  return estimates ? "estimate" : undefined;
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
