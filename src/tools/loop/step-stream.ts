import { isJsonObject, type JsonObject, parseJson } from "../../core/json/parse.ts";
import { editMembers, editValue } from "../../core/json/edit.ts";
import { toJson, writeArray } from "../../core/json/bytes.ts";
import { findElements, findValue } from "../../core/json/find.ts";
import { type EventData, readEventData } from "../../core/sse/event-data.ts";
import type { ClientStream } from "./client-stream.ts";
import { createStepAnswer, type StepAnswer, type CompletionEnd } from "./step-answer.ts";
import { createStepEnding, type StepEnding } from "./step-ending.ts";
import { createToolCallAccumulator, type ToolCallAccumulator } from "./tool-call-accumulator.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The provider's stream of one step of a chat completion, event by event, as it becomes a part of the client's. */
export interface CompletionStream {
  /**
   * What the client is sent for one event: its own bytes, changed ones, or none.
   * @throws Failure if too much would have to be remembered
   */
  translate(event: Buffer): Uint8Array;
  /** Whether the provider has said that its stream is over. */
  isDone(): boolean;
  /** What this step has used, as far as the provider has said. */
  usage(): JsonObject | undefined;
  /** The result of the step, once its stream has ended. */
  end(): CompletionEnd;
  /** What was kept back until it is known that this step is the last: the end of the client's stream. */
  closingEvents(): Uint8Array;
}

const NOTHING = new Uint8Array(0);
const DELTA = ["choices", 0, "delta"] as const;
const CALLS = [...DELTA, "tool_calls"] as const;
const DONE = Buffer.from("[DONE]");

/**
 * @param mayRemember called with how much of the answer is remembered; one that is too long is not, and no tool of it
 * is run
 */
export function openCompletionStream(
  plan: ToolPlan,
  client: ClientStream,
  newId: (index: number) => string,
  mayRemember: (bytes: number) => boolean,
): CompletionStream {
  const calls = createToolCallAccumulator({
    isOurs: plan.isOurs,
    showsOurs: client.showsOurs,
    nextIndex: client.nextCallIndex,
  });
  const answer = createStepAnswer(calls, plan.isOurs, newId, mayRemember);
  const ending = createStepEnding(client, calls.haveOurs);
  const takeChoice = createChoiceReader({ client, calls, answer, ending });
  let usage: JsonObject | undefined;
  /** The provider said in its stream that it failed: whatever else it says is passed on. */
  let hasFailed = false;

  const end = (): CompletionEnd => answer.end(ending.isDone(), hasFailed || ending.isFinishSent());

  return {
    translate(event) {
      const data = readEventData(event);
      if (!data || hasFailed) return event;
      if (data.bytes.equals(DONE)) return ending.takeDone(event);
      const chunk = parseJson(data.bytes);
      if (!isJsonObject(chunk)) return event;
      if (isJsonObject(chunk["error"]) || typeof chunk["error"] === "string") {
        hasFailed = true;
        return event;
      }
      const told = chunk["usage"];
      const tellsUsage = isJsonObject(told);
      if (tellsUsage) usage = told;
      const adjusted = editMembers(data.bytes, client.adjustments(chunk));
      const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
      if (isJsonObject(choice)) return takeChoice(choice, tellsUsage, adjusted, data, event);
      const sent = adjusted === data.bytes ? event : data.replace(adjusted);
      return tellsUsage ? ending.takeUsage(sent, true) : sent;
    },
    isDone: ending.isDone,
    usage: () => usage,
    end,
    closingEvents() {
      const { shape, complete } = end();
      return ending.closingEvents(shape, complete && !hasFailed);
    },
  };
}

/** What the parts of a choice are for: the client, and the step. */
interface ChoiceTakers {
  readonly client: ClientStream;
  readonly calls: ToolCallAccumulator;
  readonly answer: StepAnswer;
  readonly ending: StepEnding;
}

/** Takes a chunk with a choice; returns what of it the client is sent now. */
type TakeChoice = (
  choice: JsonObject,
  tellsUsage: boolean,
  given: Uint8Array,
  data: EventData,
  event: Buffer,
) => Uint8Array;

function createChoiceReader({ client, calls, answer, ending }: ChoiceTakers): TakeChoice {
  return (choice, tellsUsage, given, data, event) => {
    const delta = isJsonObject(choice["delta"]) ? choice["delta"] : {};
    const deltas = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
    const shared = deltas.length > 0 ? shareCalls(calls, deltas, given) : undefined;
    answer.take(delta, given.length);
    const changes: Record<string, undefined> = {};
    const repeatsRole = typeof delta["role"] === "string" && !client.isRoleNew();
    // A provider that repeats it within one step, as OpenRouter does, is left as it is.
    if (repeatsRole && !client.isFirstStep()) changes["role"] = undefined;
    if (shared?.length === 0) changes["tool_calls"] = undefined;

    const isChanged = Object.keys(changes).length > 0;
    let chunk = isChanged ? editValue(given, DELTA, (value) => editMembers(value, changes)) : given;
    if (shared && shared.length > 0) chunk = editValue(chunk, CALLS, () => writeArray(shared));

    const reason = choice["finish_reason"];
    const isFinish = typeof reason === "string" && reason !== "";
    if (isFinish) {
      answer.finish(reason);
      chunk = ending.takeFinish(chunk, data);
    }
    const sent = chunk === data.bytes ? event : data.replace(chunk);
    if (ending.isFinishSent()) return sent;
    const says = Object.entries(delta).some(
      ([name, value]) => !(name in changes) && !isEmpty(value) && !(name === "role" && repeatsRole),
    );
    if (tellsUsage && !isFinish && !says) return ending.takeUsage(sent, false);
    return says || !(isChanged || isFinish) ? sent : NOTHING;
  };
}

/** The client's share of the deltas of calls; undefined if it is all of them, unchanged. */
function shareCalls(
  calls: ToolCallAccumulator,
  deltas: readonly unknown[],
  chunk: Uint8Array,
): readonly Uint8Array[] | undefined {
  const list = findValue(chunk, CALLS);
  if (!list) return undefined;
  const array = chunk.subarray(list.start, list.end);
  const texts = findElements(array).map(({ start, end }) => array.subarray(start, end));
  const shared = deltas.flatMap((delta, index) =>
    isJsonObject(delta) ? calls.take(delta, texts[index] ?? toJson(delta)) : [],
  );
  const isSame = shared.length === texts.length && shared.every((text, index) => text === texts[index]);
  return isSame ? undefined : shared;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}
