import { secretPatterns } from "../../core/redact/secret-patterns.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Environment } from "../environment.ts";
import { type Findings, providerVariables } from "./provider-variables.ts";

/** Loads a provider once with each of its keys. What is secret in one is in each of them: none may tell another's. */
export function withKeys(
  environment: Environment,
  id: string,
  furtherKeys: ReadonlyMap<string, readonly string[]>,
  load: (environment: Environment, findings: Findings) => Provider,
  findings: Findings,
): readonly [Provider, ...Provider[]] {
  const first = load(environment, findings);
  const variable = providerVariables(id).key;
  const keys = furtherKeys.get(variable) ?? [];
  // What is doubtful with one key is so with each of them.
  const others = keys.map((key) => load({ ...environment, [variable]: key }, { ...findings, warnings: [] }));
  if (others.length === 0 || first.key === undefined) return [first];
  const further = others.flatMap(({ key }) => (key === undefined ? [] : [secretPatterns(key)]));
  const secrets = Object.freeze([...first.secrets, ...further]);
  const complete = (provider: Provider): Provider => Object.freeze({ ...provider, secrets });
  return [complete(first), ...others.map(complete)];
}
