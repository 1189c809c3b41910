import type { ConfigFile } from "../file/config-file.ts";
import type { RoutingFile } from "../file/read-routing-file.ts";
import type { LoadedConfig } from "../load-config.ts";
import type { KnownProviders } from "./check-providers.ts";
import { loadModels } from "./load-models.ts";
import { withTimeouts } from "./provider-timeouts.ts";

interface Files {
  readonly file?: ConfigFile;
  readonly routing: RoutingFile | undefined;
}

/** Adds what files say of models to a configuration, or what is wrong with that to what is wrong already. */
export function addModels(loaded: LoadedConfig, { file, routing }: Files): LoadedConfig {
  if (file === undefined && routing === undefined) return loaded;
  const known: KnownProviders | undefined = loaded.ok
    ? {
        providers: new Map(loaded.config.providers.map((provider) => [provider.id, provider])),
        keys: loaded.config.keyedProviders,
        pathOf: (variable) => file?.paths[variable] ?? variable,
      }
    : undefined;
  const { loaded: models, ...found } = loadModels({
    files: [file, routing].flatMap((one) => one ?? []),
    parts: file?.providerParts ?? [],
    prices: file?.prices ?? [],
    fileName: file?.name ?? "",
    known,
  });
  const warnings = [...loaded.warnings, ...found.warnings];
  const problems = [...(loaded.ok ? [] : loaded.problems), ...(routing?.problems ?? []), ...found.problems];
  if (!loaded.ok || problems.length > 0) return { ok: false, problems, warnings };
  const { keyedProviders, variables } = loaded.config;
  const keys = [...keyedProviders].map(([id, providers]): [string, string] => {
    return [`providers.${id}.api_keys`, providers.map(({ key }) => key).join("\n")];
  });
  const timed = withTimeouts(loaded.config, models);
  const config = Object.freeze({ ...loaded.config, ...models, ...timed, variables: new Map([...variables, ...keys]) });
  return { ok: true, config, warnings };
}
