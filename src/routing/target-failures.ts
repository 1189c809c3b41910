import { Failure, FAILURES } from "../core/errors.ts";
import { nearestName } from "../core/nearest-name.ts";
import type { Provider } from "../providers/provider.ts";

/*
 * The failures of requests whose provider cannot be determined. Each says what was asked for, what is missing, and what
 * there is. Names of providers are no secret: clients write them before models, and `GET /v1/models` shows them.
 */

type Providers = ReadonlyMap<string, Provider>;

/** What may be repeated: anything else might be a credential in the wrong place. */
const PROVIDER_ID = /^(?=.{1,24}$)[a-z][a-z_-]*\d{0,3}[a-z_-]*$/;

/** Most characters of a model's name that are repeated. */
const MAX_SHOWN_CHARACTERS = 80;

/** The failure of a request for a provider that does not exist. */
export function providerNotFound(providers: Providers, asked: string, model?: string): Failure {
  const id = asked.trim().toLowerCase();
  const isId = PROVIDER_ID.test(id);
  return new Failure("provider_not_found", {
    message: sentences(FAILURES.provider_not_found.message, isId && describeUnknown(providers, id), listOf(providers)),
    param: "provider",
    asked: { provider: isId ? id : undefined, model },
  });
}

/**
 * The failure of a request for a provider that lacks a setting.
 * @param providers from which another could be chosen
 */
export function providerNotCallable(provider: Provider, model?: string, providers?: Providers): Failure {
  const { id, missingVariables = [] } = provider;
  const variables = missingVariables.join(" and ");
  const purpose = model === undefined ? id : `the model ${show(model)} of ${id}`;
  return new Failure("provider_key_missing", {
    message: sentences(
      FAILURES.provider_key_missing.message,
      variables !== "" && `Set ${variables} to use ${purpose}.`,
      providers !== undefined && listOf(providers),
    ),
    provider: id,
    asked: { provider: id, model },
  });
}

/** The failure of a request for a model that no configured provider is known to have. */
export function noProviderHas(providers: Providers, model: string, similar: readonly string[]): Failure {
  const prefix = prefixOf(model);
  return new Failure("provider_undetermined", {
    message: sentences(
      FAILURES.provider_undetermined.message,
      model !== "" && `No configured provider lists ${show(model)}.`,
      similar.length > 0 && `Similar models: ${similar.join(", ")}.`,
      prefix !== undefined && describeUnknown(providers, prefix),
      listOf(providers),
    ),
    param: "model",
    asked: { provider: prefix, model },
  });
}

/**
 * The failure of a question for one model that is not in the lists, or may not be used, which is not told apart.
 * @param holders where it is, if that is at several providers
 */
export function modelNotFound(
  model: string,
  similar: readonly string[],
  holders: readonly { readonly provider: Provider }[],
): Failure {
  const providers = holders.map(({ provider }) => provider);
  return new Failure("model_not_found", {
    message: sentences(
      // What has spaces is no name of a model, and might be anything.
      FAILURES.model_not_found.message + (/^\S+$/.test(model) ? `: ${show(model)}.` : "."),
      holders.length > 1 &&
        `Several providers have it: ${namesOf(providers)}. Name one, as in ${providers[0]?.id}/model.`,
      similar.length > 0 && `Similar models: ${similar.join(", ")}.`,
    ),
    param: "model",
  });
}

/** The failure of a request for a model that several providers have. */
export function severalProvidersHave(holders: readonly Provider[], model: string): Failure {
  return new Failure("provider_undetermined", {
    message: `${FAILURES.provider_undetermined.message} Several providers have it: ${namesOf(holders)}.`,
    param: "model",
    asked: { model },
  });
}

/** The failure of a request for a model that a provider may have whose list is not known. */
export function listsIncomplete(
  providers: Providers,
  missing: readonly Provider[],
  model: string,
  retryAfterSeconds: number,
): Failure {
  const prefix = prefixOf(model);
  return new Failure("model_lists_incomplete", {
    message: sentences(
      FAILURES.model_lists_incomplete.message,
      prefix !== undefined && describeUnknown(providers, prefix),
      `Missing: ${namesOf(missing)}. Name the provider, as in ${missing[0]?.id}/model, or try again.`,
    ),
    param: "model",
    headers: { "retry-after": String(retryAfterSeconds) },
    asked: { provider: prefix, model },
  });
}

/** What is before the slash in a model's name, if it can be meant for a provider. */
function prefixOf(model: string): string | undefined {
  const slash = model.indexOf("/");
  const prefix = slash > 0 ? model.slice(0, slash).toLowerCase() : "";
  return PROVIDER_ID.test(prefix) ? prefix : undefined;
}

function describeUnknown(providers: Providers, id: string): string {
  const nearest = nearestName(id, providers.keys());
  return nearest === undefined ? `There is no provider ${id}.` : `There is no provider ${id}: did you mean ${nearest}?`;
}

function listOf(providers: Providers): string {
  const configured = [...providers.values()].filter(
    ({ callable, configured: isConfigured }) => callable && isConfigured,
  );
  return configured.length > 0 ? `Configured: ${namesOf(configured)}.` : "No provider is configured.";
}

const namesOf = (providers: readonly Provider[]): string => providers.map(({ id }) => id).join(", ");

const sentences = (...parts: readonly (string | false)[]): string => parts.filter((part) => part !== false).join(" ");

function show(model: string): string {
  return JSON.stringify(model.length > MAX_SHOWN_CHARACTERS ? `${model.slice(0, MAX_SHOWN_CHARACTERS)}…` : model);
}
