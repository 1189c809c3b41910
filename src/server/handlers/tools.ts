import { Failure } from "../../core/errors.ts";
import type { ToolRegistry } from "../../tools/mcp/tool-registry.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";

const NO_NAMES: ReadonlySet<string> = new Set();

/** `GET /v1/mcp/tools`: the tools of the connected servers, or 403. */
export function listTools(exposed: boolean, toolRegistry: ToolRegistry | undefined): RouteHandler {
  return (context) => {
    if (!exposed) throw new Failure("mcp_not_exposed");
    const offered = toolRegistry?.offer(NO_NAMES).tools ?? [];
    const tools = offered.map(({ name, description, server, inputSchema }) => ({
      name,
      description,
      server,
      inputSchema,
      input_schema: inputSchema,
    }));
    return jsonResponse(context, { object: "list", data: tools, tools });
  };
}
