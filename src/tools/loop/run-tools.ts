import { toJson } from "../../core/json/bytes.ts";
import { asError } from "../mcp/tool-result.ts";
import type { ToolSet } from "../mcp/tool-registry.ts";
import type { ToolCall } from "./tool-call.ts";

/** So many calls of one answer run at once; the others wait for their turn. */
export const MAX_AT_ONCE = 16;

/** So many calls of one answer are run at all: a model that goes astray can write thousands in one answer. */
export const MAX_CALLS = 128;

/**
 * Runs the calls of one answer. Their deadlines begin when they do.
 * @returns their tool messages as JSON texts, in the order of the calls; a failure of a tool is a message too
 * @throws the reason of the signal
 */
export async function runTools(offer: ToolSet, calls: readonly ToolCall[], signal: AbortSignal): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  const turns = calls.slice(0, MAX_CALLS).entries();
  const takeTurns = async (): Promise<void> => {
    for (const [index, { id, name, args }] of turns) {
      messages[index] = toMessage(id, await offer.execute(name, args, signal));
    }
  };
  await Promise.all(Array.from({ length: Math.min(calls.length, MAX_AT_ONCE) }, takeTurns));
  return [...messages, ...calls.slice(MAX_CALLS).map(({ id }) => toMessage(id, TOO_MANY))];
}

const TOO_MANY = asError(`not run, because one answer may call at most ${MAX_CALLS} tools`);

function toMessage(id: string, content: string): Uint8Array {
  return toJson({ role: "tool", tool_call_id: id, content });
}
