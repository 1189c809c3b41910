import { toJson } from "../../core/json/bytes.ts";
import type { RequestTrace, ToolTrace, TraceHeaders } from "../../core/request-trace.ts";
import type { ToolRun } from "../../core/request-context.ts";
import { cutText, asError, isErrorText } from "../mcp/tool-result.ts";
import type { ToolSet } from "../mcp/tool-registry.ts";
import type { ToolCall } from "./tool-call.ts";

/** Maximum number of calls of one answer that run at once; the others wait for their turn. */
export const MAX_AT_ONCE = 16;

/** Maximum number of calls of one answer that are run: a confused model can write thousands in one answer. */
export const MAX_CALLS_RUN = 128;

/** A call that is run. */
export type RunCall = Pick<ToolCall, "id" | "name" | "args">;

/** Told of every tool that was run. */
export interface ToolRunRecorder {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  readonly ran: (run: ToolRun) => void;
  /** Of the request; absent if it is not traced. */
  readonly trace?: RequestTrace | undefined;
}

/** The limits for the results of one answer together. */
export interface ResultLimits {
  /** Of their messages as JSON texts; what is longer is cut, and the message says so. */
  readonly maxBytes: number;
  /** Called with the bytes that all of them have by now; if it throws, the run ends. */
  readonly onHeld: (bytes: number) => void;
}

/** What the model is told of one call. */
export interface ToolResult {
  readonly id: string;
  /** A failure begins with `Error: `. */
  readonly text: string;
}

/**
 * Runs the calls of one answer. Their deadlines begin when they do.
 * @returns their results, in the order of the calls; a failure of a tool is one too
 * @throws the reason of the signal
 */
export async function runTools(
  offer: ToolSet,
  calls: readonly RunCall[],
  signal: AbortSignal,
  { maxBytes, onHeld }: ResultLimits,
  recorder: ToolRunRecorder,
): Promise<ToolResult[]> {
  const results: ToolResult[] = [];
  const turns = calls.slice(0, MAX_CALLS_RUN).entries();
  let held = 0;
  const takeTurns = async (): Promise<void> => {
    for (const [index, { id, name, args }] of turns) {
      const text = await runTool(offer, { id, name, args }, signal, recorder);
      const { result, bytes } = resultWithin(id, text, maxBytes - held);
      results[index] = result;
      held += bytes;
      onHeld(held);
    }
  };
  await Promise.all(Array.from({ length: Math.min(calls.length, MAX_AT_ONCE) }, takeTurns));
  return [...results, ...calls.slice(MAX_CALLS_RUN).map(({ id }) => ({ id, text: TOO_MANY }))];
}

async function runTool(
  offer: ToolSet,
  { id, name, args }: RunCall,
  signal: AbortSignal,
  { now, ran, trace }: ToolRunRecorder,
): Promise<string> {
  const startedAt = now();
  let tool: string | undefined;
  let step: ToolTrace | undefined;
  const onTool = (meant: string): TraceHeaders | undefined => {
    tool = meant;
    step = trace?.tool({ name: meant, id });
    return step?.headers;
  };
  try {
    const text = await offer.execute(name, args, signal, onTool);
    const hasFailed = isErrorText(text);
    if (tool !== undefined) ran({ name: tool, startedAt, endedAt: now(), hasFailed });
    step?.ended(hasFailed ? "tool_failed" : undefined);
    return text;
  } catch (error) {
    step?.ended(error);
    throw error;
  }
}

const TOO_MANY = asError(`not run, because one answer may call at most ${MAX_CALLS_RUN} tools`);

/** A result as a message of a chat completion, as JSON text; those of other APIs are about as long. */
export const toMessage = ({ id, text }: ToolResult): Uint8Array =>
  toJson({ role: "tool", tool_call_id: id, content: text });

/**
 * A result whose message has about `maxBytes` at most. Its text grows when it is written as JSON, by as much in each of
 * its parts.
 */
function resultWithin(
  id: string,
  text: string,
  maxBytes: number,
): { readonly result: ToolResult; readonly bytes: number } {
  const result = { id, text };
  const bytes = toMessage(result).length;
  if (bytes <= maxBytes) return { result, bytes };
  const share = Math.max(0, maxBytes) / bytes;
  const cut = { id, text: cutText(text, Math.floor(Buffer.byteLength(text) * share)) };
  return { result: cut, bytes: toMessage(cut).length };
}
