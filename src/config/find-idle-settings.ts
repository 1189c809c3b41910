import type { Settings } from "./settings-table.ts";

/**
 * Warns, one line each and without values, of settings that are good and do nothing, because the one that they need is
 * not set. Whoever sets them believes that they do something; of those that keep strangers out, that is dangerous.
 */
export function findIdleSettings(settings: Settings): string[] {
  const rules: readonly (readonly [idle: boolean, warning: string])[] = [
    [settings.MCP_ENABLED && settings.MCP_SERVERS.length === 0, "MCP_ENABLED=true has no effect without MCP_SERVERS"],
    [!settings.MCP_ENABLED && settings.MCP_SERVERS.length > 0, "MCP_SERVERS has no effect without MCP_ENABLED=true"],
    [
      !settings.AUTH_ENABLED && settings.AUTH_API_KEYS !== undefined,
      "AUTH_API_KEYS has no effect without AUTH_ENABLED=true: nobody is asked for a key",
    ],
    [
      !settings.AUTH_ENABLED && settings.AUTH_OIDC_ISSUER !== undefined,
      "AUTH_OIDC_ISSUER has no effect without AUTH_ENABLED=true: nobody is asked for a token",
    ],
    [
      settings.AUTH_ENABLED && settings.SERVER_ALLOWED_HOSTS.length > 0,
      "SERVER_ALLOWED_HOSTS has no effect with AUTH_ENABLED=true: a credential is asked for under every name",
    ],
  ];
  return rules.flatMap(([idle, warning]) => (idle ? [warning] : []));
}
