import { Failure } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json/parse.ts";
import { editMembers, editValue } from "../../core/json/edit.ts";
import { parseJson } from "../../core/json/parse-bytes.ts";
import { toJson, writeArray } from "../../core/json/bytes.ts";
import { findElements, findValue } from "../../core/json/find.ts";
import { endsEvent } from "../../core/sse/event-boundary.ts";
import { type EventData, readEventData } from "../../core/sse/event-data.ts";
import type { ClientStream } from "./client-stream.ts";
import { createDeltaMerger, type MutableObject } from "./merge-delta.ts";
import { createToolCallAccumulator } from "./tool-call-accumulator.ts";
import { type AnswerShape, finalReason } from "./next-step.ts";
import { messageForProvider, readToolCalls, type ToolCall } from "./tool-call.ts";
import type { ToolPlan } from "./tool-plan.ts";

/** The provider's stream of one step, as it becomes a part of the client's. */
export interface StepStream {
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
  end(): StepEnd;
  /** What was kept back until it is known that this step is the last: the end of the client's stream. */
  closingEvents(): Uint8Array;
}

/** The result of a streamed step. */
export interface StepEnd {
  /** False if the stream ended in the middle, so that its last call may be incomplete. */
  readonly complete: boolean;
  readonly shape: AnswerShape;
  /** The calls that the gateway answers. */
  readonly ours: readonly ToolCall[];
  /** The assistant's message as it goes back to the provider, as JSON text. */
  readonly message: () => Promise<Uint8Array>;
}

const NOTHING = new Uint8Array(0);
const FIRST_CHOICE = ["choices", 0] as const;
const DELTA = [...FIRST_CHOICE, "delta"] as const;
const DONE = Buffer.from("[DONE]");
const DONE_EVENT = Buffer.from("data: [DONE]\n\n");

/**
 * @param mayRemember called with how much of the answer is remembered; one that is too long is not, and no tool of it
 * is run
 */
export function openStepStream(
  plan: ToolPlan,
  client: ClientStream,
  newId: (index: number) => string,
  mayRemember: (bytes: number) => boolean,
): StepStream {
  const calls = createToolCallAccumulator({
    isOurs: plan.isOurs,
    showsOurs: client.showsOurs,
    nextIndex: client.nextCallIndex,
  });
  const mergeDelta = createDeltaMerger();
  let message: MutableObject = {};
  let usage: JsonObject | undefined;
  let finishReason: string | undefined;
  let remembered = 0;
  /** The provider said in its stream that it failed: whatever else it says is passed on. */
  let failed = false;
  let isDone = false;
  let isFinishSent = false;
  let isDoneSent = false;
  const kept: { finish?: { readonly chunk: Uint8Array; readonly data: EventData }; usage?: Uint8Array; done?: Buffer } =
    {};

  /** Whether another step may follow: then what ends a stream is kept back. */
  const mayGoOn = (): boolean => calls.haveOurs() && !isFinishSent;

  const remember = (delta: JsonObject, size: number): void => {
    remembered += size;
    const { tool_calls: _, ...rest } = delta;
    if (mayRemember(remembered)) mergeDelta(message, rest);
    else if (calls.count() > 0) throw tooLong();
    else message = {};
  };

  /** The client's share of the deltas of calls; undefined if it is all of them, unchanged. */
  const shareCalls = (deltas: readonly unknown[], chunk: Uint8Array): readonly Uint8Array[] | undefined => {
    const list = findValue(chunk, [...DELTA, "tool_calls"]);
    if (!list) return undefined;
    const array = chunk.subarray(list.start, list.end);
    const texts = findElements(array).map(({ start, end }) => array.subarray(start, end));
    const shared = deltas.flatMap((delta, index) =>
      isJsonObject(delta) ? calls.take(delta, texts[index] ?? toJson(delta)) : [],
    );
    const isSame = shared.length === texts.length && shared.every((text, index) => text === texts[index]);
    return isSame ? undefined : shared;
  };

  const takeDone = (event: Buffer): Uint8Array => {
    isDone = true;
    if (mayGoOn()) {
      kept.done = event;
      return NOTHING;
    }
    isDoneSent = true;
    return event;
  };

  /** A chunk with the usage and nothing else. */
  const takeUsage = (event: Uint8Array, isBare: boolean): Uint8Array => {
    if (isBare && !client.wantsUsage) return NOTHING;
    if (!mayGoOn()) return event;
    kept.usage = event;
    return NOTHING;
  };

  /** A chunk with a choice, of which the client is sent what is meant for it now. */
  const takeChoice = (
    choice: JsonObject,
    tellsUsage: boolean,
    given: Uint8Array,
    data: EventData,
    event: Buffer,
  ): Uint8Array => {
    const delta = isJsonObject(choice["delta"]) ? choice["delta"] : {};
    const deltas = Array.isArray(delta["tool_calls"]) ? delta["tool_calls"] : [];
    const shared = deltas.length > 0 ? shareCalls(deltas, given) : undefined;
    remember(delta, given.length);
    const changes: Record<string, undefined> = {};
    const repeatsRole = typeof delta["role"] === "string" && !client.isRoleNew();
    // A provider that repeats it within one step, as OpenRouter does, is left as it is.
    if (repeatsRole && !client.isFirstRound()) changes["role"] = undefined;
    if (shared?.length === 0) changes["tool_calls"] = undefined;

    const isChanged = Object.keys(changes).length > 0;
    let chunk = isChanged ? editValue(given, DELTA, (value) => editMembers(value, changes)) : given;
    if (shared && shared.length > 0) chunk = editValue(chunk, [...DELTA, "tool_calls"], () => writeArray(shared));

    const ends = typeof choice["finish_reason"] === "string" && choice["finish_reason"] !== "";
    const keepsFinish = ends && mayGoOn();
    if (ends) finishReason = String(choice["finish_reason"]);
    if (keepsFinish) {
      kept.finish = { chunk: editValue(chunk, DELTA, () => Buffer.from("{}")), data };
      chunk = editValue(chunk, FIRST_CHOICE, (value) => editMembers(value, { finish_reason: null }));
    } else if (ends) {
      isFinishSent = true;
    }
    const sent = chunk === data.bytes ? event : data.replace(chunk);
    if (isFinishSent) return sent;
    const says = Object.entries(delta).some(
      ([name, value]) => !(name in changes) && !isEmpty(value) && !(name === "role" && repeatsRole),
    );
    if (tellsUsage && !keepsFinish && !says) return takeUsage(sent, false);
    return says || !(isChanged || keepsFinish) ? sent : NOTHING;
  };

  const end = (): StepEnd => {
    const items = calls.items();
    const whole = { role: "assistant", content: null, ...message, ...(items.length > 0 && { tool_calls: items }) };
    const read = readToolCalls(whole, newId);
    const isOver = failed || isFinishSent;
    const ours = read.filter(plan.isOurs);
    return {
      complete: finishReason !== undefined || isDone,
      shape: { ours: isOver ? 0 : ours.length, theirs: read.length - ours.length, finishReason },
      ours,
      message: () => messageForProvider(toJson(whole), read),
    };
  };

  return {
    translate(event) {
      const data = readEventData(event);
      if (!data || failed) return event;
      if (data.bytes.equals(DONE)) return takeDone(event);
      const chunk = parseJson(data.bytes);
      if (!isJsonObject(chunk)) return event;
      if (isJsonObject(chunk["error"]) || typeof chunk["error"] === "string") {
        failed = true;
        return event;
      }
      const told = chunk["usage"];
      const tellsUsage = isJsonObject(told);
      if (tellsUsage) usage = told;
      const adjusted = editMembers(data.bytes, client.adjustments(chunk));
      const choice: unknown = Array.isArray(chunk["choices"]) ? chunk["choices"][0] : undefined;
      if (isJsonObject(choice)) return takeChoice(choice, tellsUsage, adjusted, data, event);
      const sent = adjusted === data.bytes ? event : data.replace(adjusted);
      return tellsUsage ? takeUsage(sent, true) : sent;
    },
    isDone: () => isDone,
    usage: () => usage,
    end,
    closingEvents() {
      const words: Uint8Array[] = [];
      const { shape, complete } = end();
      if (kept.finish) {
        const reason = finalReason(shape);
        const { chunk, data } = kept.finish;
        const final = reason
          ? editValue(chunk, FIRST_CHOICE, (value) => editMembers(value, { finish_reason: reason }))
          : chunk;
        words.push(withEmptyLine(data.replace(final)));
      }
      if (kept.usage) words.push(withEmptyLine(kept.usage));
      if (complete && !failed && !isDoneSent) words.push(kept.done ? withEmptyLine(kept.done) : DONE_EVENT);
      return Buffer.concat(words);
    },
  };
}

const tooLong = (): Failure =>
  new Failure("upstream_invalid_response", {
    message: "The upstream server's answer with calls of tools is too long (MCP_MAX_CONVERSATION_BYTES)",
  });

/** An event with the empty line that ends it, which the last one of a stream may lack. */
export function withEmptyLine(event: Uint8Array): Uint8Array {
  return endsEvent(event) ? event : Buffer.concat([event, Buffer.from("\n\n")]);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}
