import { type TSchema, Type } from "@sinclair/typebox";
import { formatDuration } from "../../core/durations.ts";
import { objectOf } from "../../core/json/values.ts";
import type { WrittenPart } from "./loaded-models.ts";
import { faultLine } from "../file/config-file.ts";
import { plainText, shownPath } from "../file/file-node.ts";
import type { Places } from "../file/file-parts.ts";
import { PROVIDER_PARTS } from "../file/limit-sections.ts";
import { MODEL } from "../file/model-section.ts";
import { MODEL_PRICE } from "../file/price-section.ts";
import { isJsonPlace, readingOf } from "../file/typed-places.ts";

type Path = readonly (string | number)[];
type Values = readonly (readonly [path: string, text: string])[];
type IsFilled = (path: string) => boolean;

const PROVIDER = Type.Object(PROVIDER_PARTS);

/** Of the parts of a section, if it is not the one of the providers. */
const SCHEMAS: Readonly<Record<string, TSchema>> = { models: MODEL, prices: MODEL_PRICE };

/**
 * What files say that no variable says, and what they do not say, as `path=value` lines that end with where the value
 * comes from.
 */
export function showParts(parts: readonly WrittenPart[]): readonly string[] {
  return parts.flatMap(({ path, value, fileName, places }) => {
    const values = valuesOf(value, SCHEMAS[path[0] ?? ""] ?? PROVIDER, path, filledIn(places));
    return values.map(([name, text]) => {
      const at = places[name];
      return `${name}=${text}  # ${at ? faultLine(fileName, at, name) : "default"}`;
    });
  });
}

/** Every value below a place with its path; a list of plain values is one. */
function valuesOf(value: unknown, schema: TSchema, path: Path, isFilled: IsFilled): Values {
  const name = shownPath(path);
  // What is filled in may be secret, if only in what nobody reads here.
  if (isJsonPlace(schema)) return [[name, isFilled(name) ? "***" : JSON.stringify(value)]];
  if (readingOf(schema)) return [[name, textOf(value, schema)]];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const item: TSchema = schema["items"];
    if (!readingOf(item)) return items.flatMap((one, index) => valuesOf(one, item, [...path, index], isFilled));
    return items.length === 0 ? [] : [[name, items.map((one) => textOf(one, item)).join(",")]];
  }
  const members = objectOf(value) ?? {};
  const properties: Readonly<Record<string, TSchema>> = schema["properties"];
  // In the order of the schema, whatever order the file has.
  return Object.entries(properties).flatMap(([key, property]) =>
    members[key] === undefined ? [] : valuesOf(members[key], property, [...path, key], isFilled),
  );
}

function textOf(value: unknown, schema: TSchema): string {
  if (typeof value !== "number") return String(value);
  return readingOf(schema)?.isDuration ? formatDuration(value) : plainText(value);
}

/** Makes what says whether anything at or below a path was filled in. */
function filledIn(places: Places): (path: string) => boolean {
  const filled = Object.entries(places).flatMap(([path, place]) => (place.filled ? [path] : []));
  return (path) => filled.some((one) => one.startsWith(path) && /^(?:$|[.[])/.test(one.slice(path.length)));
}
