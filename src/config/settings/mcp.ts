import { LONGEST_WAIT, type SettingRows } from "../setting-row.ts";

/** The tools of MCP servers. */
export const MCP_SETTINGS = {
  MCP_ENABLED: {
    group: "MCP",
    type: "boolean",
    default: "false",
    doc: "Offer the tools of MCP_SERVERS to models, and run what they call",
    aliases: ["MCP_ENABLE"],
  },
  MCP_EXPOSE: {
    group: "MCP",
    type: "boolean",
    default: "false",
    doc: "Answer GET /v1/mcp/tools with the tools of the connected servers, instead of with 403",
    aliases: ["EXPOSE_MCP"],
  },
  MCP_SERVERS: {
    group: "MCP",
    type: "list",
    doc: "MCP servers, each URL or name=URL; Streamable HTTP, or else SSE",
  },
  MCP_TOOL_MODE: {
    group: "MCP",
    type: "enum",
    values: ["selector", "direct"],
    default: "selector",
    doc: "selector: two functions with which the model looks tools up and runs them; direct: every tool is a function",
  },
  MCP_REDUCE_SCHEMAS: {
    group: "MCP",
    type: "list",
    doc: "Ids of providers that refuse most of JSON Schema, such as google: schemas of tools are reduced to what they accept (for MCP_TOOL_MODE=direct)",
  },
  MCP_INCLUDE_TOOLS: {
    group: "MCP",
    type: "list",
    doc: "Only these tools exist (tool, mcp_tool or server/tool); MCP_EXCLUDE_TOOLS is then ignored",
  },
  MCP_EXCLUDE_TOOLS: {
    group: "MCP",
    type: "list",
    doc: "These tools do not exist (tool, mcp_tool or server/tool)",
  },
  MCP_REQUEST_TIMEOUT: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "30s",
    doc: "How long one call of a tool may take",
  },
  MCP_CLIENT_TIMEOUT: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "5s",
    doc: "How long connecting to a server, or one page of its list of tools, may take",
  },
  MCP_RECONNECT_INTERVAL: {
    group: "MCP",
    type: "duration",
    range: ["1ms", LONGEST_WAIT],
    default: "30s",
    doc: "Longest wait before a server that is away is tried again: after 1s at first, then twice as long each time, up to this",
  },
  MCP_POLLING_INTERVAL: {
    group: "MCP",
    type: "duration",
    range: ["0s", LONGEST_WAIT],
    default: "30s",
    doc: "How often each server is asked for its tools, beside when it says that they changed; 0s for never",
  },
  MCP_MAX_ITERATIONS: {
    group: "MCP",
    type: "integer",
    range: ["1", "1000"],
    default: "10",
    doc: "How often the model may be asked again with results of tools within one request",
  },
  MCP_MAX_RESULT_BYTES: {
    group: "MCP",
    type: "bytes",
    range: ["1", "64MiB"],
    default: "1MiB",
    doc: "Longest result of a tool that is given to the model; what is longer is cut",
  },
  MCP_MAX_CONVERSATION_BYTES: {
    group: "MCP",
    type: "bytes",
    range: ["1KiB", "1GiB"],
    default: "16MiB",
    doc: "How much tool calls and their results may add to one request; then results are cut and the model is asked a last time",
  },
} as const satisfies SettingRows;
