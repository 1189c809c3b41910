import { isJsonObject, type JsonObject } from "../json/decode-object.ts";
import type { RemoteTool } from "./session.ts";

const ANY_ARGUMENTS: JsonObject = { type: "object" };

/** The tools of one page of a server's list. An entry without a name is left out, so that it does not cost the others. */
export function readTools(page: JsonObject): RemoteTool[] {
  const listed = Array.isArray(page["tools"]) ? page["tools"] : [];
  return listed.filter(isJsonObject).flatMap((tool): RemoteTool[] => {
    const { name, title, description, inputSchema } = tool;
    if (typeof name !== "string" || name === "") return [];
    const words = [description, title].find((text) => typeof text === "string" && text !== "");
    return [
      {
        name,
        description: typeof words === "string" ? words : "",
        inputSchema: isJsonObject(inputSchema) ? inputSchema : ANY_ARGUMENTS,
      },
    ];
  });
}
