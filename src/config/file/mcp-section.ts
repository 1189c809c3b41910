import { Type, type TProperties, type TSchema } from "@sinclair/typebox";
import { describeSettings } from "../describe-settings.ts";
import { mcpPrefix } from "../mcp-server-variables.ts";
import { familyKey } from "./provider-section.ts";
import { says } from "./saying.ts";

const FAMILY = "MCP_<NAME>_";

/** Names of MCP servers. */
export const SERVER_NAME = "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$";

/** The tools of MCP servers. @param settings the keys that are settings */
export function mcpSchema(settings: TProperties): TSchema {
  const described = describeSettings().flatMap(({ settings }) => settings);
  const own = described.filter(({ name }) => name.startsWith(FAMILY));
  const keys = own.map((description) => {
    const end = description.name.slice(FAMILY.length);
    const variable = (path: readonly string[]): string => mcpPrefix(path[2] ?? "") + end;
    return [end.toLowerCase(), Type.Optional(familyKey(end, description, variable))] as const;
  });
  const url = says(
    { ...Type.String({ pattern: "^[^,]*$" }), description: "Where it is; Streamable HTTP, or else SSE" },
    {
      // Not a variable of its own: that is the list of all of them.
      variable: (path) => `${mcpPrefix(path[2] ?? "")}URL`,
      notation: "text",
      accepted: "an http or https URL without credentials and fragment; a comma in it is %2C",
      default: "",
    },
  );
  const server = Type.Object({ url, ...Object.fromEntries(keys) }, { additionalProperties: false, title: "name" });
  const servers = Type.Object(
    {},
    {
      additionalProperties: server,
      propertyNames: { pattern: SERVER_NAME, description: "up to 32 letters, digits, - and _" },
      description: "MCP servers by their names",
    },
  );
  return Type.Object({ ...settings, servers: Type.Optional(servers) }, { additionalProperties: false });
}
