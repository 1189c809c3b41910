import type { ProviderRow } from "../../providers/provider-row.ts";
import { readVariable, type Environment } from "../environment.ts";
import { parseQuery } from "./parse-provider-headers.ts";
import type { Findings } from "./provider-variables.ts";
import { problemLine } from "../setting-problem.ts";

/** A row as it is for the version of the provider's API that a setting asks for. */
export interface VersionChoice {
  readonly row: ProviderRow;
  /** What every request says of it, as in a URL, without the `?`; blank if nothing. */
  readonly query: string;
  /** The setting, as `NAME=value`. */
  readonly shown: readonly string[];
}

/** What such a setting accepts, to follow the word "expected". */
export const ACCEPTED_VERSIONS = "a version such as 2024-10-21 or preview";

/** `2024-10-21`, `2025-04-01-preview` */
const DATED = /^\d{4}-\d{2}-\d{2}(?:-[a-z]+)?$/i;

const VERSION = /^[A-Za-z0-9._-]+$/;

/** Reads it. A date means the API of before there were versions without one; anything else is a version of the present one. */
export function chooseVersion(environment: Environment, row: ProviderRow, { problems }: Findings): VersionChoice {
  const { dated } = row;
  const value = dated && readVariable(environment, dated.variable);
  if (dated === undefined || value === undefined) return { row, query: "", shown: [] };
  const { variable: name, parameter, url, paths } = dated;
  const query = VERSION.test(value) ? parseQuery(`${parameter}=${value}`) : undefined;
  if (query === undefined) {
    problems.push(problemLine({ name, value, secret: true, expected: ACCEPTED_VERSIONS }));
    return { row, query: "", shown: [] };
  }
  return { row: DATED.test(value) ? { ...row, url, paths } : row, query, shown: [`${name}=${value}`] };
}
