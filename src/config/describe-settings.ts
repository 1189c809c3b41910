import { AUTH_TYPES } from "../providers/provider-row.ts";
import { describeProviderParameters } from "./providers/describe-provider-parameters.ts";
import { ENCODED_SLASHES_ROW, HTTP2_ROW, TRANSPORT_ROW } from "./settings/providers.ts";
import { acceptedValues } from "./parse-setting.ts";
import { ACCEPTED_HEADERS } from "./parse-headers.ts";
import { ACCEPTED_APIS } from "./providers/parse-provider-apis.ts";
import { ACCEPTED_AUTH_HEADERS, ACCEPTED_QUERIES } from "./providers/parse-provider-headers.ts";
import { ACCEPTED_RELAY_HEADERS } from "./providers/parse-relay-headers.ts";
import { ACCEPTED_ROOT_PATHS } from "./providers/read-provider-requests.ts";
import { SETTING_GROUPS, type SettingDescription, type SettingGroup, type SettingRow } from "./setting-row.ts";
import { SETTING_ROWS } from "./settings-table.ts";

/** The variables whose names depend on other settings. */
const FAMILIES: readonly SettingDescription[] = [
  {
    group: "Providers",
    name: "<ID>_API_KEY",
    accepted: "a single line",
    default: "",
    doc: "API key of the provider with that id, in upper case (OPENAI_API_KEY)",
  },
  {
    group: "Providers",
    name: "<ID>_API_URL",
    accepted: "an http or https URL, or unix:/path/to.sock[:/base/path]",
    default: "",
    doc: "Base URL of that provider, instead of its usual one; a query in it goes with every request",
  },
  {
    group: "Providers",
    name: "<ID>_HTTP2",
    accepted: acceptedValues(HTTP2_ROW),
    default: HTTP2_ROW.default,
    doc: HTTP2_ROW.doc,
  },
  {
    group: "Providers",
    name: "<ID>_TRANSPORT",
    accepted: acceptedValues(TRANSPORT_ROW),
    default: "",
    doc: TRANSPORT_ROW.doc,
  },
  {
    group: "Providers",
    name: "<ID>_RELAY_HEADERS",
    accepted: ACCEPTED_RELAY_HEADERS,
    default: "",
    doc: "Headers of clients' requests that are passed on to that provider beside the usual ones, such as HTTP-Referer,X-Title",
  },
  {
    group: "Providers",
    name: "<ID>_HEADERS",
    accepted: ACCEPTED_HEADERS,
    default: "",
    doc: "Headers that every request to that provider carries, whatever the client says; their values are secrets",
  },
  {
    group: "Providers",
    name: "<ID>_QUERY",
    accepted: ACCEPTED_QUERIES,
    default: "",
    doc: "Parameters that every request to that provider has in its query, in place of the client's; their values are secrets",
  },
  {
    group: "Providers",
    name: "<ID>_AUTH_HEADER",
    accepted: ACCEPTED_AUTH_HEADERS,
    default: "",
    doc: "Header that carries the key of that provider, instead of its usual one",
  },
  {
    group: "Providers",
    name: "<ID>_APIS",
    accepted: ACCEPTED_APIS,
    default: "",
    doc: "All APIs that the provider has, instead of its usual ones; a path with a version in it (/anthropic/v1/messages) is below the provider's root, any other below its base URL; {model} in it is the model, and of {a|b} a is for whole answers and b for streams",
  },
  {
    group: "Providers",
    name: "<ID>_ROOT_PATHS",
    accepted: ACCEPTED_ROOT_PATHS,
    default: "",
    doc: "Paths that /proxy finds below the root of that provider instead of its base URL, beside those that are known",
  },
  {
    group: "Providers",
    name: "<ID>_ENCODED_SLASHES",
    accepted: acceptedValues(ENCODED_SLASHES_ROW),
    default: "",
    doc: ENCODED_SLASHES_ROW.doc,
  },
  {
    group: "Providers",
    name: "<ID>_AUTH_TYPE",
    accepted: `one of ${AUTH_TYPES.join(", ")}`,
    default: "bearer",
    doc: "How the key of a custom provider travels; x-header is the header x-api-key; without a key none is sent",
  },
  ...describeProviderParameters(),
  {
    group: "MCP",
    name: "MCP_<NAME>_TOKEN",
    accepted: "printable ASCII characters in a single line",
    default: "",
    doc: "Bearer token for the MCP server of that name, in upper case; a server without a name has that of its host (127_0_0_1)",
  },
  {
    group: "MCP",
    name: "MCP_<NAME>_HEADERS",
    accepted: ACCEPTED_HEADERS,
    default: "",
    doc: "Headers of every request to that server",
  },
  {
    group: "MCP",
    name: "MCP_<NAME>_CLIENT_ID",
    accepted: "printable ASCII characters in a single line",
    default: "",
    doc: "OAuth client as which the gateway gets tokens for that server, with client credentials",
  },
  {
    group: "MCP",
    name: "MCP_<NAME>_CLIENT_SECRET",
    accepted: "printable ASCII characters in a single line",
    default: "",
    doc: "Secret of that client",
  },
  {
    group: "MCP",
    name: "MCP_<NAME>_TOKEN_URL",
    accepted: "an http or https URL without credentials and fragment",
    default: "",
    doc: "Where that client gets its tokens; unset, the server names its authorization server",
  },
  {
    group: "MCP",
    name: "MCP_<NAME>_SCOPE",
    accepted: "names of scopes, separated by spaces",
    default: "",
    doc: "What that client asks to be allowed",
  },
];

const RESTART_NOTES = {
  restart: "; another value needs a restart",
  "restart-if-toggled": "; to set or unset it needs a restart",
} as const satisfies Record<NonNullable<SettingRow["appliesAt"]>, string>;

function describeRow(name: string, row: SettingRow): SettingDescription {
  const aliases = row.aliases === undefined ? "" : ` (older spelling: ${row.aliases.join(", ")})`;
  return {
    group: row.group,
    name,
    accepted: acceptedValues(row),
    default: row.default ?? "",
    doc: row.doc + (row.appliesAt ? RESTART_NOTES[row.appliesAt] : "") + aliases,
  };
}

/** Everything an operator can set, group by group, for `--help` and the guide. */
export function describeSettings(): readonly {
  readonly group: SettingGroup;
  readonly settings: readonly SettingDescription[];
}[] {
  const all = [...SETTING_ROWS.map(([name, row]) => describeRow(name, row)), ...FAMILIES];
  return SETTING_GROUPS.map((group) => ({ group, settings: all.filter((setting) => setting.group === group) }));
}
