import { isJsonObject } from "../../core/json/parse.ts";
import type { TimerSource } from "../../core/deadlines.ts";
import { beginsLikeDocument, beginsWithEvent, isEventStream } from "../../pipeline/read-response.ts";
import { beginStream } from "../../pipeline/heartbeat.ts";
import { streamOfBody } from "../../upstream/body.ts";
import { UpstreamFailure } from "../../upstream/errors.ts";
import { decodeCompletion } from "./answer.ts";
import type { StepReply } from "./ask-provider.ts";
import type { Steps } from "./steps.ts";

/**
 * A chat completion that came in one piece, as the one event of a stream; some providers do not stream when tools are
 * offered. What is no completion is passed on as it is.
 */
async function writeAsEvent(bytes: Uint8Array): Promise<Uint8Array> {
  const answer = await decodeCompletion(bytes);
  if (!answer) return Buffer.from(`data: ${JSON.stringify(new TextDecoder().decode(bytes))}\n\n`);
  const choices = Array.isArray(answer["choices"]) ? answer["choices"].filter(isJsonObject) : undefined;
  const chunk = {
    ...answer,
    object: "chat.completion.chunk",
    choices: choices?.map(({ message, ...choice }) => ({ ...choice, delta: message })),
  };
  return Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`);
}

/** How long a provider that has said `[DONE]` may take to end its answer, so that its connection can be used again. */
const LINGER_MS = 1000;

/**
 * The chunks of a step's answer as they come, never ahead of the reader.
 * @param isDone whether the provider has said that its stream is over
 * @throws Failure if the answer breaks off or a deadline passes
 */
export async function* readStep(
  steps: Pick<Steps, "readWhole" | "firstByte">,
  answer: StepReply,
  isDone: () => boolean,
  timers: Pick<TimerSource, "setTimer" | "clearTimer">,
): AsyncGenerator<Uint8Array, void> {
  const { response, call } = answer;
  const { body } = response;
  if (!body) return;
  const isStream = isEventStream(response)
    ? (await beginStream(body, call)) === "empty" || !(await beginsLikeDocument(body))
    : await beginsWithEvent(response, call);
  if (!isStream) {
    yield await writeAsEvent(await steps.readWhole(answer));
    return;
  }
  const reader = streamOfBody(body).getReader();
  let lingering: unknown;
  call.becomeStream();
  try {
    for (;;) {
      call.touch();
      const { done, value } = await reader.read();
      call.touch();
      if (done) return;
      steps.firstByte();
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
