import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";

/** Words that hold schemas by name. */
const BY_NAME: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"]);

/** Words that hold a schema, or some. */
const SCHEMAS: ReadonlySet<string> = new Set(["items", "anyOf", "oneOf", "allOf"]);

/** Words that are taken as they are. */
const TAKEN: ReadonlySet<string> = new Set([
  ...["type", "enum", "const", "required", "additionalProperties", "$ref", "pattern"],
  ...["title", "description", "default"],
]);

/** Words that say nothing about values. */
const COMMENTS: ReadonlySet<string> = new Set(["$schema", "$id", "$comment", "examples"]);

const FORMATS: ReadonlySet<unknown> = new Set([
  ...["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"],
]);

export interface FittedSchema {
  readonly schema: JsonObject;
  /** Whether it says all that it said, in words that bind the model. */
  readonly isExact: boolean;
}

/**
 * A schema to which the provider can hold a model: words that it would refuse the request for, such as `minimum`, are said
 * in the description, as its own SDK does.
 * @param isClosing whether every object that does not say so is to say that it has no further members
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations"
 */
export function fitSchema(schema: JsonObject, isClosing: boolean): FittedSchema {
  let isExact = true;

  const fitAll = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(fitAll) : isJsonObject(value) ? fit(value) : value;

  function fit(given: JsonObject): JsonObject {
    const fitted: Record<string, unknown> = {};
    const told: string[] = [];
    for (const [word, value] of Object.entries(given)) {
      if (BY_NAME.has(word) && isJsonObject(value)) {
        fitted[word] = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fitAll(one)]));
      } else if (SCHEMAS.has(word)) fitted[word === "oneOf" ? "anyOf" : word] = fitAll(value);
      else if (isTaken(word, value)) fitted[word] = value;
      else if (!COMMENTS.has(word)) told.push(`${word}: ${JSON.stringify(value)}`);
    }
    const isObject = given["type"] === "object" || isJsonObject(given["properties"]);
    if (isClosing && isObject && given["additionalProperties"] === undefined) fitted["additionalProperties"] = false;
    if (told.length === 0) return fitted;
    isExact = false;
    const said = typeof given["description"] === "string" ? `${given["description"]}\n\n` : "";
    return { ...fitted, description: `${said}{${told.join(", ")}}` };
  }

  const fitted = fit(schema);
  return { schema: fitted, isExact };
}

function isTaken(word: string, value: unknown): boolean {
  if (word === "format") return FORMATS.has(value);
  if (word === "minItems") return value === 0 || value === 1;
  return TAKEN.has(word);
}
