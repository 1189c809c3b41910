import { type ApiPaths, PROVIDER_APIS, type ProviderApiName, USUAL_PATHS } from "./api-paths.ts";
import { type ApiAccess, type AuthHeader, keyHeader } from "./api-access.ts";
import { MESSAGES_HEADERS } from "./anthropic-base.ts";
import { hasVersion, joinPath, pathOf } from "./join-path.ts";
import { expandPath, templatePattern } from "./path-template.ts";
import type { Provider, ProviderApi, ProviderBase } from "./provider.ts";
import type { ProviderRow } from "./provider-row.ts";
import { joinQuery } from "./query.ts";

/** One API as the operator wants it. */
export interface WantedApi {
  readonly name: ProviderApiName;
  /** With a leading slash; absent if it is where it usually is. */
  readonly path?: string;
  /** Absent if the key goes there as to the rest. */
  readonly authHeader?: AuthHeader;
}

export interface ApiSources extends Pick<Provider, "baseUrl" | "rootUrl" | "query" | "rootPaths" | "key"> {
  readonly row: Pick<ProviderRow, "paths" | "bases" | "headers">;
  /** How the key travels; undefined if none does. */
  readonly authHeader: AuthHeader | undefined;
  /** It was the operator who said so, and it holds for every base of the provider. */
  readonly isOwnAuth: boolean;
  /** The operator's own headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** All APIs that the operator says there are, or undefined for those of the row. */
  readonly wanted: readonly WantedApi[] | undefined;
}

/** Joins the row of a provider with its settings: where each API is, and what its requests carry. */
export function buildApis(sources: ApiSources): Pick<Provider, "apis" | "bases"> {
  const { baseUrl, rootUrl, row, query, wanted } = sources;
  const main: ProviderBase = freezeAll({
    path: pathOf(baseUrl),
    ...accessBy(sources, sources.authHeader, row.headers),
  });
  const others = (row.bases ?? []).map(({ path, authHeader, headers }): ProviderBase => {
    const isOther = authHeader !== undefined && !sources.isOwnAuth;
    const header = isOther && sources.authHeader ? keyHeader(authHeader) : sources.authHeader;
    return freezeAll({ path: pathOf(rootUrl) + path, ...accessBy(sources, header, headers) });
  });
  const bases = sortByLength([main, ...others]);

  const urls = rowUrls(sources);
  const found = wanted?.map(
    (api) => [api.name, locate(sources, urls, api, wanted), authOfWanted(api, wanted)] as const,
  );
  const listed = found ?? PROVIDER_APIS.map((name) => [name, urls[name], undefined] as const);
  const ownBases: ProviderBase[] = [];
  const apis: { [Name in ProviderApiName]?: ProviderApi } = {};
  for (const [name, url, authHeader] of [["models", urls.models, undefined] as const, ...listed]) {
    if (url === undefined) continue;
    const path = pathOf(url);
    const access = authHeader ? accessBy(sources, authHeader, row.headers) : baseOf(bases, path, main);
    if (authHeader) ownBases.push(ownBase(path, access));
    const isMessages = name === "messages" || name === "countTokens";
    const defaults = isMessages ? { ...MESSAGES_HEADERS, ...access.defaults } : access.defaults;
    const { whole, stream } = expandPath(url);
    apis[name] = freezeAll({
      url: joinQuery(whole, "", query, true),
      ...(stream !== whole && {
        streamUrl: joinQuery(stream, "", query, true),
        relayedStreamUrl: joinQuery(stream.split("?", 1)[0] ?? "", "", query, true),
      }),
      defaults,
      fixed: access.fixed,
    });
  }
  const { models = { url: baseUrl, defaults: {}, fixed: {} } } = apis;
  return {
    apis: Object.freeze({ ...apis, models }),
    bases: Object.freeze([...sortByLength([...ownBases, ...bases]), freezeAll({ ...main, path: "" })]),
  };
}

/** The base that is one API with a credential of its own. */
function ownBase(path: string, access: ApiAccess): ProviderBase {
  const pattern = templatePattern(path);
  return freezeAll(pattern ? { ...access, path, pattern } : { ...access, path: path.split("?", 1)[0] ?? "" });
}

/** What requests carry below a base whose key is in that header. */
function accessBy(
  { key, headers }: Pick<ApiSources, "key" | "headers">,
  authHeader: AuthHeader | undefined,
  defaults: Readonly<Record<string, string>> = {},
): ApiAccess {
  const credential =
    key === undefined || authHeader === undefined ? {} : { [authHeader.name]: authHeader.prefix + key };
  return { defaults, fixed: { ...headers, ...credential } };
}

/** The addresses of the APIs of a row, without the provider's query. */
function rowUrls({ row, baseUrl, rootUrl }: ApiSources): { readonly [Name in ProviderApiName]?: string } {
  const below = (url: string, paths: ApiPaths) =>
    Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, url + path]));
  const further = (row.bases ?? []).map(({ path, paths }) => below(rootUrl + path, paths));
  return Object.assign({}, ...further, below(baseUrl, row.paths));
}

/** The APIs whose requests others count. */
const COUNTED: { readonly [Name in ProviderApiName]?: ProviderApiName } = {
  countTokens: "messages",
  countGenerateTokens: "generate",
};

/** What an operator says of requests holds for counting them. */
const authOfWanted = ({ name, authHeader }: WantedApi, wanted: readonly WantedApi[]): AuthHeader | undefined =>
  authHeader ?? wanted.find((api) => api.name === COUNTED[name])?.authHeader;

/** Where a wanted API is. */
function locate(
  sources: ApiSources,
  urls: { readonly [Name in ProviderApiName]?: string },
  { name, path }: WantedApi,
  wanted: readonly WantedApi[],
): string {
  // A path with a version of its own is that of another base.
  if (path !== undefined) return joinPath(sources, path.slice(1), hasVersion(path));
  const messages = wanted.find((api) => api.name === "messages")?.path;
  if (name === "countTokens" && messages !== undefined) {
    return `${joinPath(sources, messages.slice(1), hasVersion(messages))}/count_tokens`;
  }
  return urls[name] ?? sources.baseUrl + USUAL_PATHS[name];
}

function baseOf(bases: readonly ProviderBase[], path: string, main: ProviderBase): ProviderBase {
  const place = path.split("?", 1)[0] ?? "";
  return bases.find((base) => `${place}/`.startsWith(`${base.path}/`)) ?? main;
}

const sortByLength = (bases: readonly ProviderBase[]): ProviderBase[] =>
  bases.toSorted((one, other) => other.path.length - one.path.length);

function freezeAll<Access extends ApiAccess>(access: Access): Access {
  return Object.freeze({
    ...access,
    defaults: Object.freeze({ ...access.defaults }),
    fixed: Object.freeze({ ...access.fixed }),
  });
}
