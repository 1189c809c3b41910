import type { Provider } from "../../providers/provider.ts";
import { type ConfigFile, faultLine } from "../file/config-file.ts";
import type { NamedModel, NamedPrice, ProviderPart } from "../file/file-parts.ts";
import { shownPath } from "../file/file-node.ts";
import { checkFallbacks } from "./check-fallbacks.ts";
import { checkModel, complaintsOf } from "./check-model.ts";
import { checkProviders, type KnownProviders } from "./check-providers.ts";
import { completeModel } from "./complete-model.ts";
import type { LoadedModels, WrittenPart } from "./loaded-models.ts";
import { modelSettings, type ModelSettings, providerSettings, type ProviderRoutingSettings } from "./model-settings.ts";
import { checkPrices } from "./check-prices.ts";
import { namedPrice } from "./price-settings.ts";
import { createSuggest } from "./suggest.ts";

/** A file that names models. */
export type FileOfModels = Pick<ConfigFile, "name" | "models" | "modelNames">;

/** All that models are checked against. */
export interface ModelSources {
  /** Names of the first ones win. */
  readonly files: readonly FileOfModels[];
  readonly parts: readonly ProviderPart[];
  readonly prices: readonly NamedPrice[];
  /** Where the parts are. */
  readonly fileName: string;
  /** Undefined if something is wrong with them: what is about them is not checked then. */
  readonly known: KnownProviders | undefined;
}

/** Checks the models of all files, and fills in what they do not say. @returns problems and warnings one line each */
export function loadModels({ files, parts, prices, fileName, known }: ModelSources) {
  const problems: string[] = [];
  const { models, warnings } = joinModels(files);
  const suggest = createSuggest();
  const complaints = (file: FileOfModels, model: NamedModel) =>
    complaintsOf(model, (at, text) => problems.push(faultLine(file.name, at, text)));
  const names = new Set(files.flatMap(({ modelNames }) => modelNames));
  const countOf = (model: NamedModel): number | undefined => known && countDeployments(model, known);
  const owners = new Map(models.map(({ file, model }) => [model, file]));
  const bounded = new Set(parts.filter(({ limits }) => isBounding(limits)).map(({ id }) => id));

  let total = 0;
  for (const { file, model } of models) {
    const complain = complaints(file, model);
    checkModel(model, countOf(model), complain);
    if (known) checkProviders(model, known, complain, suggest);
    const before = total;
    total += countOf(model) ?? 0;
    if (before <= MAX_DEPLOYMENTS && total > MAX_DEPLOYMENTS) {
      complain(["deployments"], `are more than ${MAX_DEPLOYMENTS} with all before, each key counted: expected fewer`);
    }
    if (known && hasIdleQueue(model, bounded)) {
      complain(
        ["limits", "queue"],
        "can do nothing, because nothing bounds the deployments: expected max_in_flight, or another limit",
      );
    }
  }
  const all = models.map(({ model }) => model);
  checkFallbacks(all, names, (model) => complaints(owners.get(model) ?? NO_FILE, model), suggest);
  for (const { id, limits, places } of parts) {
    if (limits?.queue === undefined || isBounding(limits)) continue;
    const path = shownPath(["providers", id, "limits", "queue"]);
    const text = `${path} can do nothing, because nothing bounds the provider: expected max_in_flight, or another limit`;
    problems.push(faultLine(fileName, places[path] ?? { line: 1, column: 1 }, text));
  }
  problems.push(...checkPrices(prices, known, fileName, suggest));
  const warned = models.flatMap(({ file, model }) => idleParts(file, model));
  const complete = models.map(({ file, model }) => {
    const value = completeModel(model.value, countOf(model) ?? 1);
    const written: WrittenPart = { path: ["models", model.name], value, fileName: file.name, places: model.places };
    return { settings: modelSettings(model.name, value), written };
  });
  const providerRoutings = parts.map(providerSettings);
  const loaded: LoadedModels = {
    models: Object.freeze(complete.map(({ settings }) => settings)),
    plainModels: Object.freeze(known ? plainModelsOf(known, providerRoutings) : []),
    providerRoutings: Object.freeze(providerRoutings),
    prices: Object.freeze(prices.map(namedPrice)),
    writtenParts: [
      ...parts.map(({ id, places, ...value }) => ({ path: ["providers", id], value, fileName, places })),
      ...complete.map(({ written }) => written),
      ...prices.map(({ provider, model, value, places }) => ({
        path: ["prices", provider, model],
        value,
        fileName,
        places,
      })),
    ],
  };
  return { loaded, problems, warnings: [...warnings, ...warned] };
}

/** Of all models together: a few lines of many deployments and many keys would be millions. */
const MAX_DEPLOYMENTS = 10_000;

const NO_FILE: FileOfModels = { name: "", models: [], modelNames: [] };

function joinModels(files: readonly FileOfModels[]) {
  const models = new Map<string, { readonly file: FileOfModels; readonly model: NamedModel }>();
  const owners = new Map<string, FileOfModels>();
  const warnings: string[] = [];
  for (const file of files) {
    for (const model of file.models) {
      const owner = owners.get(model.name);
      const path = shownPath(["models", model.name]);
      const at = model.places[path] ?? { line: 1, column: 1 };
      if (owner) warnings.push(faultLine(file.name, at, `${path} is not used, because ${owner.name} has it too`));
      else models.set(model.name, { file, model });
    }
    for (const name of file.modelNames) if (!owners.has(name)) owners.set(name, file);
  }
  return { models: [...models.values()], warnings };
}

/** How many deployments a model has, those of several keys counted for each of them. */
function countDeployments({ value }: NamedModel, { keys }: KnownProviders): number {
  const counts = value.deployments.map(({ provider, key }) =>
    key === undefined ? (keys.get(provider)?.length ?? 1) : 1,
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Whether limits, with or without a queue in front, bound anything. */
const isBounding = (limits: object | undefined): boolean => Object.keys(limits ?? {}).some((key) => key !== "queue");

/** @param bounded ids of providers that have limits */
function hasIdleQueue({ value }: NamedModel, bounded: ReadonlySet<string>): boolean {
  if (value.limits?.queue === undefined || isBounding(value.limits)) return false;
  return !value.deployments.some(({ provider, limits }) => isBounding(limits) || bounded.has(provider));
}

/** What does nothing, and no harm either. */
function idleParts(file: FileOfModels, { name, value, places }: NamedModel): readonly string[] {
  const { strategy = "round_robin" } = value;
  const index = value.deployments.findIndex(({ priority }) => priority !== undefined);
  if (strategy === "priority" || index < 0) return [];
  const path = shownPath(["models", name, "deployments", index, "priority"]);
  const text = `${path} has no effect with the strategy ${strategy}`;
  return [faultLine(file.name, places[path] ?? { line: 1, column: 1 }, text)];
}

/** Requests that name a provider with several keys, or limits, are routed, too; each key is tried once. */
function plainModelsOf(
  { providers, keys }: KnownProviders,
  routings: readonly ProviderRoutingSettings[],
): readonly ModelSettings[] {
  const limited = new Map(routings.filter(({ limits }) => Object.keys(limits).length > 0).map((one) => [one.id, one]));
  return [...providers.values()].flatMap(({ id, callable }: Provider): readonly ModelSettings[] => {
    const count = keys.get(id)?.length ?? 1;
    const routing = limited.get(id);
    if (!callable || (count === 1 && routing === undefined)) return [];
    const retries = { attempts: count, on: ["429" as const], repeat_sent: false };
    const complete = completeModel({ deployments: [{ provider: id, model: "*" }], retries }, count);
    const settings = modelSettings(`${id}/*`, complete);
    return [Object.freeze({ ...settings, ...(routing?.queue && { queue: routing.queue }) })];
  });
}
