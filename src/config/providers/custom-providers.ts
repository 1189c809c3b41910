import type { ProviderRow } from "../../providers/provider-row.ts";
import { FORMERLY_CUSTOM, PROVIDER_TABLE } from "../../providers/table.ts";
import { COMPATIBLE_SERVERS } from "../../providers/table/compatible-servers.ts";
import { readVariable, type Environment } from "../environment.ts";
import { type Findings, providerVariables } from "./provider-variables.ts";
import { problemLine } from "../setting-problem.ts";
import { ACCEPTED_BASE_URLS } from "../urls.ts";

const CUSTOM_ID = /^[a-z][a-z0-9_-]*$/;

/** Built-in providers by what their variables begin with: an id with `-` in place of `_` has the same ones. */
const BUILT_IN = new Map(
  Object.entries<ProviderRow>(PROVIDER_TABLE).map(([id]) => [providerVariables(id).url, id] as const),
);

/**
 * Reads which providers are known only by their settings. An id that is built in now, and was not always, may still be
 * given to one: with a base URL it is a custom provider as before, in place of the built-in one that has the same
 * variables; without, the built-in one is meant, unless it is a server that operators run themselves.
 * @param listed the entries of `CUSTOM_PROVIDERS`, in any case
 */
export function readCustomIds(
  environment: Environment,
  listed: readonly string[],
  { problems, warnings }: Findings,
): readonly string[] {
  const idsByVariable = new Map<string, string>();
  for (const value of listed) {
    const id = value.toLowerCase();
    const variable = providerVariables(id).url;
    const builtIn = BUILT_IN.get(variable);
    const refuse = (reason: string): void => {
      const expected = "ids that begin with a letter and go on with letters, digits, - and _";
      problems.push(problemLine({ name: "CUSTOM_PROVIDERS", value, secret: false, reason, expected }));
    };
    if (!CUSTOM_ID.test(id)) refuse("not an id");
    else if (id === "demo" || (builtIn !== undefined && !FORMERLY_CUSTOM.has(builtIn))) refuse("the name is taken");
    else if (idsByVariable.has(variable)) refuse(`it shares ${variable} with ${idsByVariable.get(variable)}`);
    else idsByVariable.set(variable, id);
  }
  return [...idsByVariable].flatMap(([variable, id]) => {
    if (readVariable(environment, variable) !== undefined) return [id];
    const builtIn = BUILT_IN.get(variable);
    // Who names a server of their own has to say where it is.
    const isHosted = builtIn !== undefined && !Object.hasOwn(COMPATIBLE_SERVERS, builtIn);
    if (isHosted) warnings.push(`CUSTOM_PROVIDERS need not name ${id}: ${builtIn} is built in`);
    else problems.push(`${variable} is not set, but CUSTOM_PROVIDERS names ${id}: expected ${ACCEPTED_BASE_URLS}`);
    return [];
  });
}
