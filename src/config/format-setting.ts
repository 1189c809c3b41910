import { formatDuration } from "./duration.ts";
import { maskSecret } from "./mask-secret.ts";
import { maskProxyUrl } from "./parse-proxy-url.ts";
import type { ParsedSetting } from "./parse-setting.ts";
import type { SettingRow } from "./setting-row.ts";

/** A URL, or a named one, up to its query: that may hold a key. */
const QUERY = /^((?:[\w-]+=)?https?:[^?]*\?).*$/i;

/** Writes the value of a setting as the operator would, secrets and the queries of URLs masked (each entry of a list); blank where unset. */
export function formatSetting(row: SettingRow, value: ParsedSetting | undefined): string {
  if (value === undefined) return "";
  if (row.type === "duration" && typeof value === "number") return formatDuration(value);
  if (row.secret === "wholly") return "***";
  if (row.secret === "credentials") return maskProxyUrl(String(value));
  const texts = typeof value === "object" ? value : [String(value)];
  return texts.map((text) => (row.secret === true ? maskSecret(text) : text.replace(QUERY, "$1***"))).join(",");
}
