import type { TimerSource } from "../../core/deadlines.ts";
import { isJsonObject } from "../../core/json/parse.ts";
import { decodeCompletion } from "./answer.ts";
import { Failure } from "../../core/errors.ts";
import type { TokenUsage } from "../../core/request-context.ts";
import { beginsWithEvent } from "../../pipeline/detect-events.ts";
import { isEventStream } from "../../pipeline/whole-response.ts";
import { nextTurn } from "../../core/next-turn.ts";
import { createEventEditor } from "../../core/sse/event-filter.ts";
import { streamOfBody } from "../../upstream/body.ts";
import type { UpstreamResponse } from "../../upstream/transport.ts";
import { openClientStream } from "./client-stream.ts";
import { nextStep } from "./next-step.ts";
import { openStepStream, type StepStream, withEmptyLine } from "./step-stream.ts";
import type { Steps } from "./steps.ts";

/**
 * A chat completion that came in one piece, as the one event of a stream; some providers do not stream when tools are
 * offered. What is no completion is passed on as it is.
 */
export async function writeAsEvent(bytes: Uint8Array): Promise<Uint8Array> {
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

/** How long a provider that has said `[DONE]` may take to end its answer, so that its connection can be used again. */
const LINGER_MS = 1000;

/**
 * The stream of all steps, from the first one's answer on: what every step says as it comes, with the gateway's calls
 * run in between. Never ahead of the reader. Fails with the {@link Failure} that ends the steps.
 * @returns the stream, and what all steps together have used so far
 */
export function streamSteps(
  steps: Steps,
  first: UpstreamResponse,
  { showTools, timers }: StreamOptions,
): { readonly body: ReadableStream<Uint8Array>; readonly usage: () => TokenUsage | undefined } {
  const { calls, plan } = steps;
  const client = openClientStream({
    showsOurs: showTools,
    wantsUsage: steps.usageAsked,
    usedBefore: steps.usedBefore,
    isFirstRound: steps.isFirst,
  });
  let round = openStepStream(plan, client, steps.newId, steps.remember);

  /** The chunks of an answer as they come. */
  async function* readChunks(response: UpstreamResponse, isDone: () => boolean): AsyncGenerator<Uint8Array, void> {
    if (!isEventStream(response) && !(await beginsWithEvent(response, calls))) {
      yield await writeAsEvent(await steps.readWhole(response));
      return;
    }
    if (!response.body) return;
    const reader = streamOfBody(response.body).getReader();
    let lingering: unknown;
    calls.becomeStream();
    try {
      for (;;) {
        calls.touch();
        const { done, value } = await reader.read();
        calls.touch();
        if (done) return;
        steps.firstByte();
        yield value;
        if (isDone()) lingering ??= timers.setTimer(() => void reader.cancel().catch(() => {}), LINGER_MS);
      }
    } catch (error) {
      throw calls.explain(error);
    } finally {
      if (lingering !== undefined) timers.clearTimer(lingering);
    }
  }

  async function* passRound(
    response: UpstreamResponse,
    { translate, isDone }: StepStream,
  ): AsyncGenerator<Uint8Array, void> {
    const editor = createEventEditor(translate, MAX_EVENT_BYTES);
    let room = MAX_TURN_BYTES;
    for await (const chunk of readChunks(response, isDone)) {
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

  async function* passRounds(): AsyncGenerator<Uint8Array, void> {
    let response = first;
    for (;;) {
      yield* passRound(response, round);
      calls.rest();
      const { shape, complete, message, ours } = round.end();
      steps.use(round.usage());
      const step = nextStep(shape, steps.left());
      if (step !== "return") {
        if (!complete) throw new Failure("upstream_reset");
        const results = await steps.run(ours);
        if (step === "ask_again") {
          steps.add(await message(), results);
          round = openStepStream(plan, client, steps.newId, steps.remember);
          response = await steps.ask();
          continue;
        }
      }
      const words = round.closingEvents();
      if (words.length > 0) yield words;
      return;
    }
  }

  const passing = passRounds();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(pulled) {
        try {
          const { done, value } = await passing.next();
          if (done) pulled.close();
          else pulled.enqueue(value);
        } catch (error) {
          // Whatever it was, a provider that is still sending must learn that nobody listens.
          calls.abort(calls.explain(error));
          throw error;
        }
      },
      async cancel() {
        await passing.return();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, usage: () => steps.use(round.usage()).booked };
}
