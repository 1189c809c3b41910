import { Type, type Static } from "@sinclair/typebox";
import { openObject, nullish } from "../formats/schema/building-blocks.ts";

/** JSON Schema of a tool's input; not looked into. */
const InputSchema = openObject({}, "JSON Schema of the tool's input.");

/** One tool of one MCP server. */
export const MCPTool = openObject(
  {
    name: Type.String({ description: "Unique name, mcp_<tool>." }),
    description: Type.String({ description: "What the tool does." }),
    server: Type.String({ description: "URL of the MCP server that has the tool." }),
    inputSchema: nullish(InputSchema),
    input_schema: nullish(InputSchema),
  },
  "A tool of an MCP server. input_schema repeats inputSchema for clients that read that spelling.",
);
export type MCPTool = Static<typeof MCPTool>;

/** Answer of `GET /v1/mcp/tools`. */
export const ListToolsResponse = openObject(
  {
    object: Type.Literal("list"),
    data: Type.Array(MCPTool, { description: "The same as tools, for clients that read this name." }),
    tools: Type.Array(MCPTool),
  },
  "Tools of all connected MCP servers.",
);
export type ListToolsResponse = Static<typeof ListToolsResponse>;
