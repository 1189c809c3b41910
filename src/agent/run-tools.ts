import { toJson } from "../json/to-json.ts";
import type { ToolOffer } from "../mcp/tool-box.ts";
import type { ToolCall } from "./tool-call.ts";

/**
 * Runs calls, all at once.
 * @returns their tool messages as JSON texts, in the order of the calls; a failure of a tool is a message too
 * @throws the reason of the signal
 */
export function runTools(offer: ToolOffer, calls: readonly ToolCall[], signal: AbortSignal): Promise<Uint8Array[]> {
  return Promise.all(
    calls.map(async ({ id, name, args }) =>
      toJson({ role: "tool", tool_call_id: id, content: await offer.execute(name, args, signal) }),
    ),
  );
}
