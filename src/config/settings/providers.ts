import type { SettingRow, SettingRows } from "../setting-row.ts";

/** Which providers there are; their own variables are named for them, see `load-providers.ts`. */
export const PROVIDERS_SETTINGS = {
  CUSTOM_PROVIDERS: {
    group: "Providers",
    type: "list",
    doc: "Ids of further OpenAI-compatible servers; each needs <ID>_API_URL",
  },
  GOOGLE_WIRE: {
    group: "Providers",
    type: "enum",
    values: ["chat", "native"],
    default: "chat",
    doc: "The API in which Google is asked what clients of another API ask: its OpenAI-compatible one, or its own, to which chat clients are translated too",
  },
} as const satisfies SettingRows;

/** `<ID>_HTTP2`, which every provider has. */
export const HTTP2_ROW = {
  group: "Providers",
  type: "boolean",
  default: "false",
  doc: "Call that provider over HTTP/2, many calls on one connection, instead of HTTP/1.1; it must offer it and have an https URL",
} as const satisfies SettingRow;

/** `<ID>_TRANSPORT`, which every provider has. */
export const TRANSPORT_ROW = {
  group: "Providers",
  type: "enum",
  values: ["auto", "socket", "fetch"],
  doc: "What carries the calls to that provider, instead of CLIENT_TRANSPORT",
} as const satisfies SettingRow;

/** `<ID>_ENCODED_SLASHES`, which every provider has. */
export const ENCODED_SLASHES_ROW = {
  group: "Providers",
  type: "boolean",
  doc: "Whether /proxy passes %2F within a segment of a path to that provider, as ARNs have it, instead of refusing it; usual for custom providers only",
} as const satisfies SettingRow;
