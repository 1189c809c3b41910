import { isJsonObject } from "../../core/json/parse.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { createEventEditor } from "../../core/sse/event-filter.ts";
import { bodyOfBytes } from "../../upstream/body.ts";
import type { Agent, StepStream } from "./agent.ts";
import { decodeCompletion, parseResponse } from "./answer.ts";
import { type ClientStream, openClientStream } from "./client-stream.ts";
import type { CompletionSteps } from "./completion-steps.ts";
import { withEmptyLine } from "./step-ending.ts";
import { type CompletionStream, openCompletionStream } from "./step-stream.ts";

export interface CompletionAgentOptions {
  /** Show the client of a stream the calls that the gateway runs. */
  readonly showTools: boolean;
  readonly streams: boolean;
  readonly jsonLimits: JsonLimits;
}

/** An event longer than this passes without being parsed. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** Runs a chat completion at a provider that has that API: what the gateway has no part in keeps its bytes. */
export function createCompletionAgent(
  steps: CompletionSteps,
  { showTools, streams, jsonLimits }: CompletionAgentOptions,
): Agent {
  let booked: Agent["usage"] = () => undefined;
  let client: ClientStream | undefined;
  const openClient = (): ClientStream =>
    openClientStream({
      showsOurs: showTools,
      wantsUsage: steps.usageAsked,
      usedBefore: steps.usedBefore,
      isFirstStep: steps.isFirst,
    });

  return {
    steps,
    streams,
    isFramed: () => false,
    async readWhole(answered) {
      const { status, headers } = answered.response;
      const bytes = await steps.readWhole(answered);
      const parsed = await parseResponse(bytes, steps.plan, steps.newId, jsonLimits);
      const used = steps.use(parsed.usage);
      booked = () => used.booked;
      return {
        shape: parsed.shape,
        ours: parsed.ours,
        add: async (results) => steps.add(await parsed.message(), results),
        forClient: () => ({ status, headers, body: bodyOfBytes(parsed.forClient(used.told)) }),
      };
    },
    openStep() {
      const step = openCompletionStep(
        openCompletionStream(steps.plan, (client ??= openClient()), steps.newId, steps.remember),
        steps,
      );
      booked = step.usage;
      return step;
    },
    streamHead: ({ status, headers }) => ({ status, headers }),
    usage: () => booked(),
    replyHeaders: () => undefined,
  };
}

function openCompletionStep(stream: CompletionStream, steps: CompletionSteps): StepStream {
  const editor = createEventEditor(stream.translate, MAX_EVENT_BYTES);
  const flush = (): Uint8Array => {
    const rest = editor.flush();
    return rest.length > 0 ? withEmptyLine(rest) : rest;
  };
  return {
    begin() {},
    push: (bytes) => editor.push(bytes),
    flush,
    takeWhole: async (bytes) => Buffer.concat([editor.push(await writeAsEvent(bytes)), flush()]),
    isDone: stream.isDone,
    end() {
      const { shape, complete, ours, message } = stream.end();
      steps.use(stream.usage());
      return { shape, complete, ours, add: async (results) => steps.add(await message(), results) };
    },
    closingEvents: stream.closingEvents,
    usage: () => steps.use(stream.usage()).booked,
  };
}

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
