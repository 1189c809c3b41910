import type { Dialects } from "../../formats/dialects.ts";
import type { ClientDialect, WireDialect } from "../../formats/form/dialect.ts";
import type { ApiName } from "../../formats/format.ts";
import { isTranslated, isWire } from "../../formats/wires.ts";
import type { ProviderApiName } from "../../providers/api-paths.ts";

/** Loads each dialect when it is first needed, and once. */
export interface DialectLoader {
  /** Rejects for an API whose requests are not translated. */
  client(api: ApiName): Promise<ClientDialect>;
  /** Rejects for an API that nothing is translated to. */
  wire(api: ProviderApiName): Promise<WireDialect>;
}

export function createDialectLoader(dialects: Dialects): DialectLoader {
  const clients = new Map<string, ClientDialect>();
  const wires = new Map<string, WireDialect>();
  return {
    async client(api) {
      if (!isTranslated(api)) throw new Error(`requests of ${api} are not translated`);
      const dialect = clients.get(api) ?? (await dialects[api]());
      clients.set(api, dialect);
      return dialect;
    },
    async wire(api) {
      if (!isWire(api)) throw new Error(`nothing is translated to ${api}`);
      const dialect = wires.get(api) ?? (await dialects[api]());
      wires.set(api, dialect);
      return dialect;
    },
  };
}
