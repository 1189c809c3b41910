import type { SettingRow, SettingRows } from "../setting-row.ts";

/** Which providers there are; their own variables are named for them, see `load-providers.ts`. */
export const PROVIDERS_SETTINGS = {
  CUSTOM_PROVIDERS: {
    group: "Providers",
    type: "list",
    doc: "Ids of further OpenAI-compatible servers; each needs <ID>_API_URL",
  },
  BEDROCK_REGION: {
    group: "Providers",
    type: "string",
    doc: "Region of AWS in which bedrock is called; unset, AWS_REGION, AWS_DEFAULT_REGION or the profile says it",
  },
  BEDROCK_PROFILE: {
    group: "Providers",
    type: "string",
    doc: "Profile of the AWS files with whose credentials bedrock is called, instead of those that AWS's own tools find",
  },
  VERTEX_PROJECT: {
    group: "Providers",
    type: "string",
    doc: "Project of Google Cloud in which vertex is called",
  },
  VERTEX_LOCATION: {
    group: "Providers",
    type: "string",
    default: "global",
    doc: "Location in which vertex is called, such as europe-west1",
  },
  VERTEX_CREDENTIALS: {
    group: "Providers",
    type: "string",
    doc: "File with the key of a service account, or what gcloud auth application-default login writes; unset, GOOGLE_APPLICATION_CREDENTIALS names it, else gcloud's own file or the metadata server is asked",
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
