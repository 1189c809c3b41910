import type { Field, Message, MessageValue, ScalarKind } from "./message.ts";
import { nanoseconds } from "./protobuf.ts";

/**
 * Writes a message of OTLP in JSON: ids in hexadecimal, numbers of 64 bits as texts, enumerations as numbers.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
export function writeJson(message: Message, value: MessageValue): string {
  return JSON.stringify(toJson(message, value));
}

function toJson(message: Message, value: MessageValue): object {
  const json: Record<string, unknown> = {};
  for (const name in message) {
    const field = message[name];
    const given = value[name];
    if (field !== undefined && given !== undefined) json[name] = fieldOf(field, given);
  }
  return json;
}

function fieldOf({ kind, repeated }: Field, value: unknown): unknown {
  if (!repeated) return oneOf(kind, value);
  return (value as readonly unknown[]).map((entry) => oneOf(kind, entry));
}

function oneOf(kind: ScalarKind | Message, value: unknown): unknown {
  if (typeof kind === "object") return toJson(kind, value as MessageValue);
  switch (kind) {
    case "time":
      return String(nanoseconds(Number(value)));
    case "integer":
    case "fixed64":
      return String(value);
    case "attributes":
      return Object.entries(value as Readonly<Record<string, unknown>>)
        .filter(([, each]) => each !== undefined)
        .map(([key, each]) => ({ key, value: anyValue(each) }));
    case "anyValue":
      return anyValue(value);
    default:
      return value;
  }
}

function anyValue(value: unknown): object {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  }
  return Array.isArray(value) ? { arrayValue: { values: value.map(anyValue) } } : {};
}
