import { isDeeperThan, type JsonLimits } from "../../core/json/limits.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import type { RemoteTool } from "./session.ts";
import { cutText } from "./tool-result.ts";

/** The protocol advises 128 characters. */
const MAX_NAME_LENGTH = 256;

/** No model chooses better for a longer one, and every request with tools carries it. */
const MAX_DESCRIPTION_BYTES = 16 * 1024;

/** As JSON; the tools of a whole server seldom come to so much. */
const MAX_SCHEMA_BYTES = 256 * 1024;

const ANY_ARGUMENTS: JsonObject = { type: "object" };

/** One entry of a server's list. */
export interface ReadTool {
  /** Undefined if it is left out. */
  readonly tool?: RemoteTool;
  /** How long it is as JSON, about. */
  readonly size: number;
  /** Which tool is left out or cut, and why, in words for the operator. */
  readonly fault?: string;
}

/** The entries of one page of a server's list that can be tools. */
export function toolsOfPage(page: JsonObject): JsonObject[] {
  return Array.isArray(page["tools"]) ? page["tools"].filter(isJsonObject) : [];
}

/**
 * Reads one tool. One without a name, or that is too much for any model, is left out, so that it does not cost the
 * others.
 */
export function readTool({ name, title, description, inputSchema }: JsonObject, { depth }: JsonLimits): ReadTool {
  if (typeof name !== "string" || name === "") return { size: 0 };
  if (name.length > MAX_NAME_LENGTH) {
    return { size: 0, fault: `one is left out: its name is longer than ${MAX_NAME_LENGTH} characters` };
  }
  const shown = JSON.stringify(name);
  const leaveOut = (why: string): ReadTool => ({ size: 0, fault: `${shown} is left out: ${why}` });
  const schema = isJsonObject(inputSchema) ? inputSchema : ANY_ARGUMENTS;
  if (isDeeperThan(schema, depth)) {
    return leaveOut(`its schema is nested deeper than ${depth} levels (SERVER_MAX_JSON_DEPTH)`);
  }
  const schemaLength = JSON.stringify(schema).length;
  if (schemaLength > MAX_SCHEMA_BYTES) return leaveOut(`its schema is longer than ${MAX_SCHEMA_BYTES} bytes`);
  const words = [description, title].find((text) => typeof text === "string" && text !== "");
  const given = typeof words === "string" ? words : "";
  const short = cutText(given, MAX_DESCRIPTION_BYTES);
  return {
    tool: { name, description: short, inputSchema: schema },
    size: name.length + short.length + schemaLength,
    ...(short !== given && { fault: `${shown} is cut: its description is longer than ${MAX_DESCRIPTION_BYTES} bytes` }),
  };
}
