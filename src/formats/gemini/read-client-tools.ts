import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { isSet, listOf, objectOf, textOf } from "../../core/json/values.ts";
import type { ForeignMember, Tool, ToolChoice } from "../form/conversation.ts";
import { CannotTranslate } from "../form/dialect.ts";
import { unreadHints } from "../form/unread-members.ts";
import { camelMembers, camelObjectOf } from "./camel-members.ts";
import { toJsonSchema } from "./read-schema.ts";

/** Members of a declaration that are read; the others say what the function returns, and how it is waited for. */
const DECLARED: ReadonlySet<string> = new Set(["name", "description", "parameters", "parametersJsonSchema"]);

/**
 * Reads `tools`; those that the provider runs itself have no place elsewhere.
 * @param isValidated calls must match their schemas, by `toolConfig`
 */
export function readTools(tools: unknown, isValidated: boolean, foreign: ForeignMember[]): readonly Tool[] {
  if (!isSet(tools)) return [];
  const list: readonly unknown[] = Array.isArray(tools) ? tools : [tools];
  return list.flatMap((tool, at): readonly Tool[] => {
    if (!isJsonObject(tool)) throw new CannotTranslate(`tools[${at}]`, "it must be an object");
    const { functionDeclarations, ...others } = camelMembers(tool);
    for (const [name, value] of Object.entries(others)) {
      if (isSet(value)) foreign.push({ path: `tools[${at}].${name}`, isEssential: true });
    }
    const path = `tools[${at}].functionDeclarations`;
    const declarations: readonly unknown[] = isJsonObject(functionDeclarations)
      ? [functionDeclarations]
      : listOf(functionDeclarations);
    return declarations.map((declaration, index) =>
      readDeclaration(declaration, isValidated, `${path}[${index}]`, foreign),
    );
  });
}

function readDeclaration(value: unknown, isValidated: boolean, path: string, foreign: ForeignMember[]): Tool {
  const declaration = camelObjectOf(value);
  if (!declaration) throw new CannotTranslate(path, "it must be an object");
  for (const name in declaration) {
    if (!DECLARED.has(name) && isSet(declaration[name])) foreign.push({ path: `${path}.${name}`, isEssential: false });
  }
  return {
    kind: "function",
    name: textOf(declaration["name"]) ?? "",
    description: textOf(declaration["description"]) || undefined,
    parameters: readParameters(declaration),
    strict: isValidated ? true : undefined,
    cache: undefined,
  };
}

function readParameters({ parameters, parametersJsonSchema }: JsonObject): JsonObject | undefined {
  const schema = objectOf(parametersJsonSchema);
  return schema ?? (isJsonObject(parameters) ? toJsonSchema(parameters) : undefined);
}

const CALLING_CONFIG: ReadonlySet<string> = new Set(["mode", "allowedFunctionNames"]);

/** What `toolConfig` says of which functions are called. https://ai.google.dev/api/caching#FunctionCallingConfig */
export interface ReadToolConfig {
  readonly toolChoice: ToolChoice | undefined;
  readonly isValidated: boolean;
}

export function readToolConfig(value: unknown, foreign: ForeignMember[]): ReadToolConfig {
  const { functionCallingConfig, ...others } = camelObjectOf(value) ?? {};
  for (const [name, other] of Object.entries(others)) {
    if (isSet(other) && other !== false) foreign.push({ path: `toolConfig.${name}`, isEssential: false });
  }
  const config = camelObjectOf(functionCallingConfig) ?? {};
  foreign.push(...unreadHints(config, "toolConfig.functionCallingConfig", CALLING_CONFIG));
  const mode = textOf(config["mode"])?.toUpperCase();
  const names = listOf(config["allowedFunctionNames"]).filter((name): name is string => typeof name === "string");
  return { toolChoice: readChoice(mode, names), isValidated: mode === "VALIDATED" };
}

function readChoice(mode: string | undefined, names: readonly string[]): ToolChoice | undefined {
  const [only] = names;
  switch (mode) {
    case "NONE":
      return { kind: "none" };
    case "ANY":
      if (only === undefined) return { kind: "required" };
      return names.length === 1 ? { kind: "named", name: only } : { kind: "allowed", mode: "required", names };
    case "AUTO":
    case "VALIDATED":
      return only === undefined ? { kind: "auto" } : { kind: "allowed", mode: "auto", names };
    case undefined:
    case "MODE_UNSPECIFIED":
      return undefined;
    default:
      throw new CannotTranslate("toolConfig.functionCallingConfig.mode", "it must be AUTO, ANY, NONE or VALIDATED");
  }
}
