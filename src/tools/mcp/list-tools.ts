import type { JsonLimits } from "../../core/json/limits.ts";
import type { JsonObject } from "../../core/json/parse.ts";
import { openTurns } from "../../core/event-loop.ts";
import { McpError } from "./errors.ts";
import { reduceSchema } from "./reduce-schema.ts";
import type { RemoteTool } from "./session.ts";
import { readTool, toolsOfPage } from "./tool-limits.ts";

/** No list of tools is read further: one that long does not end. */
const MAX_PAGES = 64;

/** All pages together. What a model can choose from is far less; each tool is looked at in every look-up. */
const MAX_TOOLS = 4096;

/**
 * Names, descriptions and schemas of all pages together, in bytes of JSON. Every tool's schema is held all the time.
 */
const MAX_LIST_BYTES = 16 * 1024 * 1024;

/** So many tools that are left out or cut are reported to the operator. */
const MAX_FAULTS = 10;

export interface ListParts {
  /** Asks for one page; the first one without a cursor. */
  readonly askForPage: (cursor: string | undefined) => Promise<JsonObject>;
  readonly jsonLimits: JsonLimits;
  /** Whether each tool also gets a schema for providers that refuse most of JSON Schema. */
  readonly reducesSchemas: boolean;
}

/** The tools of a server, and in words which of them are left out or cut, and why. */
export interface ToolsOfServer {
  readonly tools: readonly RemoteTool[];
  readonly faults: readonly string[];
}

/**
 * Reads all pages of a server's list of tools, in turns of the event loop.
 * @throws McpError `too_long` if the list exceeds a limit
 */
export async function readToolList({ askForPage, jsonLimits, reducesSchemas }: ListParts): Promise<ToolsOfServer> {
  const tools = new Map<string, RemoteTool>();
  const faults: string[] = [];
  const turns = openTurns();
  let cursor: string | undefined;
  let bytes = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const result = await askForPage(cursor);
    for (const listed of toolsOfPage(result)) {
      if (turns.isOver()) await turns.next();
      const { tool, size, fault } = readTool(listed, jsonLimits);
      if (fault !== undefined && faults.length < MAX_FAULTS) faults.push(fault);
      if (!tool || tools.has(tool.name)) continue;
      bytes += size;
      if (tools.size >= MAX_TOOLS) throw new McpError("too_long", `lists more than ${MAX_TOOLS} tools`);
      if (bytes > MAX_LIST_BYTES) throw new McpError("too_long", `lists more than ${MAX_LIST_BYTES} bytes of tools`);
      tools.set(tool.name, reducesSchemas ? { ...tool, reducedSchema: reduceSchema(tool.inputSchema) } : tool);
    }
    const next = result["nextCursor"];
    if (typeof next !== "string" || next === cursor) break;
    cursor = next;
  }
  return { tools: [...tools.values()], faults };
}
