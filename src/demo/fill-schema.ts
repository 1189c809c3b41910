import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { listOf, objectOf } from "../core/json/values.ts";

/** A schema that nests deeper, or has more values and characters of them, is filled no further: it may contain itself. */
const MAX_DEPTH = 8;
const MAX_WEIGHT = 1_000_000;
const MAX_ITEMS = 8;
/** How many of the values to choose from are looked at. */
const MAX_TRIED = 100;
/** Characters of a message that are looked at, and go into each text that nothing else is offered for. */
const MAX_TEXT = 4096;

/** What strings of a format are if the message offers nothing. */
const BY_FORMAT: ReadonlyMap<unknown, string> = new Map([
  ["date", "2025-01-01"],
  ["time", "00:00:00Z"],
  ["date-time", "2025-01-01T00:00:00Z"],
  ["duration", "P1D"],
  ["email", "demo@example.com"],
  ["uri", "https://example.com/"],
  ["uuid", "00000000-0000-4000-8000-000000000000"],
]);

/** What a schema can be filled with: what the message offers, if anything, and what is taken otherwise. */
type Choice = readonly [offered: unknown, usual?: unknown];

/**
 * Makes a value that fits a JSON Schema of the usual keywords out of a message. Members that may be missing are there only
 * if the message offers a number, a quotation or a name.
 */
export function fillSchema(root: JsonObject, whole: string): unknown {
  const message = whole.slice(0, MAX_TEXT).toWellFormed();
  const lowerCase = message.toLowerCase();
  const numbers = message.match(/(?<![\w.])-?\d+(?:\.\d+)?/g) ?? [];
  const quoted = message.match(/(?<=["“`])[^"“”`]+(?=["”`])/g) ?? [];
  const names = message.match(/(?<=\p{Ll} )\p{Lu}[\p{L}\p{N}]*(?:[ -]\p{Lu}[\p{L}\p{N}]*)*/gu) ?? [];
  const isMentioned = (value: unknown): boolean => lowerCase.includes(String(value).toLowerCase());
  let left = MAX_WEIGHT;

  function spend(value: unknown): unknown {
    left -= JSON.stringify(value)?.length ?? 0;
    return value;
  }

  function choose(name: string, given: JsonObject, depth: number): Choice {
    left -= 1;
    if (depth > MAX_DEPTH || left < 0) return [undefined, null];
    const schema = resolve(root, given, spend);
    left -= Object.keys(schema).length;
    const { enum: values, const: only, format } = schema;
    if (only !== undefined) return [undefined, spend(only)];
    const usual = spend(schema["default"]);
    const tried = listOf(values).slice(0, MAX_TRIED);
    left -= tried.length;
    if (tried.length > 0) return [spend(tried.find(isMentioned)), usual ?? spend(tried[0])];
    const { isOptional, variant } = readVariants(schema);
    if (isOptional) return [undefined, usual ?? null];
    if (variant) return choose(name, variant, depth + 1);
    switch (schema["type"]) {
      case "integer":
        return [Math.trunc(Number(numbers.shift() ?? usual ?? 0))];
      case "number":
        return [Number(numbers.shift() ?? usual ?? 0)];
      case "string":
        if (/city|location|place|town/i.test(name)) return [names.shift(), "Paris"];
        return BY_FORMAT.has(format) ? [undefined, BY_FORMAT.get(format)] : [quoted.shift(), usual ?? spend(message)];
      case "boolean":
        return [undefined, usual ?? false];
      case "null":
        return [undefined, null];
      case "array":
        return [undefined, usual ?? fillItems(name, schema, depth)];
      default:
        return [undefined, usual ?? fillMembers(schema, depth)];
    }
  }

  function fillItems(name: string, { minItems, items }: JsonObject, depth: number): unknown[] {
    const length = Math.min(Number(minItems ?? 0) || 0, MAX_ITEMS);
    return Array.from({ length }, () => {
      const [offered, usual] = choose(name, objectOf(items) ?? {}, depth + 1);
      return offered ?? usual;
    });
  }

  function fillMembers({ properties, required }: JsonObject, depth: number): JsonObject {
    const needed = new Set(listOf(required));
    const members = Object.entries(objectOf(properties) ?? {}).slice(0, left);
    const filled = members.flatMap(([name, property]) => {
      const [offered, usual] = choose(name, objectOf(property) ?? {}, depth + 1);
      const value = offered ?? (needed.has(name) ? usual : undefined);
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(filled);
  }

  const [offered, usual] = choose("", root, 0);
  return offered ?? usual;
}

/** Whether a schema takes null as well, and the first of its alternatives, or of its types, that is something else. */
function readVariants({ type, anyOf, oneOf, allOf, ...rest }: JsonObject) {
  const types = Array.isArray(type) ? type : [];
  const schemas = [anyOf, oneOf, allOf].flatMap((list) => listOf(list)).filter(isJsonObject);
  const first: unknown = types.find((one) => one !== "null");
  return {
    isOptional: types.includes("null") || schemas.some((schema) => schema["type"] === "null"),
    variant: first === undefined ? schemas.find((schema) => schema["type"] !== "null") : { ...rest, type: first },
  };
}

/** What a schema refers to within its document, through a few references at most; an empty one if that is nothing. */
function resolve(root: JsonObject, schema: JsonObject, spend: (value: unknown) => unknown): JsonObject {
  let found: JsonObject = schema;
  for (let hop = 0; hop < MAX_DEPTH && typeof found["$ref"] === "string"; hop++) {
    spend(found["$ref"]);
    const path = found["$ref"].split("/");
    const target = path.slice(1).reduce<JsonObject | undefined>((at, key) => objectOf(at?.[key]), root);
    found = (path[0] === "#" && target) || {};
  }
  return found;
}
