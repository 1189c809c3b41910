import { Failure } from "../../core/errors.ts";
import { type JsonObject, isJsonObject } from "../../core/json/parse.ts";
import { decodeObjectInTurns } from "../../core/json/decode-object.ts";
import { DEFAULT_JSON_LIMITS, describeExceeded, type JsonLimits } from "../../core/json/limits.ts";
import { editMembers, editValue } from "../../core/json/edit.ts";
import { findElements, findValue } from "../../core/json/find.ts";
import { writeArray } from "../../core/json/bytes.ts";
import { finalReason, isCutReason } from "./finish-reason.ts";
import type { AnswerShape } from "./next-step.ts";
import { messageForProvider, readToolCalls, type ToolCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/**
 * Parses a provider's answer that came in one piece.
 * @returns undefined if it is no JSON object
 * @throws Failure `upstream_invalid_response` if it exceeds a limit
 */
export async function decodeCompletion(
  bytes: Uint8Array,
  limits: JsonLimits = DEFAULT_JSON_LIMITS,
): Promise<JsonObject | undefined> {
  const decoded = await decodeObjectInTurns(bytes, { limits });
  if ("value" in decoded) return decoded.value;
  if (decoded.fault !== "depth" && decoded.fault !== "values") return undefined;
  throw new Failure("upstream_invalid_response", {
    message: `The upstream server's answer ${describeExceeded(decoded.fault, limits)}`,
  });
}

/** A chat completion that came in one piece, as far as the loop must know it. */
export interface ParsedResponse {
  readonly shape: AnswerShape;
  /** The calls that the gateway answers. */
  readonly ours: readonly ToolCall[];
  /** The assistant's message as it goes back to the provider, as JSON text; empty if it has no calls. */
  message(): Promise<Uint8Array>;
  readonly usage: JsonObject | undefined;
  /**
   * The answer for the client: the provider's bytes, without the gateway's calls.
   * @param usage replaces the provider's unless it is undefined
   */
  forClient(usage: JsonObject | undefined): Uint8Array;
}

const FIRST_CHOICE = ["choices", 0] as const;
const MESSAGE = [...FIRST_CHOICE, "message"] as const;

/**
 * Reads an answer; one that is not a chat completion asks for nothing and is returned unchanged.
 * @throws Failure `upstream_invalid_response` if it exceeds a limit
 */
export async function parseResponse(
  bytes: Uint8Array,
  plan: ToolPlan,
  newId: (index: number) => string,
  limits: JsonLimits,
): Promise<ParsedResponse> {
  const answer: JsonObject = (await decodeCompletion(bytes, limits)) ?? {};
  const choice = firstObject(answer["choices"]) ?? {};
  const message = isJsonObject(choice["message"]) ? choice["message"] : undefined;
  const items = Array.isArray(message?.["tool_calls"]) ? message["tool_calls"] : [];
  // Most answers have no calls, and need no parsing of them.
  const span = items.length > 0 ? findValue(bytes, MESSAGE) : undefined;
  const calls = message && span ? readToolCalls(message, newId) : [];
  const ours = calls.filter(plan.isOurs);
  const dropped = new Set<unknown>(ours.map(({ item }) => item));
  const shape: AnswerShape = {
    ours: ours.length,
    theirs: calls.length - ours.length,
    isCut: isCutReason(choice["finish_reason"]),
  };
  const usage = isJsonObject(answer["usage"]) ? answer["usage"] : undefined;

  const withoutOurs = (value: Uint8Array): Uint8Array => {
    if (shape.theirs === 0) return editMembers(value, { tool_calls: undefined });
    return editValue(value, ["tool_calls"], (list) => {
      const spans = findElements(list).filter((_, index) => !dropped.has(items[index]));
      return writeArray(spans.map(({ start, end }) => list.subarray(start, end)));
    });
  };

  return {
    shape,
    ours,
    message: async () => (span ? messageForProvider(bytes.subarray(span.start, span.end), calls) : new Uint8Array(0)),
    usage,
    forClient(summed) {
      let edited = bytes;
      if (shape.ours > 0) edited = editValue(edited, MESSAGE, withoutOurs);
      const finish = finalReason(shape);
      if (finish) edited = editValue(edited, FIRST_CHOICE, (value) => editMembers(value, { finish_reason: finish }));
      return usage && summed && summed !== usage ? editMembers(edited, { usage: summed }) : edited;
    },
  };
}

function firstObject(list: unknown): JsonObject | undefined {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isJsonObject(first) ? first : undefined;
}
