import { findPhrases } from "./find-phrases.ts";
import { isJsonObject } from "./json-object.ts";
import type { JsonObject } from "./json-object.ts";
import { findNumbers } from "./read-words.ts";

/** Schemas may refer to themselves; nothing that a demo fills is deeper. */
const MAX_DEPTH = 6;
const MAX_TEXT_CHARACTERS = 1_000;

const PLACE_PROPERTY = /city|location|place|town/i;
const TEXT_PROPERTY = /^(?:body|content|input|message|prompt|q|query|question|text)$/i;
const DEFAULT_PLACE = "Paris";

/** What is left of a message to fill arguments with; each piece is taken once. */
interface Pieces {
  readonly message: string;
  readonly numbers: number[];
  readonly quoted: string[];
  readonly names: string[];
}

interface Filling {
  readonly pieces: Pieces;
  /** The whole schema, which `$ref` points into. */
  readonly root: JsonObject;
}

/**
 * Builds the arguments of a tool call from the tool's JSON Schema and the user's message. Numbers of the message fill
 * numbers in order, quoted parts and names fill strings, an enum takes the value that is mentioned. Required properties are
 * always there, from their default or an obvious value where the message offers none; optional ones only where it offers one.
 */
export function buildArguments(schema: JsonObject, message: string): JsonObject {
  const { quoted, names } = findPhrases(message);
  const pieces = { message, numbers: [...findNumbers(message)], quoted: [...quoted], names: [...names] };
  return fillObject(schema, { pieces, root: schema }, 0);
}

function fillObject(schema: JsonObject, filling: Filling, depth: number): JsonObject {
  const properties = isJsonObject(schema["properties"]) ? schema["properties"] : {};
  const required: readonly unknown[] = Array.isArray(schema["required"]) ? schema["required"] : [];
  const values = new Map<string, unknown>();
  // Required ones come first, lest an optional one use up what the message offers for them.
  for (const [name, property] of Object.entries(properties)) {
    if (required.includes(name)) values.set(name, fillRequired(name, property, filling, depth + 1));
  }
  for (const [name, property] of Object.entries(properties)) {
    if (required.includes(name)) continue;
    const offered = fillOffered(name, resolve(property, filling.root), filling.pieces);
    if (offered !== undefined) values.set(name, offered);
  }
  return Object.fromEntries(
    Object.keys(properties).flatMap((name) => (values.has(name) ? [[name, values.get(name)]] : [])),
  );
}

function fillRequired(name: string, property: unknown, filling: Filling, depth: number): unknown {
  const schema = resolve(property, filling.root);
  const offered = fillOffered(name, schema, filling.pieces);
  if (offered !== undefined) return offered;
  if ("default" in schema) return schema["default"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  if (Array.isArray(schema["examples"]) && schema["examples"].length > 0) return schema["examples"][0];
  switch (typeOf(schema)) {
    case "number":
    case "integer":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
    case "boolean":
      return false;
    case "null":
      return null;
    case "array":
      return fillArray(name, schema, filling, depth);
    case "object":
      return depth < MAX_DEPTH ? fillObject(schema, filling, depth) : {};
    default:
      return PLACE_PROPERTY.test(name) ? DEFAULT_PLACE : filling.pieces.message.slice(0, MAX_TEXT_CHARACTERS);
  }
}

/** A value that the message itself offers for a property, or `undefined`. */
function fillOffered(name: string, schema: JsonObject, pieces: Pieces): unknown {
  if ("const" in schema) return schema["const"];
  if (Array.isArray(schema["enum"]))
    return (schema["enum"] as readonly unknown[]).find((value) => mentions(pieces.message, value));
  switch (typeOf(schema)) {
    case "number":
      return pieces.numbers.shift();
    case "integer": {
      const next = pieces.numbers.shift();
      return next === undefined ? undefined : Math.trunc(next);
    }
    case "string":
      return fillString(name, pieces);
    default:
      return undefined;
  }
}

function fillString(name: string, pieces: Pieces): string | undefined {
  if (PLACE_PROPERTY.test(name)) return pieces.names.shift() ?? pieces.quoted.shift();
  if (TEXT_PROPERTY.test(name)) return pieces.quoted.shift();
  return pieces.quoted.shift() ?? pieces.names.shift();
}

function fillArray(name: string, schema: JsonObject, filling: Filling, depth: number): readonly unknown[] {
  const items = resolve(schema["items"], filling.root);
  const values: unknown[] = [];
  if (["number", "integer", "string"].includes(typeOf(items)) && !Array.isArray(items["enum"]) && !("const" in items)) {
    for (let next = fillOffered(name, items, filling.pieces); next !== undefined;) {
      values.push(next);
      next = fillOffered(name, items, filling.pieces);
    }
  }
  const least = typeof schema["minItems"] === "number" ? Math.min(schema["minItems"], MAX_DEPTH) : 0;
  while (values.length < least && depth < MAX_DEPTH) values.push(fillRequired(name, items, filling, depth + 1));
  return values;
}

function mentions(message: string, value: unknown): boolean {
  if (typeof value !== "string" && typeof value !== "number") return false;
  const words = (text: string): string =>
    ` ${text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim()} `;
  const wanted = words(String(value));
  return wanted.trim() !== "" && words(message).includes(wanted);
}

/** Follows `$ref` into the same document and takes the first branch of a union that is not `null`. */
function resolve(value: unknown, root: JsonObject): JsonObject {
  let schema = value;
  for (let step = 0; step < MAX_DEPTH && isJsonObject(schema); step += 1) {
    const reference = schema["$ref"];
    const union = schema["anyOf"] ?? schema["oneOf"];
    if (typeof reference === "string" && reference.startsWith("#/")) {
      schema = reference
        .slice(2)
        .split("/")
        .reduce<unknown>((at, key) => (isJsonObject(at) ? at[key] : undefined), root);
    } else if (Array.isArray(union)) {
      schema = (union as readonly unknown[]).find((branch) => isJsonObject(branch) && branch["type"] !== "null");
    } else {
      return schema;
    }
  }
  return {};
}

function typeOf(schema: JsonObject): string {
  const { type } = schema;
  const named: unknown = Array.isArray(type) ? type.find((each) => each !== "null") : type;
  if (typeof named === "string") return named;
  return isJsonObject(schema["properties"]) ? "object" : "string";
}
