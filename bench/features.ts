import { gatewayTarget, SOURCE } from "./gateway-target.ts";
import type { GatewayOptions } from "./gateway-target.ts";
import { AUDIENCE } from "./issuer.ts";
import type { Credentials, Rig, Target } from "./targets.ts";

/** One feature of the gateway, measured by itself against a gateway without any. */
export interface Feature {
  readonly name: string;
  readonly title: string;
  /** Whether it has to do with events of a stream, and not only with requests. */
  readonly streams: boolean;
  /** Settings beside those of {@link PLAIN}. */
  readonly options: GatewayOptions;
}

const KEY = "bench-key-0123456789abcdef";
const sameKey: Credentials = { fresh: false, make: () => [KEY] };
const sameToken: Credentials = { fresh: false, make: (_, { issuer }) => issuer.mint(1) };
const freshTokens: Credentials = { fresh: true, make: (count, { issuer }) => issuer.mint(count) };

const oidc = ({ issuer }: Rig): Readonly<Record<string, string>> => ({
  AUTH_ENABLED: "true",
  AUTH_OIDC_ISSUER: issuer.url,
  AUTH_OIDC_CLIENT_ID: AUDIENCE,
});
const LOG = { LOG_LEVEL: "info" };
const USAGE = { STREAM_USAGE: "always" };
const POLICY = { ALLOWED_MODELS: "anthropic/claude-sonnet-4,openai/gpt-4o-mini,gpt-4o-mini-burst" };
const mcp = (servers: string): Readonly<Record<string, string>> => ({ MCP_ENABLED: "true", MCP_SERVERS: servers });

/** Nothing that can be turned off: no log line for a request, usage only as clients ask for it. */
const PLAIN = { LOG_LEVEL: "error", STREAM_USAGE: "as-asked" };

/** The gateway that features are compared with. */
export const PLAIN_NAME = "plain";

/** Every feature that the bench knows, in the order of the report. */
export const FEATURES: readonly Feature[] = [
  {
    name: "key",
    title: "authentication by static key",
    streams: false,
    options: { settings: () => ({ AUTH_ENABLED: "true", AUTH_API_KEYS: KEY }), credentials: sameKey },
  },
  {
    name: "jwt-cached",
    title: "authentication by a JWT seen before",
    streams: false,
    options: { settings: oidc, credentials: sameToken },
  },
  {
    name: "jwt-fresh",
    title: "authentication by a JWT never seen",
    streams: false,
    options: { settings: oidc, credentials: freshTokens },
  },
  { name: "policy", title: "a list of allowed models", streams: false, options: { settings: () => POLICY } },
  {
    name: "log-null",
    title: "a log line for each request, to /dev/null",
    streams: false,
    options: { settings: () => LOG },
  },
  {
    name: "log-file",
    title: "a log line for each request, to a file",
    streams: true,
    options: { settings: () => LOG, logToFile: true },
  },
  { name: "usage", title: "usage of every stream", streams: true, options: { settings: () => USAGE } },
  {
    name: "mcp",
    title: "an MCP server that offers no tools",
    streams: true,
    options: { settings: ({ toolServer }) => mcp(toolServer.emptyUrl) },
  },
  {
    name: "mcp-tools",
    title: "an MCP server whose tools are offered to the model and not called",
    streams: true,
    options: { settings: ({ toolServer }) => mcp(toolServer.url) },
  },
  {
    name: "all",
    title: "all at once but these tools, by a JWT seen before",
    streams: true,
    options: {
      settings: (rig) => ({ ...oidc(rig), ...mcp(rig.toolServer.emptyUrl), ...POLICY, ...LOG, ...USAGE }),
      logToFile: true,
      credentials: sameToken,
    },
  },
];

/** The gateways to start: the plain one and one for each feature. */
export function featureTargets(): readonly Target[] {
  const target = (name: string, { settings, ...options }: GatewayOptions): Target =>
    gatewayTarget(name, SOURCE, { ...options, settings: (rig) => ({ ...PLAIN, ...settings?.(rig) }) });
  return [target(PLAIN_NAME, {}), ...FEATURES.map(({ name, options }) => target(name, options))];
}
