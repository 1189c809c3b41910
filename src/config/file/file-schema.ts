import { Type, type TObject, type TSchema } from "@sinclair/typebox";
import { mcpSchema } from "./mcp-section.ts";
import { MODELS } from "./model-section.ts";
import { PRICES } from "./price-section.ts";
import { providersSchema } from "./provider-section.ts";
import { settingSections } from "./setting-sections.ts";

/**
 * The configuration file: the one definition that its check, the schema for editors and the reference in the guide follow
 * from. Another section is a member here; what its places say is in `saying.ts`, and in `typed-places.ts` if no variable does.
 */
export const FILE_SCHEMA: TObject = fileSchema();

function fileSchema(): TObject {
  const settings = settingSections();
  const plain = [...settings].filter(([section]) => !section.includes(".") && section !== "mcp");
  const sections: Record<string, TSchema> = Object.fromEntries(
    plain.map(([section, keys]) => [section, Type.Object(keys, { additionalProperties: false })]),
  );
  const { mcp = {} } = Object.fromEntries(settings);
  const parts = { models: MODELS, prices: PRICES };
  const all = { ...sections, providers: providersSchema(settings), ...parts, mcp: mcpSchema(mcp) };
  const optional = Object.entries(all).map(([name, schema]) => [name, Type.Optional(schema)] as const);
  return Type.Object(Object.fromEntries(optional), { additionalProperties: false });
}
