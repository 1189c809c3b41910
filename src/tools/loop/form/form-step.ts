import { UpstreamError, UpstreamFailure } from "../../../upstream/errors.ts";
import { answerFailure, clientsError } from "../../../pipeline/translate/answer-failure.ts";
import { framingOf } from "../../../pipeline/translate/translated-answer.ts";
import { StreamTranslation } from "../../../pipeline/translate/stream-translation.ts";
import { eventsOf } from "../../../formats/form/events-of-answer.ts";
import type { AnswerEvent } from "../../../formats/form/answer-events.ts";
import type { AnswerError, ModelAnswer } from "../../../formats/form/answer.ts";
import type { Failure } from "../../../core/errors.ts";
import type { UpstreamResponse } from "../../../upstream/transport.ts";
import type { StepStream } from "../agent.ts";
import type { ToolResult } from "../run-tools.ts";
import type { Block } from "../../../formats/form/blocks.ts";
import type { ClientWriter } from "./client-writer.ts";
import type { OpenedForm } from "./opened-form.ts";
import { openStepWriter, type StepWriterOptions } from "./step-writer.ts";

export interface FormStepOptions extends Omit<StepWriterOptions, "client"> {
  readonly client: ClientWriter;
  readonly read: (bytes: Uint8Array) => Promise<ModelAnswer | { readonly error: AnswerError }>;
  /** See `StreamTranslationParts`. */
  readonly mayHold: (bytes: number) => boolean;
  /** Begins to listen to an answer; called when it begins. */
  readonly listen: () => ((event: AnswerEvent) => void) | undefined;
  /** Adds what was said, and the results of its calls, to the request. */
  readonly add: (said: readonly Block[], results: readonly ToolResult[]) => void;
}

/** The stream of one step in the provider's API, as a part of the client's stream. */
export function openFormStep({ attempts, format, side }: OpenedForm, options: FormStepOptions): StepStream {
  const { client, read, add, sum } = options;
  const writer = openStepWriter(options, () => side().isNative);
  const failureOf = (error: AnswerError, response?: UpstreamResponse): Failure =>
    answerFailure(error, { provider: side().provider, format, ...(response && { response }) });
  const onError = (error: AnswerError): void => attempts.context.failed(failureOf(error));
  const inClientsWords = (error: AnswerError): AnswerError => clientsError(error, side().provider, format);
  const openTranslation = (response: UpstreamResponse): StreamTranslation => {
    const { wire, target } = side();
    return new StreamTranslation({
      reader: wire.readStream(target),
      frames: framingOf(wire, response)?.open(),
      writer,
      hasBegun: client.hasBegun,
      mayHold: options.mayHold,
      onEvent: options.listen(),
      clientsError: inClientsWords,
      onError,
      failureOf: (error) => failureOf(error, response),
    });
  };
  let opened: StreamTranslation | undefined;
  const translation = (): StreamTranslation => {
    if (!opened) throw new Error("the step has not begun");
    return opened;
  };

  const written = (run: (write: (bytes: Uint8Array) => void) => void): Uint8Array => {
    const pieces: Uint8Array[] = [];
    try {
      run((bytes) => pieces.push(bytes));
    } catch (error) {
      throw error instanceof UpstreamError ? new UpstreamFailure(error, side().provider.id) : error;
    }
    const [only = NOTHING] = pieces;
    return pieces.length > 1 ? Buffer.concat(pieces) : only;
  };

  return {
    begin(response) {
      opened = openTranslation(response);
    },
    push: (bytes) => (translation().isDone ? NOTHING : written((write) => translation().push(bytes, write))),
    flush: () => written((write) => translation().end(write)),
    async takeWhole(bytes) {
      const answer = await read(bytes);
      if (!("error" in answer))
        return Buffer.from([...eventsOf(answer)].map((event) => writer.write(event)).join("") + writer.end());
      if (!client.hasBegun) throw failureOf(answer.error);
      onError(answer.error);
      return Buffer.from(writer.write({ type: "fail", error: inClientsWords(answer.error) }));
    },
    isDone: () => opened?.isDone ?? false,
    end() {
      sum.use(writer.usage);
      const { shape, ours, said } = writer.asked();
      return {
        shape: writer.hasFailed ? { ...shape, ours: 0 } : shape,
        complete: true,
        ours,
        add: async (results) => add(await said(), results),
      };
    },
    closingEvents: () => Buffer.from(writer.close()),
    usage: () => sum.use(writer.usage).booked,
  };
}

const NOTHING = new Uint8Array(0);
