import { Failure } from "../failure/failure.ts";
import type { TokenUsage } from "../exchange/token-usage.ts";
import { isEventStream } from "../relay/whole-answer.ts";
import { createEventEditor } from "../sse/event-filter.ts";
import { streamOfBody } from "../transport/stream-body.ts";
import type { Answer } from "../transport/transport.ts";
import { openClientStream } from "./client-stream.ts";
import { createKeepAlive, type KeepAliveOptions } from "./keep-alive.ts";
import { nextStep } from "./next-step.ts";
import { openRoundStream, type RoundStream, withEmptyLine } from "./round-stream.ts";
import type { Rounds } from "./rounds.ts";
import { writeAsEvent } from "./write-as-event.ts";

export interface StreamOptions {
  /** Show the client the calls that the gateway runs. */
  readonly showTools: boolean;
  readonly keepAlive: KeepAliveOptions;
}

/** A comment, which clients of event streams pass over. */
const SIGN_OF_LIFE = Buffer.from(": keep-alive\n\n");

/** An event longer than this passes without being looked at. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** How long a provider that has said `[DONE]` may take to end its answer, so that its connection can be used again. */
const LINGER_MS = 1000;

/**
 * The stream of all rounds, from the first one's answer on: what every round says as it comes, with the gateway's calls
 * run in between. Never ahead of the reader. Fails with the {@link Failure} that ends the rounds.
 * @returns the stream, and what all rounds together have used so far
 */
export function streamRounds(
  rounds: Rounds,
  first: Answer,
  { showTools, keepAlive: options }: StreamOptions,
): { readonly body: ReadableStream<Uint8Array>; readonly usage: () => TokenUsage | undefined } {
  const { calls, plan } = rounds;
  const { timers } = options;
  const client = openClientStream({
    showsOurs: showTools,
    wantsUsage: rounds.usageAsked,
    usedBefore: rounds.usedBefore,
    isFirstRound: rounds.isFirst,
  });
  let round = openRoundStream(plan, client, rounds.newId, rounds.remember);
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const keepAlive = createKeepAlive(options, () => {
    // One sign is enough for a client that does not read.
    if (controller && (controller.desiredSize ?? 0) >= 0) controller.enqueue(SIGN_OF_LIFE);
  });

  /** The chunks of an answer as they come. */
  async function* readChunks(response: Answer, isDone: () => boolean): AsyncGenerator<Uint8Array, void> {
    if (!isEventStream(response)) {
      yield await writeAsEvent(await rounds.readWhole(response));
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
        yield value;
        if (isDone()) lingering ??= timers.setTimer(() => void reader.cancel().catch(() => {}), LINGER_MS);
      }
    } catch (error) {
      throw calls.explain(error);
    } finally {
      if (lingering !== undefined) timers.clearTimer(lingering);
    }
  }

  async function* passRound(response: Answer, { translate, isDone }: RoundStream): AsyncGenerator<Uint8Array, void> {
    const editor = createEventEditor(translate, MAX_EVENT_BYTES);
    for await (const chunk of readChunks(response, isDone)) {
      keepAlive.stop();
      const passed = editor.push(chunk);
      if (passed.length > 0) yield passed;
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
      rounds.use(round.usage());
      const step = nextStep(shape, rounds.left());
      if (step !== "return") {
        if (!complete) throw new Failure("upstream_reset");
        keepAlive.start();
        const results = await rounds.run(ours);
        if (step === "ask_again") {
          rounds.add(message, results);
          round = openRoundStream(plan, client, rounds.newId, rounds.remember);
          response = await rounds.ask();
          continue;
        }
      }
      const words = round.lastWords();
      if (words.length > 0) yield words;
      return;
    }
  }

  const passing = passRounds();
  const body = new ReadableStream<Uint8Array>(
    {
      start(created) {
        controller = created;
      },
      async pull(pulled) {
        try {
          const { done, value } = await passing.next();
          if (done) pulled.close();
          else pulled.enqueue(value);
        } catch (error) {
          // Whatever it was, a provider that is still talking shall know that nobody listens.
          calls.abort(calls.explain(error));
          throw error;
        } finally {
          keepAlive.stop();
        }
      },
      async cancel() {
        await passing.return();
      },
    },
    { highWaterMark: 0 },
  );
  return { body, usage: () => rounds.use(round.usage()).booked };
}
