import type { Provider } from "../providers/provider.ts";
import { formatSetting } from "../config/parse-setting.ts";
import type { Config } from "../config/load-config.ts";
import { maskSecret } from "../config/setting-problem.ts";
import { providerVariables } from "../config/providers/provider-variables.ts";
import { SETTING_ROWS } from "../config/settings-table.ts";

/** The base URL of a provider as its variable has it. */
export function shownUrl({ baseUrl, unixSocket }: Provider): string {
  return unixSocket === undefined ? baseUrl : `unix:${unixSocket}:${new URL(baseUrl).pathname}`;
}

/** Whether anything is in effect of a provider: a row of the table that no setting touches takes part in nothing. */
const isInEffect = ({ configured, probed, shownSettings, extraRequestHeaders, http2 }: Provider): boolean =>
  configured || probed === true || http2 || shownSettings.length > 0 || extraRequestHeaders.length > 0;

function providerLines(provider: Provider, config: Config): string[] {
  const { id, http2, transport, extraRequestHeaders, auth, shownSettings } = provider;
  const keys = (config.keyedProviders.get(id) ?? [provider]).flatMap(({ key }) => key ?? []);
  const variables = providerVariables(id);
  return [
    `${variables.url}=${shownUrl(provider)}`,
    ...keys.map((key) => `${variables.key}=${maskSecret(key)}`),
    ...(http2 ? [`${variables.http2}=true`] : []),
    ...(transport === config.settings.CLIENT_TRANSPORT ? [] : [`${variables.transport}=${transport}`]),
    ...(extraRequestHeaders.length > 0 ? [`${variables.relayHeaders}=${extraRequestHeaders.join(",")}`] : []),
    ...shownSettings,
    ...(isCustom(id, config) ? [`${variables.authType}=${auth}`] : []),
  ];
}

/** A custom provider may have an id of the table. */
const isCustom = (id: string, { settings }: Config): boolean =>
  settings.CUSTOM_PROVIDERS.some((custom) => custom.toLowerCase() === id);

/**
 * The effective configuration as `NAME=value` lines, in table order, MCP servers and providers last, every secret masked.
 * Providers that are neither configured nor looked for are left out.
 * @param originOf where the value of a variable comes from, to be said at the end of its line
 * @param further lines for what no variable says
 */
export function printConfig(
  config: Config,
  originOf?: (name: string) => string,
  further: readonly string[] = [],
): string {
  const lines = [
    ...SETTING_ROWS.map(([name, row]) => `${name}=${formatSetting(row, config.settings[name])}`),
    ...config.mcpServers.flatMap(({ shownVariables }) => shownVariables),
    ...config.providers.filter(isInEffect).flatMap((provider) => providerLines(provider, config)),
  ];
  const shown = originOf ? lines.map((line) => `${line}  # ${originOf(line.slice(0, line.indexOf("=")))}`) : lines;
  return [...shown, ...further, ""].join("\n");
}
