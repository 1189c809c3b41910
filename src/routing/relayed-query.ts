/** The two uses of a request's query. */
export interface RelayedQuery {
  /** The value of the first `provider` parameter. */
  readonly provider: string | undefined;
  /** The rest unchanged, with its `?`, or nothing. */
  readonly rest: string;
}

const NO_QUERY: RelayedQuery = { provider: undefined, rest: "" };

/** Splits the gateway's own `provider` parameter from the query of `url`; every other parameter keeps its bytes. */
export function splitQuery(url: string): RelayedQuery {
  const start = url.indexOf("?");
  if (start < 0) return NO_QUERY;
  let provider: string | undefined;
  const rest: string[] = [];
  for (const pair of url.slice(start + 1).split("&")) {
    const [[name, value] = ["", ""]] = new URLSearchParams(pair);
    if (name !== "provider") rest.push(pair);
    else provider ??= value;
  }
  const query = rest.filter((pair) => pair !== "").join("&");
  return { provider, rest: query === "" ? "" : `?${query}` };
}
