import { toJson } from "../../core/json/bytes.ts";
import { cutText, asError } from "../mcp/tool-result.ts";
import type { ToolSet } from "../mcp/tool-registry.ts";
import type { ToolCall } from "./tool-call.ts";

/** Maximum number of calls of one answer that run at once; the others wait for their turn. */
export const MAX_AT_ONCE = 16;

/** Maximum number of calls of one answer that are run: a confused model can write thousands in one answer. */
export const MAX_CALLS = 128;

/** The limits for the results of one answer together. */
export interface ResultLimits {
  /** Of their messages as JSON texts; what is longer is cut, and the message says so. */
  readonly maxBytes: number;
  /** Called with the bytes that all of them have by now; if it throws, the run ends. */
  readonly onHeld: (bytes: number) => void;
}

/**
 * Runs the calls of one answer. Their deadlines begin when they do.
 * @returns their tool messages as JSON texts, in the order of the calls; a failure of a tool is a message too
 * @throws the reason of the signal
 */
export async function runTools(
  offer: ToolSet,
  calls: readonly ToolCall[],
  signal: AbortSignal,
  { maxBytes, onHeld }: ResultLimits,
): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  const turns = calls.slice(0, MAX_CALLS).entries();
  let held = 0;
  const takeTurns = async (): Promise<void> => {
    for (const [index, { id, name, args }] of turns) {
      const message = messageWithin(id, await offer.execute(name, args, signal), maxBytes - held);
      messages[index] = message;
      held += message.length;
      onHeld(held);
    }
  };
  await Promise.all(Array.from({ length: Math.min(calls.length, MAX_AT_ONCE) }, takeTurns));
  return [...messages, ...calls.slice(MAX_CALLS).map(({ id }) => toMessage(id, TOO_MANY))];
}

const TOO_MANY = asError(`not run, because one answer may call at most ${MAX_CALLS} tools`);

function toMessage(id: string, content: string): Uint8Array {
  return toJson({ role: "tool", tool_call_id: id, content });
}

/**
 * A message of about `maxBytes` at most. Its text grows when it is written as JSON, by as much in each of its parts.
 */
function messageWithin(id: string, content: string, maxBytes: number): Uint8Array {
  const message = toMessage(id, content);
  if (message.length <= maxBytes) return message;
  const share = Math.max(0, maxBytes) / message.length;
  return toMessage(id, cutText(content, Math.floor(Buffer.byteLength(content) * share)));
}
