import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import type { Seal } from "../form/blocks.ts";
import { filledTextOf, listOf, objectOf } from "../../core/json/values.ts";

/**
 * Where a provider of this API said a thought, and what it must get back with it, so that it can be given back as it came.
 * It is the value of the seal: JSON text of this.
 */
export type ThoughtCarrier =
  /** Text of a member of the message: DeepSeek's and others' `reasoning_content`, `reasoning` of Groq and OpenRouter. */
  | { readonly member: "reasoning_content" | "reasoning" }
  /** A part of the content, as Mistral has it. */
  | { readonly member: "content" }
  /** An item of OpenRouter's `reasoning_details`, without its text. */
  | { readonly detail: JsonObject }
  /** What Google says beside the text. */
  | { readonly extra: JsonObject };

/** A piece of thinking in a message or a delta; pieces in a row with the same key are of one thought. */
export interface ThoughtPiece {
  readonly key: string;
  readonly text: string;
  readonly carrier: ThoughtCarrier;
}

const TEXT_MEMBERS = ["reasoning_content", "reasoning"] as const;

/** The members of an item in which its text is. */
const DETAIL_TEXTS = ["text", "summary"] as const;

/**
 * The thoughts in the members of a message or a delta. OpenRouter says the same text in `reasoning` and in its details:
 * the details count then.
 */
export function thoughtPieces(message: JsonObject): readonly ThoughtPiece[] {
  const items = listOf(message["reasoning_details"]);
  const details = items.length === 0 ? NONE : items.filter(isJsonObject).map(readDetail);
  if (details.some(({ text }) => text !== "")) return details;
  const member = TEXT_MEMBERS.find((name) => textOf(message[name]) !== "");
  if (member === undefined) return details;
  return [{ key: member, text: textOf(message[member]), carrier: { member } }, ...details];
}

const NONE: readonly ThoughtPiece[] = [];

/** Some servers send the thoughts as a list of texts or parts. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  return listOf(value)
    .map((part) => (typeof part === "string" ? part : (filledTextOf(objectOf(part)?.["text"]) ?? "")))
    .join("");
}

function readDetail(item: JsonObject): ThoughtPiece {
  const { text: _, summary: __, ...detail } = item;
  const text = DETAIL_TEXTS.map((name) => filledTextOf(item[name]) ?? "").join("");
  const key = [item["type"], item["index"] ?? item["id"]].map(asWord).join(" ");
  return { key, text, carrier: { detail } };
}

const asWord = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

/** The text of Mistral's part `{type: "thinking", thinking: [{type: "text", text}]}`. */
export const thinkingPartText = (part: JsonObject): string => textOf(part["thinking"]);

/** Whether there is something to give back beyond the text. */
export function isWorthKeeping(carrier: ThoughtCarrier): boolean {
  if (!("detail" in carrier)) return "extra" in carrier;
  return filledTextOf(carrier.detail["signature"]) !== undefined || filledTextOf(carrier.detail["data"]) !== undefined;
}

/** What a later piece of the same thought adds: a signature comes behind the text. */
export function mergeCarriers(earlier: ThoughtCarrier, later: ThoughtCarrier): ThoughtCarrier {
  if (!("detail" in earlier) || !("detail" in later)) return later;
  const merged: Record<string, unknown> = { ...earlier.detail };
  for (const [name, value] of Object.entries(later.detail)) {
    if (value !== null && value !== "") merged[name] = value;
  }
  return { detail: merged };
}

/** Seals of a provider's answers over this API have this origin. */
export const originOf = (provider: string): string => `${provider}/chat`;

export function sealThought(carrier: ThoughtCarrier, provider: string): Seal {
  const isEncrypted = "detail" in carrier && carrier.detail["type"] === "reasoning.encrypted";
  return {
    origin: originOf(provider),
    kind: isEncrypted ? "encrypted" : "signature",
    value: JSON.stringify(carrier),
  };
}

/** @returns undefined if the value was not made by {@link sealThought} */
export function openCarrier({ value }: Seal): ThoughtCarrier | undefined {
  const carrier = parseJson(value);
  if (!isJsonObject(carrier)) return undefined;
  const { member, detail, extra } = carrier;
  if (member === "reasoning_content" || member === "reasoning" || member === "content") return { member };
  if (isJsonObject(detail)) return { detail };
  return isJsonObject(extra) ? { extra } : undefined;
}

/** An item of `reasoning_details` with its text in place again. */
export function restoreDetail(detail: JsonObject, text: string): JsonObject {
  if (detail["type"] === "reasoning.encrypted" || text === "") return detail;
  return { ...detail, [detail["type"] === "reasoning.summary" ? "summary" : "text"]: text };
}
