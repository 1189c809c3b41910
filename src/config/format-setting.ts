import { formatDuration } from "./duration.ts";
import { maskSecret } from "./mask-secret.ts";
import type { ParsedSetting } from "./parse-setting.ts";
import type { SettingRow } from "./settings-table.ts";

/** Writes the value of a setting as the operator would, secrets masked (each entry of a list); blank where unset. */
export function formatSetting(row: SettingRow, value: ParsedSetting | undefined): string {
  if (value === undefined) return "";
  if (row.type === "duration" && typeof value === "number") return formatDuration(value);
  const texts = typeof value === "object" ? value : [String(value)];
  return texts.map((text) => (row.secret === true ? maskSecret(text) : text)).join(",");
}
