import type { Provider } from "../../providers/provider.ts";
import type { NamedModel } from "../file/file-parts.ts";
import type { Complain } from "./check-model.ts";
import type { Suggest } from "./suggest.ts";

/** The providers that deployments may name. */
export interface KnownProviders {
  /** By their ids. */
  readonly providers: ReadonlyMap<string, Provider>;
  /** By ids, of those with several. */
  readonly keys: ReadonlyMap<string, readonly Provider[]>;
  /** What a variable is called in the file. */
  readonly pathOf: (variable: string) => string;
}

/** Checks that the providers of a model's deployments are there, can be called, and have the keys that are asked for. */
export function checkProviders(
  { name, value }: NamedModel,
  { providers, keys, pathOf }: KnownProviders,
  complain: Complain,
  suggest: Suggest,
): void {
  const slash = name.indexOf("/");
  const prefix = name.slice(0, Math.max(0, slash)).toLowerCase();
  if (providers.has(prefix) && !name.includes("*")) {
    complain([], `begins with ${prefix}/, which names a provider: expected another name, or one with a *`);
  }
  value.deployments.forEach(({ provider: id, key }, index) => {
    const provider = providers.get(id);
    const at = ["deployments", index];
    if (provider === undefined) {
      complain(
        [...at, "provider"],
        `is no provider${suggest(id.toLowerCase(), providers.keys())}: expected the id of one that is built in, or is in providers`,
      );
    } else if (!provider.callable) {
      const missing = (provider.missingVariables ?? []).map(pathOf).join(" and ");
      complain([...at, "provider"], `cannot be called: ${id} needs ${missing === "" ? "more settings" : missing}`);
    } else {
      const count = keys.get(id)?.length ?? 1;
      if (key === undefined || key < count) return;
      const expected = count === 1 ? "0, because it has one key" : `0 to ${count - 1}`;
      complain([...at, "key"], `is no key of ${id}: expected ${expected}`);
    }
  });
}
