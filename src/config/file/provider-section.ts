import { Type, type TProperties, type TSchema } from "@sinclair/typebox";
import { describeSettings } from "../describe-settings.ts";
import { apiWord } from "../providers/parse-provider-apis.ts";
import { providerVariables } from "../providers/provider-variables.ts";
import type { SettingDescription } from "../setting-row.ts";
import { TRANSPORT_ROW } from "../settings/providers.ts";
import { SETTINGS_TABLE } from "../settings-table.ts";
import { PROVIDER_APIS } from "../../providers/api-paths.ts";
import { AUTH_TYPES } from "../../providers/provider-row.ts";
import { PROVIDER_TABLE } from "../../providers/table.ts";
import { PROVIDER_PARTS } from "./limit-sections.ts";
import { type Notation, reference, says } from "./saying.ts";

const FAMILY = "<ID>_";

/** The keys of the variables that are called otherwise in the file. */
const KEYS: Readonly<Record<string, string>> = { API_URL: "base_url", API_KEY: "api_key" };

/** Ids of providers beside those of the table. */
export const CUSTOM_ID = "^(?!demo$)[a-z][a-z0-9_-]*$";

const headers = (): TSchema => Type.Object({}, { additionalProperties: Type.String({ title: "header" }) });

const apiEntry = (): TSchema =>
  Type.Union([
    Type.String(),
    Type.Object(
      { path: Type.Optional(Type.String()), auth_header: Type.Optional(Type.String()) },
      { additionalProperties: false },
    ),
  ]);

function apis(): TSchema {
  const names = PROVIDER_APIS.map(apiWord);
  const named = Object.fromEntries(names.map((name) => [name, Type.Optional(apiEntry())]));
  return Type.Union([
    Type.Array(Type.Union(names.map((name) => Type.Literal(name)))),
    Type.Object(named, { additionalProperties: false }),
  ]);
}

const words = (values: readonly string[]): TSchema =>
  Type.Union([...values.map((value) => Type.Literal(value)), reference()]);
const boolean = (): TSchema => Type.Union([Type.Boolean(), reference()]);
const list = (): TSchema => Type.Union([Type.Array(Type.String()), Type.String()]);

interface Form {
  readonly schema: TSchema;
  readonly notation: Notation;
  /** If not as the variable's. */
  readonly accepted?: string;
}

/** What is no plain text, by the end of the variable's name. */
const FORMS: Readonly<Record<string, () => Form>> = {
  HTTP2: () => ({ schema: boolean(), notation: "text" }),
  TRANSPORT: () => ({ schema: words(TRANSPORT_ROW.values), notation: "text" }),
  ENCODED_SLASHES: () => ({ schema: boolean(), notation: "text" }),
  AUTH_TYPE: () => ({ schema: words(AUTH_TYPES), notation: "text" }),
  RELAY_HEADERS: () => ({ schema: list(), notation: "list", accepted: "a list of header names, without credentials" }),
  ROOT_PATHS: () => ({
    schema: list(),
    notation: "list",
    accepted: "a list of the first segments of paths, or * for all",
  }),
  HEADERS: () => ({
    schema: headers(),
    notation: "headers",
    accepted: "names of headers, each with its value as text",
  }),
  QUERY: () => ({
    schema: Type.Object(
      {},
      { additionalProperties: Type.Union([Type.String(), Type.Integer()], { title: "parameter" }) },
    ),
    notation: "query",
    accepted: "names of parameters, each with its value",
  }),
  APIS: () => ({
    schema: apis(),
    notation: "apis",
    accepted: `a list of ${PROVIDER_APIS.map(apiWord).join(", ")}, or each with its path, or with path and auth_header`,
  }),
};

/** One key of a provider, or of an MCP server, which says one variable of it. */
export function familyKey(
  end: string,
  { doc, accepted, default: fallback }: SettingDescription,
  variable: (path: readonly string[]) => string,
): TSchema {
  const form = FORMS[end]?.() ?? { schema: Type.String(), notation: "text" };
  return says(
    { ...form.schema, description: doc },
    { variable, notation: form.notation, accepted: form.accepted ?? accepted, default: fallback },
  );
}

/** The end of a variable's name after what it shares with an id, in whole words: never just `id`. */
function particularKey(id: string, variable: string): string {
  const own = id.toUpperCase().split("_");
  const parts = variable.split("_");
  const shared = parts.findIndex((part, index) => part !== own[index]);
  const rest = parts.slice(shared);
  return (rest.length === 1 && rest[0] === "ID" ? parts.slice(shared - 1) : rest).join("_").toLowerCase();
}

/** Whose a variable is that is described by its whole name: those that are filled in with it, or the one it is named for. */
function ownersOf(variable: string): readonly string[] {
  const ids = Object.keys(PROVIDER_TABLE);
  const users = ids.filter((id) => providerVariables(id).particular.includes(variable));
  if (users.length > 0) return users;
  const named = ids.filter((id) => variable.startsWith(`${id.toUpperCase()}_`));
  return named.sort((one, other) => other.length - one.length).slice(0, 1);
}

/** The variables of single providers, by id. */
function particularKeys(described: readonly SettingDescription[]): ReadonlyMap<string, TProperties> {
  const keys = new Map<string, Record<string, TSchema>>();
  for (const description of described) {
    const { name } = description;
    if (name.startsWith("<") || Object.hasOwn(SETTINGS_TABLE, name)) continue;
    for (const id of ownersOf(name)) {
      const key = particularKey(id, name);
      const schema = Type.Optional(familyKey(key.toUpperCase(), description, () => name));
      keys.set(id, { ...keys.get(id), [key]: schema });
    }
  }
  return keys;
}

/** Both ways of saying a key. */
function credentialKeys(description: SettingDescription, variable: (path: readonly string[]) => string): TProperties {
  const one = familyKey("API_KEY", description, variable);
  const several = says(
    { ...Type.Array(Type.String(), { minItems: 1, maxItems: 1000 }), description: "Its keys, which take turns" },
    { variable, notation: "keys", accepted: "a list of keys, each as text", default: "" },
  );
  return { api_key: Type.Optional(one), api_keys: Type.Optional(several) };
}

/**
 * The providers: those of the table by their ids, and any others that are OpenAI-compatible.
 * @param settings keys of single providers that are settings, under `providers.` and the id
 */
export function providersSchema(settings: ReadonlyMap<string, TProperties>): TSchema {
  const described = describeSettings().flatMap(({ group, settings }) => (group === "Providers" ? settings : []));
  const families = described.filter(({ name }) => name.startsWith(FAMILY));
  const nameFor = (end: string) => (path: readonly string[]) => {
    const prefix = providerVariables(path[1] ?? "").url.slice(0, -"API_URL".length);
    return prefix + end;
  };
  const common: Record<string, TSchema> = {};
  for (const description of families) {
    const end = description.name.slice(FAMILY.length);
    if (end === "API_KEY") Object.assign(common, credentialKeys(description, nameFor(end)));
    else common[KEYS[end] ?? end.toLowerCase()] = Type.Optional(familyKey(end, description, nameFor(end)));
  }
  Object.assign(common, PROVIDER_PARTS);
  const { auth_type: authType, ...builtIn } = common;
  const usual = Type.Optional(Type.Object(builtIn, { additionalProperties: false }));
  const particular = particularKeys(described);
  const properties = Object.keys(PROVIDER_TABLE).map((id) => {
    const own = { ...settings.get(`providers.${id}`), ...particular.get(id) };
    const schema = Type.Object({ ...builtIn, ...own }, { additionalProperties: false });
    return [id, Object.keys(own).length === 0 ? usual : Type.Optional(schema)] as const;
  });
  const custom = Type.Object(
    { ...builtIn, ...(authType && { auth_type: authType }) },
    { additionalProperties: false, title: "id" },
  );
  return Type.Object(Object.fromEntries(properties), {
    additionalProperties: custom,
    propertyNames: {
      pattern: CUSTOM_ID,
      description: "an id of small letters, digits, - and _ that begins with a letter and is not demo",
    },
    description: "Providers by their ids; one that is not built in is an OpenAI-compatible server, and needs base_url",
  });
}
