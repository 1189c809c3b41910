import { Type, type TProperties, type TSchema } from "@sinclair/typebox";
import { acceptedValues } from "../parse-setting.ts";
import { type SettingGroup, type SettingRow } from "../setting-row.ts";
import { SETTING_ROWS, type SettingName } from "../settings-table.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import { reference, says } from "./saying.ts";

/** The section of a group, and what the names of its variables begin with, which its keys leave out. */
const SECTIONS = {
  General: { section: "general", prefix: "" },
  Server: { section: "server", prefix: "SERVER_" },
  Client: { section: "client", prefix: "CLIENT_" },
  Authentication: { section: "auth", prefix: "AUTH_" },
  MCP: { section: "mcp", prefix: "MCP_" },
  Responses: { section: "responses", prefix: "RESPONSES_" },
  Telemetry: { section: "telemetry", prefix: "TELEMETRY_" },
} as const satisfies Record<Exclude<SettingGroup, "Providers">, unknown>;

/** What is about models, whatever its group. */
const OF_POLICY: ReadonlySet<SettingName> = new Set(["ALLOWED_MODELS", "DISALLOWED_MODELS", "PROXY_WITHOUT_MODEL"]);

/** Texts with commas between what they list. */
const LISTS: ReadonlySet<SettingName> = new Set(["AUTH_API_KEYS"]);

/** What the file says by the keys of its maps, and what says which file is read. */
const WITHOUT_PLACE: ReadonlySet<SettingName> = new Set([
  ...(["CUSTOM_PROVIDERS", "MCP_SERVERS", "GATEWAY_CONFIG"] as const),
  ...(["ROUTING_ENABLED", "ROUTING_CONFIG_PATH"] as const),
]);

/**
 * Where the file says a setting: `SERVER_PORT` is `server.port`, `GOOGLE_WIRE` is `providers.google.wire`; undefined if it
 * has no place of its own.
 */
function settingPath(name: SettingName, { group }: SettingRow): readonly string[] | undefined {
  if (WITHOUT_PLACE.has(name)) return undefined;
  if (OF_POLICY.has(name)) return ["policy", name.toLowerCase()];
  if (group !== "Providers") {
    const { section, prefix } = SECTIONS[group];
    return [section, (name.startsWith(prefix) ? name.slice(prefix.length) : name).toLowerCase()];
  }
  const id = Object.keys(PROVIDER_TABLE).find((known) => name.startsWith(`${known.toUpperCase()}_`));
  return id === undefined ? undefined : ["providers", id, name.slice(id.length + 1).toLowerCase()];
}

const whole = (text: string): number => Number(text);

/** What a setting accepts, in the types of the file. What a type cannot say is checked when the text is read. */
function valueSchema(row: SettingRow, isList: boolean): TSchema {
  if (isList) return Type.Union([Type.Array(Type.String()), Type.String()]);
  switch (row.type) {
    case "string":
    case "list":
    case "proxy":
    case "host":
      return Type.String();
    case "boolean":
      return Type.Union([Type.Boolean(), reference()]);
    case "enum":
      return Type.Union([...row.values.map((value) => Type.Literal(value)), reference()]);
    case "integer": {
      const [minimum, maximum] = row.range ?? [];
      const range = { ...(minimum && { minimum: whole(minimum) }), ...(maximum && { maximum: whole(maximum) }) };
      return Type.Union([Type.Integer(range), ...(row.words ?? []).map((word) => Type.Literal(word)), reference()]);
    }
    case "number":
      return Type.Union([Type.Number({ minimum: Number(row.range[0]), maximum: Number(row.range[1]) }), reference()]);
    case "duration":
    case "bytes":
      return Type.Union([Type.String(), Type.Number({ minimum: 0 })]);
  }
}

const ACCEPTED_LIST = "a list, or a text with commas between its entries";

/** The schema of the place that says a setting. */
function settingSchema(name: SettingName, row: SettingRow): TSchema {
  const isList = row.type === "list" || LISTS.has(name);
  const schema = { ...valueSchema(row, isList), description: row.doc };
  return says(schema, {
    variable: () => name,
    notation: isList ? "list" : "text",
    accepted: isList ? ACCEPTED_LIST : acceptedValues(row),
    default: row.default ?? "",
  });
}

/** The keys of the sections that say settings, by section; those of a provider are under `providers.` and its id. */
export function settingSections(): ReadonlyMap<string, TProperties> {
  const sections = new Map<string, Record<string, TSchema>>();
  for (const [name, row] of SETTING_ROWS) {
    const path = settingPath(name, row);
    const key = path?.at(-1);
    if (path === undefined || key === undefined) continue;
    const section = path.slice(0, -1).join(".");
    const keys = sections.get(section) ?? {};
    keys[key] = Type.Optional(settingSchema(name, row));
    sections.set(section, keys);
  }
  return sections;
}
