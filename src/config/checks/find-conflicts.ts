import { isIPv4, isIPv6 } from "../addresses.ts";
import type { Provider } from "../../providers/provider.ts";
import { directHosts } from "../../upstream/egress.ts";
import { providerVariables } from "../providers/provider-variables.ts";
import { findIssuerConflicts } from "../issuer-entries.ts";
import { findOtlpConflicts } from "./find-otlp-conflicts.ts";
import type { Settings } from "../settings-table.ts";

/** A host name, with or without a mark for its subdomains, or an IPv4 address. */
const HOST = /^(\*?\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i;

/** A scheme, a host and perhaps a port; a slash at the end does no harm. https://fetch.spec.whatwg.org/#origin-header */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(?:[a-z0-9._~-]+|\[[0-9a-f:.]+\])(?::\d+)?(?=\/?$)/i;

/** What is wrong with settings that are each acceptable but do not go together; one line each, without values. */
export function findConflicts(settings: Settings, providers: readonly Provider[]): string[] {
  const hasCert = settings.SERVER_TLS_CERT_PATH !== undefined;
  const hasKey = settings.SERVER_TLS_KEY_PATH !== undefined;
  const rules: readonly (readonly [broken: boolean, problem: string])[] = [
    [
      settings.AUTH_ENABLED && settings.AUTH_OIDC_ISSUER.length === 0 && settings.AUTH_API_KEYS === undefined,
      "AUTH_ENABLED=true needs AUTH_OIDC_ISSUER, AUTH_API_KEYS, or both: without either nobody could get in",
    ],
    [
      !settings.CLIENT_NO_PROXY.every(isHost),
      "CLIENT_NO_PROXY must list host names or IP addresses, without ports; a name includes its subdomains",
    ],
    [
      !settings.SERVER_CORS_ORIGINS.every((origin) => origin === "*" || isOrigin(origin)),
      "SERVER_CORS_ORIGINS must list origins as browsers send them, such as https://app.example.com, or *: a scheme, a host, and a port if it is not the usual one",
    ],
    [
      !settings.SERVER_ALLOWED_HOSTS.every((host) => host === "*" || isHost(host)),
      "SERVER_ALLOWED_HOSTS must list host names, without schemes or ports, or *: such as gateway.example.com, or .example.com for a name with its subdomains",
    ],
    [
      settings.SERVER_UNIX_SOCKET !== undefined && settings.SERVER_WORKERS !== 1,
      "SERVER_WORKERS needs a port: a unix socket (SERVER_UNIX_SOCKET) can be served by one process only",
    ],
    [
      settings.CLIENT_TRANSPORT === "socket" && settings.CLIENT_PROXY !== undefined,
      "CLIENT_TRANSPORT=socket does not go with CLIENT_PROXY, which only fetch can go through: set it to auto, or set <ID>_TRANSPORT=socket for providers whose hosts CLIENT_NO_PROXY names",
    ],
    [
      !settings.MCP_REDUCE_SCHEMAS.every((listed) => providers.some(({ id }) => id === listed.toLowerCase())),
      "MCP_REDUCE_SCHEMAS must list ids of providers, such as google",
    ],
    [
      settings.RESPONSES_STORE === "sqlite" && settings.RESPONSES_STORE_PATH === undefined,
      "RESPONSES_STORE=sqlite needs RESPONSES_STORE_PATH, the file in which responses are kept",
    ],
    [
      settings.RESPONSES_STORE === "redis" && !isRedisUrl(settings.RESPONSES_STORE_URL ?? settings.REDIS_URL),
      "RESPONSES_STORE=redis needs RESPONSES_STORE_URL or REDIS_URL, a URL such as redis://localhost:6379, rediss://user:password@host or redis+unix:///path",
    ],
    [
      settings.HISTORY_ENABLED && settings.DATABASE_URL !== undefined && !isPostgresUrl(settings.DATABASE_URL),
      "DATABASE_URL must be a URL such as postgres://user:password@host:5432/database; without it the history is in SQLite",
    ],
    [
      settings.ROUTING_ENABLED && settings.ROUTING_CONFIG_PATH === undefined,
      "ROUTING_ENABLED=true needs ROUTING_CONFIG_PATH, the file that names models",
    ],
    [
      settings.REDIS_URL !== undefined && !isRedisUrl(settings.REDIS_URL),
      "REDIS_URL must be the URL of one server, such as redis://localhost:6379, rediss://user:password@host or redis+unix:///path: a cluster or Sentinel is not supported",
    ],
    [hasCert !== hasKey, "SERVER_TLS_CERT_PATH and SERVER_TLS_KEY_PATH must be set together"],
    [
      !settings.SERVER_TRUSTED_PROXIES.every(isPeerRange),
      "SERVER_TRUSTED_PROXIES must list IP addresses, networks such as 10.0.0.0/8, or unix for those that come over the unix socket",
    ],
    ...findIssuerConflicts(settings),
  ];
  const found = [...rules, ...findOtlpConflicts(settings)].flatMap(([broken, problem]) => (broken ? [problem] : []));
  // Only hosts that are each good can be compared with those of providers.
  return found.length > 0 ? found : [...findSocketsOverHttp2(providers), ...findProxied(settings, providers)];
}

/** The gateway's own sockets speak HTTP/1.1. */
function findSocketsOverHttp2(providers: readonly Provider[]): string[] {
  return providers
    .filter(({ http2, transport }) => http2 && transport === "socket")
    .map(({ id }) => {
      const { http2, transport } = providerVariables(id);
      return `${http2}=true does not go with the transport socket, which speaks HTTP/1.1 only: unset ${http2}, or set ${transport}=fetch`;
    });
}

/** The runtime speaks HTTP/2 to nobody through a proxy, and the gateway's own sockets go through none. */
function findProxied({ CLIENT_PROXY, CLIENT_NO_PROXY }: Settings, providers: readonly Provider[]): string[] {
  if (CLIENT_PROXY === undefined) return [];
  const isDirect = directHosts(CLIENT_NO_PROXY);
  const proxied = providers.filter(
    // A host that still has a placeholder cannot be called.
    ({ unixSocket, baseUrl }) => unixSocket === undefined && URL.canParse(baseUrl) && !isDirect(baseUrl),
  );
  return proxied.flatMap(({ id, http2, transport }) => {
    const names = providerVariables(id);
    const instead = "or name the provider's host in CLIENT_NO_PROXY";
    return [
      ...(http2
        ? [
            `${names.http2} does not go with CLIENT_PROXY, through which only HTTP/1.1 is spoken: unset ${names.http2}, ${instead}`,
          ]
        : []),
      ...(transport === "socket"
        ? [
            `${names.transport}=socket does not go with CLIENT_PROXY, which only fetch can go through: unset ${names.transport}, ${instead}`,
          ]
        : []),
    ];
  });
}

function isHost(text: string): boolean {
  return HOST.test(text) || isIPv6(text.replace(/^\[(.*)\]$/, "$1"));
}

/** Whether a browser may send this as `Origin`, but for letter case and a slash at its end. */
function isOrigin(text: string): boolean {
  const [origin] = ORIGIN.exec(text) ?? [];
  if (origin === undefined || !URL.canParse(origin)) return false;
  // Of `http` and `https` the standard says how their origins are written; those of other schemes are the browser's own.
  return !/^https?:/i.test(origin) || new URL(origin).origin === origin.toLowerCase();
}

/** An IP address, a network of them, or the word for peers without an address. */
function isPeerRange(text: string): boolean {
  const [address = "", length, ...rest] = text.split("/");
  if (text === "unix") return true;
  const bits = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return (
    rest.length === 0 && bits > 0 && (length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits))
  );
}

/** Whether it names a Redis server, as its clients take it. */
function isRedisUrl(text: string | undefined): boolean {
  return (
    text !== undefined &&
    /^(?:redis|rediss|redis\+unix|redis\+tls|valkey|valkeys):\/\/./.test(text) &&
    URL.canParse(text)
  );
}

/** Whether it names a Postgres server, as its clients take it. */
const isPostgresUrl = (text: string): boolean => /^postgres(?:ql)?:\/\/./.test(text) && URL.canParse(text);
