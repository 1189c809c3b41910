import type { JsonObject } from "../../core/json/parse.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import type { Conversation, OutputFormat, Tool, ToolChoice } from "./conversation.ts";
import { CannotTranslate } from "./dialect.ts";

/** The tool whose arguments are the answer, if a model can be held to JSON in no other way. */
export const ANSWER_TOOL = "give_json_answer";

/**
 * The name of that tool in an answer to a request.
 * @param tools the client's, of which one may have the name already
 */
export function answerToolName(tools: readonly Tool[] = []): string {
  let name = ANSWER_TOOL;
  while (tools.some((tool) => tool.name === name)) name += "_";
  return name;
}

/**
 * A request for JSON as one in which the model must call a tool with it, which whoever reads its answer turns back into
 * text: what is called {@link answerToolName} is no call. The model may call tools of the client instead, as long as it
 * may call any; if it is to call one of them, it does not answer yet, and nothing is added.
 * @throws CannotTranslate if the JSON is no object: arguments always are one
 */
export function forceAnswer(conversation: Conversation, output: OutputFormat): Conversation {
  const { tools, toolChoice } = conversation;
  const plain = { ...conversation, output: undefined };
  if (demandsCall(toolChoice)) return plain;
  const name = answerToolName(tools);
  const answer: Tool = {
    kind: "function",
    name,
    description: describe(output),
    parameters: output.kind === "json" ? { type: "object" } : requireObject(output.schema),
    strict: undefined,
    cache: undefined,
  };
  const isOnly = tools.length === 0 || toolChoice?.kind === "none";
  return {
    ...plain,
    tools: [...tools, answer],
    toolChoice: isOnly ? { kind: "named", name } : widen(toolChoice, name),
    parallelCalls: isOnly ? false : conversation.parallelCalls,
  };
}

/** Whether the model must call a tool. */
export const demandsCall = (choice: ToolChoice | undefined): boolean =>
  choice?.kind === "required" || choice?.kind === "named" || (choice?.kind === "allowed" && choice.mode === "required");

const widen = (choice: ToolChoice | undefined, name: string): ToolChoice =>
  choice?.kind === "allowed"
    ? { kind: "allowed", mode: "required", names: [...choice.names, name] }
    : { kind: "required" };

function describe(output: OutputFormat): string {
  const said = output.kind === "schema" ? output.description : undefined;
  const use = "Gives the answer to the user, as JSON. Call it once there is nothing left to find out.";
  return said === undefined ? use : `${use}\n\n${said}`;
}

function requireObject(schema: JsonObject): JsonObject {
  if (schema["type"] === "object") return schema;
  if (schema["type"] === undefined && isJsonObject(schema["properties"])) return { type: "object", ...schema };
  throw new CannotTranslate("response_format", "this model can be held to a schema only if it is that of an object");
}
