import { Failure } from "../core/errors.ts";
import type { Provider } from "../providers/provider.ts";

/** Decides whether a model may be used at all. */
export interface ModelPolicy {
  /** False where every model is allowed: then nothing needs to be looked at. */
  readonly active: boolean;
  /** Why this model of this provider is refused, or undefined where it is allowed. */
  refusal(provider: Provider, model: string): Failure | undefined;
}

/**
 * @param allowed entries of `ALLOWED_MODELS`; where there are any, they alone decide.
 * @param disallowed entries of `DISALLOWED_MODELS`.
 * An entry is `provider/model` or a bare model, which then holds for every provider.
 */
export function createModelPolicy(allowed: readonly string[], disallowed: readonly string[]): ModelPolicy {
  const allowing = new Set(allowed.map(normalise).filter((entry) => entry !== ""));
  const denying = new Set(disallowed.map(normalise).filter((entry) => entry !== ""));
  const active = allowing.size > 0 || denying.size > 0;
  return {
    active,
    refusal(provider, model) {
      if (!active) return undefined;
      if (allowing.size > 0) return matches(allowing, provider, model) ? undefined : new Failure("model_not_allowed");
      return matches(denying, provider, model) ? new Failure("model_disallowed") : undefined;
    },
  };
}

function matches(entries: ReadonlySet<string>, provider: Provider, model: string): boolean {
  const bare = normalise(model);
  if (entries.has(bare)) return true;
  const prefix = `${provider.id}/`;
  // A second prefix of the same provider in front of the model names the same model to whoever wrote the entry.
  return entries.has(prefix + bare) || (bare.startsWith(prefix) && entries.has(bare.slice(prefix.length)));
}

/**
 * One spelling for all that providers take for the same model: letter case and outer space do not count, Google's ids
 * may begin with `models/`, and Ollama's tag `latest` is what it assumes where none is given.
 */
function normalise(model: string): string {
  return model
    .normalize("NFKC")
    .trim()
    .toLowerCase()
    .replace(/^((?:[a-z][a-z0-9_-]*\/)?)models\//, "$1")
    .replace(/:latest$/, "");
}
