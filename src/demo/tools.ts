import { isJsonObject, type JsonObject } from "../core/json/parse.ts";

/** A tool that the model may call. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments; undefined if it is not known yet. */
  readonly parameters: JsonObject | undefined;
}

/** Words that say nothing about which tool a text is about. */
const STOP_WORD =
  /^(?:a|about|all|and|any|are|as|at|be|by|can|do|for|from|get|give|hello|hey|hi|how|i|if|in|is|it|me|my|now|of|on|or|please|return|returns|say|tell|that|the|this|to|two|use|using|value|what|will|with|you|your)$/;

const PLACE = /city|location|place|town/i;

/**
 * The tools of a list, as a request offers them or as `mcp_tools_get` lists them, the latter perhaps without a schema.
 */
export function readTools(list: unknown): Tool[] {
  return objectsOf(list).flatMap((item) => {
    const { name, description, parameters, input_schema: schema } = { ...item, ...asObject(item["function"]) };
    const known = { description: String(description ?? ""), parameters: asObject(parameters ?? schema) };
    return typeof name === "string" ? [{ name, ...known }] : [];
  });
}

/** What a text is about: its significant words, in order and singular. */
export function topicsOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  return new Set(words.filter((word) => !STOP_WORD.test(word)).map((word) => word.replace(/(?<=..[^s])s$/, "")));
}

/**
 * The tool with most words in common with a message. One word of a name, or two of a description, are a request for it.
 */
export function chooseTool(message: string, tools: readonly Tool[]): Tool | undefined {
  const asked = topicsOf(message);
  const score = ({ name, description }: Tool): number =>
    3 * asked.intersection(topicsOf(name)).size + asked.intersection(topicsOf(description)).size;
  const [best] = tools.toSorted((a, b) => score(b) - score(a));
  return best && score(best) >= 2 ? best : undefined;
}

/**
 * Arguments from a JSON Schema and a message; optional ones only if the message offers a number, a quotation or a name.
 */
export function fillArguments(schema: JsonObject, message: string): JsonObject {
  const properties = asObject(schema["properties"]) ?? {};
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const numbers = message.match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [];
  const quoted = message.match(/(?<=["“`])[^"”`]+(?=["”`])/g) ?? [];
  const names = message.match(/(?<=\p{Ll} )\p{Lu}[\p{L}\p{N}]*(?:[ -]\p{Lu}[\p{L}\p{N}]*)*/gu) ?? [];
  const filled = Object.entries(properties).map(([name, property]): [string, unknown] => {
    const { type, enum: values, default: given } = asObject(property) ?? {};
    const isRequired = required.includes(name);
    if (Array.isArray(values)) {
      const mentioned: unknown = values.find((value) => message.toLowerCase().includes(String(value).toLowerCase()));
      return [name, mentioned ?? (isRequired ? (given ?? values[0]) : undefined)];
    }
    if (type === "number" || type === "integer") return [name, Number(numbers.shift() ?? given ?? 0)];
    if (type === "string" && PLACE.test(name)) return [name, names.shift() ?? (isRequired ? "Paris" : undefined)];
    if (type === "string") return [name, quoted.shift() ?? (isRequired ? (given ?? message) : undefined)];
    return [name, isRequired ? (given ?? (type === "array" ? [] : type === "boolean" ? false : {})) : undefined];
  });
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined));
}

/** The objects in a list; none if it is no list. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function asObject(value: unknown): JsonObject | undefined {
  return isJsonObject(value) ? value : undefined;
}
