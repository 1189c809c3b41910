import type { TimerSource } from "../../core/deadlines.ts";
import { watchContent } from "../../pipeline/stream/watch-content.ts";
import { beginsLikeDocument, beginsWithEvent } from "../../pipeline/attempt/read-response.ts";
import { isEventStream } from "../../upstream/response-headers.ts";
import { beginStream } from "../../pipeline/heartbeat.ts";
import { streamOfBody } from "../../upstream/body.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import type { StepReply } from "./ask-provider.ts";
import type { Steps } from "./steps.ts";

/** How long a provider that has said `[DONE]` may take to end its answer, so that its connection can be used again. */
const LINGER_MS = 1000;

/**
 * Whether a step is answered by a stream of events, whatever its type says. Waits for its beginning.
 * @param isFramed it is a stream of the provider's own kind, by its type
 */
export async function isStreamed({ response, call }: StepReply, isFramed: boolean): Promise<boolean> {
  const { body } = response;
  if (!body) return true;
  if (!isEventStream(response) && !isFramed) return beginsWithEvent(response, call);
  return (await beginStream(body, call)) === "empty" || !(await beginsLikeDocument(body));
}

/**
 * The chunks of a step's streamed answer as they come, never ahead of the reader.
 * @param isDone whether the provider has said that its stream is over
 * @throws Failure if the answer breaks off or a deadline passes
 */
export async function* readStep(
  steps: Pick<Steps, "firstByte" | "contentOf">,
  { response, call }: StepReply,
  isDone: () => boolean,
  timers: Pick<TimerSource, "setTimer" | "clearTimer">,
): AsyncGenerator<Uint8Array, void> {
  const { body } = response;
  if (!body) return;
  const reader = streamOfBody(body).getReader();
  const awaited = watchContent(call, steps, false);
  let lingering: unknown;
  call.becomeStream();
  try {
    for (;;) {
      call.touch();
      const { done, value } = await reader.read();
      call.touch();
      if (done) return;
      steps.firstByte();
      awaited?.(value);
      yield value;
      if (isDone()) lingering ??= timers.setTimer(() => void reader.cancel().catch(() => {}), LINGER_MS);
    }
  } catch (error) {
    const failure = call.explain(error);
    // Behind `[DONE]` nothing was lost.
    if (!(isDone() && failure instanceof UpstreamFailure)) throw failure;
  } finally {
    if (lingering !== undefined) timers.clearTimer(lingering);
  }
}
