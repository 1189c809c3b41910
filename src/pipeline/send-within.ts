import type { RequestContext } from "../core/request-context.ts";
import type { MemoryBudget } from "../core/memory/budget.ts";
import type { TraceStep } from "../core/request-trace.ts";
import type { Provider } from "../providers/provider.ts";
import type { UpstreamCall } from "../upstream/call.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import type { AttemptRequest } from "./attempt-parts.ts";
import { UNCOUNTED_BYTES } from "./read-response.ts";
import { addTrace } from "./trace-attempt.ts";

/** For whom something is sent. */
interface Sender {
  readonly context: RequestContext;
  /** Bytes that it holds beside what is sent, as long as somebody else may still be asked. */
  readonly keptBytes: number;
}

/**
 * Sends a request within the budget. A short body is not counted while a provider has it; a long one is until it is sent,
 * its parsed value no more.
 * @param step the one of its trace, if it has one
 */
export function sendWithin(
  memory: Pick<MemoryBudget, "tryHold">,
  sender: Sender,
  call: UpstreamCall,
  provider: Provider,
  request: AttemptRequest,
  step: TraceStep | undefined,
): Promise<UpstreamResponse> {
  if (step) addTrace(request, step, provider);
  const { body, keptBytes = 0 } = request;
  const length = body === null || body instanceof ReadableStream ? 0 : body.length;
  const isLong = length > UNCOUNTED_BYTES;
  const kept = keptBytes + sender.keptBytes;
  memory.tryHold(sender.context, isLong ? kept + length : kept);
  return isLong ? sendLong(memory, sender, call, request, keptBytes) : call.send(request);
}

/** Separate, because its closure would cost each short request an object; that must not hold the body. */
function sendLong(
  memory: Pick<MemoryBudget, "tryHold">,
  sender: Sender,
  call: UpstreamCall,
  request: AttemptRequest,
  keptBytes: number,
): Promise<UpstreamResponse> {
  const { context } = sender;
  const free = (): void => void memory.tryHold(context, keptBytes + sender.keptBytes);
  return call.send({ ...request, onSent: free }).finally(free);
}
