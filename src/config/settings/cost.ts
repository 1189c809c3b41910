import type { SettingRows } from "../setting-row.ts";

/** What requests cost. */
export const COST_SETTINGS = {
  COST_ENABLED: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Compute what each request cost in US dollars, for its log line and all other records; on as well with COST_HEADER, or with prices in the configuration file. The built-in list of prices takes 20 MB of memory",
  },
  COST_HEADER: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Tell clients in X-Cost-Usd what an answer that is no stream cost",
  },
  PRICES_UPDATE: {
    group: "General",
    type: "boolean",
    default: "false",
    doc: "Fetch the list of prices of genai-prices from GitHub at start and once a day, if prices are needed; else it is as old as the gateway",
  },
} as const satisfies SettingRows;
