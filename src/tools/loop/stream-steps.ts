import type { TimerSource } from "../../core/deadlines.ts";
import { Failure } from "../../core/errors.ts";
import { nextTurn } from "../../core/event-loop.ts";
import type { Agent, StepStream } from "./agent.ts";
import type { StepReply } from "./ask-provider.ts";
import { nextStep } from "./next-step.ts";
import { isStreamed, readStep } from "./read-step.ts";

/**
 * After so many bytes of events the event loop goes on with other work: they take up to 20 ms if the events are short.
 */
const MAX_TURN_BYTES = 64 * 1024;

/**
 * The stream of all steps, from the first one's answer on: what every step says as it comes, with the gateway's calls
 * run in between. Never ahead of the reader. Fails with the {@link Failure} that ends the steps.
 */
export function streamSteps(
  { steps, openStep, isFramed }: Pick<Agent, "steps" | "openStep" | "isFramed">,
  first: StepReply,
  timers: Pick<TimerSource, "setTimer" | "clearTimer">,
): ReadableStream<Uint8Array> {
  async function* passSteps(): AsyncGenerator<Uint8Array, void> {
    let answer = first;
    let current = openStep();
    for (;;) {
      current.begin(answer.response);
      if (await isStreamed(answer, isFramed(answer.response)))
        yield* passStep(readStep(steps, answer, current.isDone, timers), current);
      else yield* some(await current.takeWhole(await steps.readWhole(answer)));
      const { shape, complete, ours, add } = current.end();
      // From now until the next attempt, no deadline of the provider is running.
      answer.close();
      const next = nextStep(shape, steps.left());
      if (next !== "return") {
        if (!complete) throw new Failure("upstream_reset");
        const results = await steps.run(ours);
        if (next === "ask_again") {
          await add(results);
          current = openStep();
          answer = await steps.ask();
          continue;
        }
      }
      yield* some(current.closingEvents());
      return;
    }
  }

  const passing = passSteps();
  return new ReadableStream<Uint8Array>(
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
}

/** What the client is sent of one step, as it comes. */
async function* passStep(chunks: AsyncGenerator<Uint8Array, void>, step: StepStream): AsyncGenerator<Uint8Array, void> {
  let room = MAX_TURN_BYTES;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += MAX_TURN_BYTES) {
      const piece = chunk.subarray(start, start + MAX_TURN_BYTES);
      yield* some(step.push(piece));
      room -= piece.length;
      if (room > 0) continue;
      await nextTurn();
      room = MAX_TURN_BYTES;
    }
  }
  yield* some(step.flush());
}

function* some(bytes: Uint8Array): Generator<Uint8Array, void> {
  if (bytes.length > 0) yield bytes;
}
