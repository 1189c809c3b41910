import type { TimerSource } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import { nextTurn } from "../../core/event-loop.ts";
import { createEventEditor } from "../../core/sse/event-filter.ts";
import { openClientStream } from "./client-stream.ts";
import { nextStep } from "./next-step.ts";
import { readStep } from "./read-step.ts";
import { withEmptyLine } from "./step-ending.ts";
import { openStepStream, type StepStream } from "./step-stream.ts";
import type { StepReply } from "./ask-provider.ts";
import type { Steps } from "./steps.ts";

export interface StreamOptions {
  /** Show the client the calls that the gateway runs. */
  readonly showTools: boolean;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
}

/** An event longer than this passes without being parsed. */
const MAX_EVENT_BYTES = 1024 * 1024;

/**
 * After so many bytes of events the event loop goes on with other work: they take up to 20 ms if the events are short.
 */
const MAX_TURN_BYTES = 64 * 1024;

/**
 * The stream of all steps, from the first one's answer on: what every step says as it comes, with the gateway's calls
 * run in between. Never ahead of the reader. Fails with the {@link Failure} that ends the steps.
 * @returns the stream, and what all steps together have used so far
 */
export function streamSteps(
  steps: Steps,
  first: StepReply,
  { showTools, timers }: StreamOptions,
): { readonly body: ReadableStream<Uint8Array>; readonly usage: () => TokenUsage | undefined } {
  const client = openClientStream({
    showsOurs: showTools,
    wantsUsage: steps.usageAsked,
    usedBefore: steps.usedBefore,
    isFirstStep: steps.isFirst,
  });
  const openStep = (): StepStream => openStepStream(steps.plan, client, steps.newId, steps.remember);
  let current = openStep();

  async function* passSteps(): AsyncGenerator<Uint8Array, void> {
    let answer = first;
    for (;;) {
      yield* passStep(readStep(steps, answer, current.isDone, timers), current);
      // From now until the next attempt, no deadline of the provider is running.
      answer.close();
      const { shape, complete, message, ours } = current.end();
      steps.use(current.usage());
      const next = nextStep(shape, steps.left());
      if (next !== "return") {
        if (!complete) throw new Failure("upstream_reset");
        const results = await steps.run(ours);
        if (next === "ask_again") {
          steps.add(await message(), results);
          current = openStep();
          answer = await steps.ask();
          continue;
        }
      }
      const words = current.closingEvents();
      if (words.length > 0) yield words;
      return;
    }
  }

  const passing = passSteps();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(pulled) {
        try {
          const { done, value } = await passing.next();
          if (done) pulled.close();
          else pulled.enqueue(value);
        } catch (error) {
          // Whatever it was, a provider that is still sending must learn that nobody listens.
          steps.attempts.abort(steps.attempts.explain(error));
          throw error;
        }
      },
      async cancel() {
        await passing.return();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, usage: () => steps.use(current.usage()).booked };
}

/** What the client is sent of one step, as it comes. */
async function* passStep(
  chunks: AsyncGenerator<Uint8Array, void>,
  { translate }: StepStream,
): AsyncGenerator<Uint8Array, void> {
  const editor = createEventEditor(translate, MAX_EVENT_BYTES);
  let room = MAX_TURN_BYTES;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += MAX_TURN_BYTES) {
      const piece = chunk.subarray(start, start + MAX_TURN_BYTES);
      const passed = editor.push(piece);
      if (passed.length > 0) yield passed;
      room -= piece.length;
      if (room > 0) continue;
      await nextTurn();
      room = MAX_TURN_BYTES;
    }
  }
  const rest = editor.flush();
  if (rest.length > 0) yield withEmptyLine(rest);
}
