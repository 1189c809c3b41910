import type { SettingRows } from "../setting-row.ts";

/** Which providers there are; their own variables are named for them, see `load-providers.ts`. */
export const PROVIDERS_SETTINGS = {
  CUSTOM_PROVIDERS: {
    group: "Providers",
    type: "list",
    doc: "Ids of further OpenAI-compatible servers; each needs <ID>_API_URL",
  },
} as const satisfies SettingRows;
