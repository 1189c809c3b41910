import { secretPatterns } from "../../core/redact/secret-patterns.ts";
import { authTypeOf, BEARER, type AuthHeader } from "../../providers/api-access.ts";
import { hasVersion, pathOf, rootOf } from "../../providers/join-path.ts";
import { buildApis } from "../../providers/provider-apis.ts";
import type { AuthType, ProviderRow } from "../../providers/provider-row.ts";
import type { ListEndpoint, Provider } from "../../providers/provider.ts";
import { joined, joinQuery, withoutOwn } from "../../providers/query.ts";
import { endpointKey } from "../../upstream/endpoint.ts";
import { type ProviderRequests, secretValues } from "./read-provider-requests.ts";
import type { BaseUrl } from "../urls.ts";

type Addresses = Pick<Provider, "apis" | "bases">;

const DEFAULT_AUTH_HEADER = "x-api-key";

/** What of a provider follows from how its requests are made; the addresses of its APIs are made when they are first asked for. */
export function requestParts(
  row: ProviderRow,
  base: BaseUrl,
  key: string | undefined,
  auth: AuthType,
  own: ProviderRequests,
) {
  const { baseUrl } = base;
  const rootUrl = rootOf(baseUrl, row.basePath ?? pathOf(row.url));
  const { authHeader: name = DEFAULT_AUTH_HEADER, authPrefix: prefix = "" } = row;
  const rowHeader = auth === "bearer" ? BEARER : { name, prefix };
  const authHeader: AuthHeader = own.authHeader ?? rowHeader;
  const wantedRoots = (own.apis ?? []).flatMap(({ path }) => (path && hasVersion(path) ? rootedPart(path) : []));
  const baseRoots = (row.bases ?? []).map(({ path }) => path.slice(1)).filter((path) => path !== "");
  const rootPaths = Object.freeze([...own.rootPaths, ...wantedRoots, ...baseRoots, ...(row.rootPaths ?? [])]);
  const parts = {
    rootUrl,
    rootPaths,
    query: own.query,
    auth: auth === "none" ? auth : authTypeOf(authHeader),
    authHeader: authHeader.name,
    secrets: Object.freeze(
      [...(key === undefined ? [] : [key]), ...secretValues(own.headers, own.query)].map(secretPatterns),
    ),
    encodedSlashes: own.encodedSlashes ?? row.encodedSlashes === true,
  };
  let built: Addresses | undefined;
  const addresses = (): Addresses =>
    (built ??= buildApis({
      baseUrl,
      rootUrl,
      rootPaths,
      row,
      key,
      query: own.query,
      headers: own.headers,
      wanted: own.apis,
      authHeader: auth === "none" ? undefined : authHeader,
      isOwnAuth: own.authHeader !== undefined,
    }));
  return { parts, addresses };
}

/** Most providers are not configured, and hardly ever asked: their addresses are made when they are asked for. */
export function withAddresses(known: Omit<Provider, "apis" | "bases">, addresses: () => Addresses): Provider {
  if (known.configured) return Object.freeze({ ...known, ...addresses() });
  return Object.freeze({
    ...known,
    get apis() {
      return addresses().apis;
    },
    get bases() {
      return addresses().bases;
    },
  });
}

/** The version that a setting asks for is before what else the query says of it. */
export const withVersion = (own: ProviderRequests, version: string): ProviderRequests =>
  version === "" ? own : { ...own, query: joined(version, withoutOwn(own.query, version)) };

/** With what a path begins, as far as it is the same for all models. */
function rootedPart(path: string): readonly string[] {
  const segments = path.slice(1).split("/");
  const open = segments.findIndex((segment) => segment.includes("{"));
  const part = (open < 0 ? segments : segments.slice(0, open)).join("/");
  return part === "" ? [] : [part];
}

/** What holds for some models only. APIs that the operator lists are those of all models. */
export function familiesOf({ families }: ProviderRow, { apis }: ProviderRequests): Provider["families"] {
  const names = apis?.map(({ name }) => name);
  return names ? families?.map((family) => ({ ...family, apis: names })) : families;
}

/** Where the models are listed, if the row says so. */
export function listsOf({ lists }: ProviderRow, endpoint: ListEndpoint, query: string): Pick<Provider, "lists"> {
  if (!lists) return {};
  const baseUrl = lists.base(endpoint.baseUrl);
  const isSame = new URL(baseUrl).origin === new URL(endpoint.baseUrl).origin;
  const other = { ...endpoint, baseUrl, endpointKey: endpointKey({ ...endpoint, baseUrl }) };
  const urls = lists.paths.map((path) => joinQuery(baseUrl + path, "", query, true));
  const frozen = { endpoint: Object.freeze(isSame ? endpoint : other), urls: Object.freeze(urls) };
  return { lists: Object.freeze(frozen) };
}
