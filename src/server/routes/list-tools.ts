import { Failure } from "../../failure/failure.ts";
import type { ToolBox } from "../../mcp/tool-box.ts";
import { jsonResponse } from "../json-response.ts";
import type { RouteHandler } from "../serve-route.ts";

const NO_NAMES: ReadonlySet<string> = new Set();

/** `GET /v1/mcp/tools`: the tools of the connected servers, or 403. */
export function listTools(exposed: boolean, toolBox: ToolBox | undefined): RouteHandler {
  return (exchange) => {
    if (!exposed) throw new Failure("mcp_not_exposed");
    const offered = toolBox?.offer(NO_NAMES).tools ?? [];
    const tools = offered.map(({ name, description, server, inputSchema }) => ({
      name,
      description,
      server,
      inputSchema,
      input_schema: inputSchema,
    }));
    return jsonResponse(exchange, { object: "list", data: tools, tools });
  };
}
