import type { ProviderRow } from "../providers/provider-row.ts";
import type { Provider } from "../providers/provider.ts";
import { PROVIDER_TABLE } from "../providers/table.ts";
import { formatSetting } from "../config/parse-setting.ts";
import type { Config } from "../config/load-config.ts";
import { maskSecret } from "../config/setting-problem.ts";
import { providerVariables } from "../config/provider-variables.ts";
import { SETTING_ROWS } from "../config/settings-table.ts";

/** The base URL of a provider as its variable has it. */
export function shownUrl({ baseUrl, unixSocket }: Provider): string {
  return unixSocket === undefined ? baseUrl : `unix:${unixSocket}:${new URL(baseUrl).pathname}`;
}

/** A cloud in which nothing is called has no address yet, and to set one would mean that it is to be called. */
function isUnsetCloud({ id, configured }: Provider): boolean {
  const rows: Readonly<Record<string, ProviderRow>> = PROVIDER_TABLE;
  return !configured && rows[id]?.credential !== undefined;
}

function providerLines(provider: Provider, usualTransport: Provider["transport"]): string[] {
  const { id, http2, transport, extraRequestHeaders, key, auth, shownSettings } = provider;
  const variables = providerVariables(id);
  return [
    ...(isUnsetCloud(provider) ? [] : [`${variables.url}=${shownUrl(provider)}`]),
    ...(key === undefined ? [] : [`${variables.key}=${maskSecret(key)}`]),
    ...(http2 ? [`${variables.http2}=true`] : []),
    ...(transport === usualTransport ? [] : [`${variables.transport}=${transport}`]),
    ...(extraRequestHeaders.length > 0 ? [`${variables.relayHeaders}=${extraRequestHeaders.join(",")}`] : []),
    ...shownSettings,
    ...(Object.hasOwn(PROVIDER_TABLE, id) ? [] : [`${variables.authType}=${auth}`]),
  ];
}

/** The effective configuration as `NAME=value` lines, in table order, MCP servers and providers last, every secret masked. */
export function printConfig(config: Config): string {
  return [
    ...SETTING_ROWS.map(([name, row]) => `${name}=${formatSetting(row, config.settings[name])}`),
    ...config.mcpServers.flatMap(({ shownVariables }) => shownVariables),
    ...config.providers.flatMap((provider) => providerLines(provider, config.settings.CLIENT_TRANSPORT)),
    "",
  ].join("\n");
}
