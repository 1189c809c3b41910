/**
 * Adds the query of a request to a URL. If the provider or the URL has a parameter of its own, the client's of that name is
 * left out, in any letter case.
 * @param search with its `?`, or nothing
 * @param own parameters that the provider's requests have, without the `?`
 * @param addsOwn whether `url` does not have them yet
 */
export function joinQuery(url: string, search: string, own: string, addsOwn = false): string {
  const queryStart = url.indexOf("?");
  if (queryStart < 0 && own === "") return url + search;
  const written = queryStart < 0 ? "" : url.slice(queryStart + 1);
  const given = withoutOwn(search.slice(1), joined(written, own));
  const query = joined(addsOwn ? own : "", given);
  return query === "" ? url : `${url}${queryStart < 0 ? "?" : "&"}${query}`;
}

/** Two queries as one, without the `?`. */
export const joined = (one: string, other: string): string =>
  one === "" || other === "" ? one + other : `${one}&${other}`;

/** The name of a parameter as servers read it. */
const nameOf = (pair: string): string => {
  for (const [name] of new URLSearchParams(pair)) return name.toLowerCase();
  return "";
};

/** Parameters as they are written, without those that others have too. */
export function withoutOwn(query: string, own: string): string {
  const names = new Set(own.split("&").map(nameOf));
  // Some servers take a semicolon for the sign between two parameters, as HTML 4 did.
  const isOwn = (pair: string): boolean => pair.split(";").some((part) => names.has(nameOf(part)));
  return query
    .split("&")
    .filter((pair) => pair !== "" && !isOwn(pair))
    .join("&");
}
