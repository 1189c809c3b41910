import { AUDIENCE, startTokenIssuer } from "../../test/fixtures/token-issuer.ts";
import { createSigningKey } from "../../test/fixtures/signing-key.ts";
import { startMcpServer } from "../../test/tools/mcp/mcp-server.ts";
import { gatewayTarget, type GatewayOptions } from "../targets/gateway.ts";
import type { Credentials, Target } from "../targets/target.ts";

/** The gateway that features are compared with. */
export const PLAIN_NAME = "plain";

/** The plain gateway and every feature that the bench knows, each measured by itself, in the order of the report. */
export const FEATURES = {
  [PLAIN_NAME]: "none of these",
  key: "authentication by static key",
  "jwt-cached": "authentication by a JWT seen before",
  "jwt-fresh": "authentication by a JWT never seen",
  policy: "a list of allowed models",
  "log-null": "a log line for each request, to /dev/null",
  "log-file": "a log line for each request, to a file",
  usage: "usage of every stream",
  mcp: "an MCP server that offers no tools",
  "mcp-tools": "an MCP server whose tools are offered to the model and not called",
  all: "all at once but these tools, by a JWT seen before",
} as const;

const KEY = "bench-key-0123456789abcdef";
const LOG = { LOG_LEVEL: "info" };
const USAGE = { STREAM_USAGE: "always" };
const POLICY = { ALLOWED_MODELS: "anthropic/claude-sonnet-4,openai/gpt-4o-mini,gpt-4o-mini-burst,gpt-4o-mini-paced" };
const REST = { ...POLICY, ...LOG, ...USAGE };
/** Nothing that can be turned off: no log line for a request, usage only as clients ask for it. */
const PLAIN = { LOG_LEVEL: "error", STREAM_USAGE: "as-asked" };

const TOOLS = ["get-weather", "search-notes", "list-tickets"].map((name) => ({
  name,
  description: `Answers questions about ${name.slice(name.indexOf("-") + 1)}.`,
  inputSchema: { type: "object", properties: { query: { type: "string" } }, required: ["query"] },
}));

/** The gateways to start, one for each feature, and what they need: an issuer of tokens and MCP servers. */
export async function startFeatureTargets(): Promise<AsyncDisposable & { readonly targets: readonly Target[] }> {
  const key = await createSigningKey("RS256", "bench-1");
  const [issuer, withTools, withoutTools] = await Promise.all([
    startTokenIssuer(key),
    startMcpServer({ tools: TOOLS }),
    startMcpServer({ tools: [] }),
  ]);
  let minted = 0;
  const mint = (count: number) =>
    Promise.all(Array.from({ length: count }, () => issuer.sign(key, { jti: String(minted++) }, { typ: "at+jwt" })));
  const sameKey: Credentials = { fresh: false, make: async () => [KEY] };
  const sameToken: Credentials = { fresh: false, make: mint };
  const oidc = { AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: issuer.url, AUTH_OIDC_CLIENT_ID: AUDIENCE };
  const mcp = (server: { readonly url: string }) => ({ MCP_ENABLED: "true", MCP_SERVERS: server.url });

  const options: Readonly<Record<keyof typeof FEATURES, GatewayOptions>> = {
    [PLAIN_NAME]: {},
    key: { settings: { AUTH_ENABLED: "true", AUTH_API_KEYS: KEY }, credentials: sameKey },
    "jwt-cached": { settings: oidc, credentials: sameToken },
    "jwt-fresh": { settings: oidc, credentials: { fresh: true, make: mint } },
    policy: { settings: POLICY },
    "log-null": { settings: LOG },
    "log-file": { settings: LOG, logToFile: true },
    usage: { settings: USAGE },
    mcp: { settings: mcp(withoutTools) },
    "mcp-tools": { settings: mcp(withTools) },
    all: { settings: { ...oidc, ...mcp(withoutTools), ...REST }, logToFile: true, credentials: sameToken },
  };
  return {
    targets: Object.entries(options).map(([name, { settings, ...rest }]) =>
      gatewayTarget(name, { ...rest, settings: { ...PLAIN, ...settings } }),
    ),
    async [Symbol.asyncDispose]() {
      await Promise.all([issuer, withTools, withoutTools].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}
