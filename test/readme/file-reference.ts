import { FILE_SCHEMA } from "../../src/config/file/file-schema.ts";
import { type Place, placesOf } from "../../src/config/file/saying.ts";
import { typedPlacesOf } from "../../src/config/file/typed-places.ts";
import { markdownTable } from "./markdown-table.ts";

const HEAD = ["Key", "Accepted", "Says the same as"] as const;

/** The reference of the configuration file, from its schema: a table for each section. What every provider has is there once. */
export function fileReference(): string {
  const places = placesOf(FILE_SCHEMA);
  const ofEveryProvider = new Set(places.flatMap(({ path: [, id, key] }) => (id === "<id>" ? [key] : [])));
  const shown = places.filter(({ path: [section, id, key] }) => {
    return section !== "providers" || id === "<id>" || !ofEveryProvider.has(key);
  });
  const sections = [...new Set(shown.map(({ path: [section = ""] }) => section))];
  const tables = sections.map((section) => {
    const rows = shown.filter(({ path }) => path[0] === section).map(cells);
    return [`### ${section}`, "", markdownTable([HEAD, ...rows])].join("\n");
  });
  return [...tables, ...typedTables()].join("\n\n");
}

const TYPED_HEAD = ["Key", "Accepted", "Means"] as const;

/** What no variable says. Of providers it is there once, for all of them. */
function typedTables(): readonly string[] {
  const places = typedPlacesOf(FILE_SCHEMA).filter(
    ({ path: [section, id] }) => section !== "providers" || id === "<id>",
  );
  return [...Map.groupBy(places, ({ path: [section = ""] }) => section)].map(([section, all]) => {
    const rows = all.map(({ path, accepted, schema }) => {
      return [`\`${path.slice(1).join(".")}\``, accepted, String(schema["description"])].map((text) =>
        text.replaceAll("|", "\\|").replace(/(?<!`)<\w+>/g, "`$&`"),
      );
    });
    return [`### ${section}, beyond settings`, "", markdownTable([TYPED_HEAD, ...rows])].join("\n");
  });
}

function cells({ path, saying }: Place): readonly string[] {
  const variable = saying.variable(path.map((key) => (key.startsWith("<") ? "own" : key)));
  const name = variable.replace(/^OWN_/, "<ID>_").replace(/^MCP_OWN_/, "MCP_<NAME>_");
  return [
    `\`${path.slice(1).join(".")}\``,
    saying.accepted.replaceAll("|", "\\|").replace(/<\w+>\w*/g, "`$&`"),
    name === "MCP_<NAME>_URL" ? "an entry of `MCP_SERVERS`" : `\`${name}\``,
  ];
}
