import type { ProviderRow } from "../../src/providers/provider-row.ts";
import { type BuiltInProviderId, PROVIDER_TABLE } from "../../src/providers/table.ts";

export const ROWS: Readonly<Record<BuiltInProviderId, ProviderRow>> = PROVIDER_TABLE;

/** The path of a provider's own base URL, with `acc`, `gw` and the like for what settings fill in. */
export const basePathOf = (id: BuiltInProviderId): string =>
  new URL(
    ROWS[id].url
      .replace(/\{(?:HOST|RESOURCE)\}/, "filled")
      .replace("{ACCOUNT_ID}", "acc")
      .replace("{GATEWAY_ID}", "gw"),
  ).pathname.replace(/\/$/, "");
