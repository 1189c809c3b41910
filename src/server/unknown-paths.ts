import { hasSuffix, matchTemplate, routerPath } from "./path-template.ts";
import { addressesOf, ROUTE_ROWS, type RouteRow } from "./routes.ts";

/** What Google's methods end with. Some clients encode the colon. */
const VERB = /(?::|%3a)[a-z]+\/?$/i;

/**
 * Whether rows take that method at a path but for what it ends with: an unknown verb is no method that is not allowed.
 * Where another API has the path without a verb, it must have one.
 */
export function hasOtherVerbs(method: string, path: string): boolean {
  return ROUTE_ROWS.some(
    ([, row]) => row.method === method && (VERB.test(path) ? addressesOf(row) : row.paths).some((at) => isOf(at, path)),
  );
}

const isOf = (template: string, path: string): boolean =>
  hasSuffix(template) && matchTemplate(routerPath(template), path) !== undefined;

/** A part of the paths in which errors use one envelope even if the path or the method is unknown. */
export type ErrorScope = Required<Pick<RouteRow, "paths" | "errors">> & Pick<RouteRow, "servesGoogle">;

/**
 * Where the clients of a format with errors of its own look for an API: its paths and what is below them, or all that a
 * row says.
 */
export function errorScopes(): ErrorScope[] {
  const below = ROUTE_ROWS.flatMap(([, { scope, errors, servesGoogle }]) =>
    scope !== undefined && errors ? [{ path: scope, errors, ...(servesGoogle && { servesGoogle }) }] : [],
  );
  const scopes = ROUTE_ROWS.flatMap(([, row]) => {
    const errors = row.format?.errors;
    return errors ? addressesOf(row).flatMap((path) => (path.includes("*") ? [] : [{ path, errors }])) : [];
  });
  return [...below, ...scopes]
    .filter(({ path }) => !scopes.some((other) => path.startsWith(`${other.path}/`)))
    .map(({ path, ...scope }) => ({ paths: [path, `${path}/*`], ...scope }));
}
