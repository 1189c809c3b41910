import type { ProviderRow, UrlParameter } from "../../providers/provider-row.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import { ACCEPTED_VERSIONS } from "./choose-version.ts";
import { acceptedParameter } from "./read-base-url.ts";
import type { SettingDescription } from "../setting-row.ts";

const GROUP = { group: "Providers", default: "" } as const;

/** The variables that single providers have beside those of all: what their base URLs and requests are filled in with. */
export function describeProviderParameters(): readonly SettingDescription[] {
  const parameters = new Map<string, { readonly parameter: UrlParameter; readonly ids: readonly string[] }>();
  const versions: SettingDescription[] = [];
  for (const [id, { urlParameters = [], dated }] of Object.entries<ProviderRow>(PROVIDER_TABLE)) {
    for (const parameter of urlParameters) {
      const ids = parameters.get(parameter.variable)?.ids ?? [];
      parameters.set(parameter.variable, { parameter, ids: [...ids, id] });
    }
    if (dated) {
      const doc = `The ${dated.parameter} of requests to ${id}; with a date they go to ${dated.what}`;
      versions.push({ ...GROUP, name: dated.variable, accepted: ACCEPTED_VERSIONS, doc });
    }
  }
  const filled = [...parameters].map(([name, { parameter, ids }]): SettingDescription => {
    const doc = `${parameter.what} that fills in the base URL of ${ids.join(" and ")}`;
    return { ...GROUP, name, accepted: acceptedParameter(parameter), doc };
  });
  return [...filled, ...versions];
}
