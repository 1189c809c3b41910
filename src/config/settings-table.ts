import type { SettingRow, SettingRows, SettingValue } from "./setting-row.ts";
import { AUTHENTICATION_SETTINGS } from "./settings/authentication.ts";
import { CLIENT_SETTINGS } from "./settings/client.ts";
import { COLLECTOR_SETTINGS } from "./settings/collectors.ts";
import { COST_SETTINGS } from "./settings/cost.ts";
import { GENERAL_SETTINGS } from "./settings/general.ts";
import { HISTORY_SETTINGS } from "./settings/history.ts";
import { MCP_SETTINGS } from "./settings/mcp.ts";
import { PROVIDERS_SETTINGS } from "./settings/providers.ts";
import { RESPONSES_SETTINGS } from "./settings/responses.ts";
import { SERVER_SETTINGS } from "./settings/server.ts";
import { TELEMETRY_SETTINGS } from "./settings/telemetry.ts";
import { TRACING_SETTINGS } from "./settings/tracing.ts";

/**
 * Every setting, in the order in which it is listed. A setting is one row of its group: its type in `Settings`, its check
 * at start, `--help`, `--print-config`, the tables of the guide and the warning for misspellings follow from it.
 */
export const SETTINGS_TABLE = {
  ...GENERAL_SETTINGS,
  ...COST_SETTINGS,
  ...PROVIDERS_SETTINGS,
  ...SERVER_SETTINGS,
  ...CLIENT_SETTINGS,
  ...AUTHENTICATION_SETTINGS,
  ...RESPONSES_SETTINGS,
  ...MCP_SETTINGS,
  ...TELEMETRY_SETTINGS,
  ...TRACING_SETTINGS,
  ...COLLECTOR_SETTINGS,
  ...HISTORY_SETTINGS,
} as const satisfies SettingRows;

export type SettingName = keyof typeof SETTINGS_TABLE;

/** The effective settings, by name. Durations are milliseconds, sizes are bytes. */
export type Settings = { readonly [Name in SettingName]: SettingValue<(typeof SETTINGS_TABLE)[Name]> };

/** The rows with their names, in table order, for code that treats all settings alike. */
export const SETTING_ROWS: readonly (readonly [name: SettingName, row: SettingRow])[] = (
  Object.keys(SETTINGS_TABLE) as SettingName[]
).map((name) => [name, SETTINGS_TABLE[name]] as const);
