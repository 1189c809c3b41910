import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { AnswerEvent } from "../../../src/formats/form/answer-events.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { Block, CallBlock, MediaBlock, Seal, TextBlock } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, ToolChoice, Turn } from "../../../src/formats/form/conversation.ts";
import { RESPONSES_DIALECT } from "../../../src/formats/responses/dialect.ts";
import { accumulateOfficially, addUp, readAll, streamOf, writeAll } from "./accumulate.ts";
import { ask, target } from "./samples.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const RUNS = propertyRuns(100);
/** A model that takes sampling and thinks as much as it is told. */
const TARGET = target("some-model");

const text = fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" });
const name = fc.stringMatching(/^[a-z][\w-]{0,7}$/);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const base64 = fc.uint8Array({ minLength: 3, maxLength: 9 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const json = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean()), { maxKeys: 3 });

const plain: fc.Arbitrary<TextBlock> = text.map((value) => ({ type: "text", text: value }));
const annotation = fc.record({ url: fc.webUrl(), title: text, start: fc.nat(9), end: fc.nat(9) });
const spoken: fc.Arbitrary<TextBlock> = fc.oneof(
  plain,
  text.map((value): TextBlock => ({ type: "text", text: value, isRefusal: true })),
  fc
    .tuple(text, fc.array(annotation, { minLength: 1, maxLength: 2 }))
    .map(([value, annotations]): TextBlock => ({ type: "text", text: value, annotations })),
);
const media: fc.Arbitrary<MediaBlock> = fc.oneof(
  fc.tuple(base64, fc.constantFrom("auto", "low")).map(([data, detail]): MediaBlock => ({
    type: "image",
    source: { kind: "base64", data },
    mediaType: "image/png",
    detail,
  })),
  fc
    .webUrl()
    .map((url): MediaBlock => ({ type: "image", source: { kind: "url", url }, mediaType: undefined, detail: "high" })),
  fc.tuple(base64, name).map(([data, file]): MediaBlock => ({
    type: "document",
    source: { kind: "base64", data },
    mediaType: "application/pdf",
    name: `${file}.pdf`,
  })),
  fc.webUrl().map((url): MediaBlock => ({ type: "document", source: { kind: "url", url }, mediaType: undefined })),
);
const seal: fc.Arbitrary<Seal> = fc.record({
  origin: fc.constant("/responses"),
  kind: fc.constant("encrypted" as const),
  value: name,
  id: name,
});
const thinking: fc.Arbitrary<Block> = fc.record({
  type: fc.constant("thinking" as const),
  text: fc.oneof(fc.constant(""), text),
  seal,
});

/** Calls of declared and of forgotten tools. */
const callOf = (tools: readonly Tool[]): fc.Arbitrary<CallBlock> =>
  fc.tuple(fc.constantFrom(...tools, undefined), name, name, json).map(([tool, id, other, input]): CallBlock => {
    const kind = tool?.kind ?? "function";
    const value = kind === "custom" ? `free ${JSON.stringify(input)}` : JSON.stringify(input);
    return { type: "call", id: `call_${id}`, name: tool?.name ?? `forgotten-${other}`, input: value, kind };
  });

const exchange = (tools: readonly Tool[]): fc.Arbitrary<Turn[]> =>
  fc
    .record({
      user: fc.array(fc.oneof(plain, media), { minLength: 1, maxLength: 3 }),
      thoughts: fc.array(thinking, { maxLength: 1 }),
      said: fc.array(spoken, { maxLength: 2 }),
      calls: fc.array(callOf(tools), { minLength: 1, maxLength: 2 }),
      results: fc.array(fc.oneof(plain, media), { maxLength: 2 }),
      reminder: fc.array(plain, { maxLength: 2 }),
    })
    .map(({ user, thoughts, said, calls, results, reminder }): Turn[] => [
      ...(reminder.length === 0 ? [] : [{ role: "developer" as const, blocks: reminder }]),
      { role: "user", blocks: user },
      { role: "assistant", blocks: [...thoughts, ...said, ...calls] },
      {
        role: "tool",
        blocks: calls.map(({ id, kind }) => ({ type: "result", callId: id, blocks: results, isError: false, kind })),
      },
    ]);

const tool: fc.Arbitrary<Tool> = fc.oneof(
  fc.record({
    kind: fc.constant("function" as const),
    name,
    description: maybe(text),
    parameters: fc.constant({
      type: "object",
      properties: { a: { type: "string" } },
      required: ["a"],
      additionalProperties: false,
    }),
    strict: fc.boolean(),
    cache: fc.constant(undefined),
  }),
  fc.record({ kind: fc.constant("custom" as const), name, description: maybe(text), format: maybe(json) }),
  fc.tuple(name, name).map(([space, own]): Tool => ({
    kind: "function",
    name: `${space}-space__${own}`,
    description: undefined,
    parameters: {},
    strict: false,
    cache: undefined,
    native: { kind: "namespace", name: `${space}-space`, description: space },
  })),
);
const tools = fc.uniqueArray(tool, {
  maxLength: 4,
  // Two of one namespace would be written beside each other.
  selector: ({ name: own, native }) => (native?.kind === "namespace" ? native.name : own),
});

const choiceOf = (all: readonly Tool[]): fc.Arbitrary<ToolChoice | undefined> => {
  const modes = maybe(fc.constantFrom("auto", "none", "required")).map((kind) => kind && { kind });
  if (all.length === 0) return fc.constant(undefined);
  const names = all.map((one) => one.name);
  return fc.oneof(
    modes,
    fc.constantFrom(...names).map((one): ToolChoice => ({ kind: "named", name: one })),
    fc
      .uniqueArray(fc.constantFrom(...names), { minLength: 1 })
      .map((some): ToolChoice => ({ kind: "allowed", mode: "required", names: some })),
  );
};

const conversation: fc.Arbitrary<Conversation> = tools.chain((all) =>
  fc.record({
    model: fc.constant(TARGET.model),
    stream: fc.boolean(),
    turns: fc
      .tuple(fc.array(plain, { maxLength: 1 }), fc.array(exchange(all), { minLength: 1, maxLength: 3 }))
      .map(([system, exchanges]): Turn[] => [
        ...(system.length === 0 ? [] : [{ role: "system" as const, blocks: system }]),
        ...exchanges.flat(),
      ]),
    tools: fc.constant(all),
    toolChoice: choiceOf(all),
    parallelCalls: all.length === 0 ? fc.constant(undefined) : maybe(fc.boolean()),
    limits: fc.record({
      maxOutputTokens: maybe(fc.integer({ min: 16, max: 9999 })),
      stop: fc.constant([]),
      answers: fc.constant(undefined),
    }),
    sampling: fc.record({
      temperature: maybe(fc.double({ min: 0, max: 2, noNaN: true })),
      topP: maybe(fc.constantFrom(0.1, 0.9)),
      topK: fc.constant(undefined),
      seed: fc.constant(undefined),
      frequencyPenalty: fc.constant(undefined),
      presencePenalty: fc.constant(undefined),
      logitBias: fc.constant(undefined),
      logprobs: fc.constant(undefined),
    }),
    reasoning: maybe(
      fc.record({
        effort: fc.constantFrom("none" as const, "low" as const, "xhigh" as const),
        budget: fc.constant(undefined),
        isAdaptive: fc.constant(false),
        isShown: fc.constantFrom(true, undefined),
      }),
    ),
    output: maybe(
      fc.oneof(
        fc.constant({ kind: "json" as const }),
        fc.record({
          kind: fc.constant("schema" as const),
          name,
          description: maybe(text),
          schema: json as fc.Arbitrary<JsonObject>,
          strict: fc.boolean(),
        }),
      ),
    ),
    bookkeeping: fc.record({
      user: maybe(name),
      metadata: maybe(fc.dictionary(name, text, { maxKeys: 2 })),
      serviceTier: maybe(fc.constantFrom("auto", "flex")),
      verbosity: maybe(fc.constantFrom("low", "high")),
      promptCacheKey: maybe(name),
      store: fc.boolean(),
    }),
    wantsUsage: fc.constant(true),
    foreign: fc.constant([]),
  }),
);

describe("a request", () => {
  test("is what it was after a way through the API", () => {
    fc.assert(
      fc.property(conversation, (given) => {
        const { body, notes } = RESPONSES_DIALECT.writeRequest(given, TARGET);
        expect(notes).toEqual([]);
        const again = RESPONSES_DIALECT.readRequest(JSON.parse(JSON.stringify(body)));
        // Namespaces have descriptions that only this API has.
        const foreign = again.foreign.filter(({ path }) => !path.endsWith(".description"));
        expect<Conversation>({ ...again, foreign }).toEqual(given);
      }),
      RUNS,
    );
  });
});

const answer: fc.Arbitrary<ModelAnswer> = fc
  .record({
    blocks: fc.array(
      fc.oneof(
        spoken,
        thinking,
        callOf([{ kind: "custom", name: "patch", description: undefined, format: undefined }]),
      ),
      { maxLength: 5 },
    ),
    isCut: fc.boolean(),
    usage: maybe(
      fc.record({
        input: fc.nat(999),
        output: fc.nat(999),
        cacheRead: fc.nat(9),
        cacheWrite: fc.nat(9),
        cacheWriteHour: fc.constant(undefined),
        reasoning: fc.nat(9),
      }),
    ),
  })
  .map(({ blocks, isCut, usage }): ModelAnswer => {
    const isCall = blocks.some(({ type }) => type === "call");
    const isRefusal = blocks.some((block) => block.type === "text" && block.isRefusal);
    const reason = isCut ? "length" : isCall ? "tool" : isRefusal ? "refusal" : "end";
    return { id: undefined, model: undefined, blocks: uniqueIds(blocks), stop: { reason }, usage };
  });

/** The official client wants each id of a call once. */
const uniqueIds = (blocks: readonly Block[]): Block[] =>
  blocks.map((block, index) => (block.type === "call" ? { ...block, id: `${block.id}_${index}` } : block));

/** What does not come back: ids of items, and who made a seal, which the provider's own values do not say. */
const withoutIds = ({ blocks, stop, usage }: ModelAnswer): unknown => ({
  blocks: blocks.map((block) =>
    block.type === "thinking" && block.seal
      ? { ...block, seal: { kind: block.seal.kind, value: block.seal.value } }
      : block,
  ),
  stop,
  usage,
});

const CUSTOM = { tools: [{ type: "custom", name: "patch" }] };

describe("an answer", () => {
  test("is what it was after a way through the API, whole and streamed", () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: 1, max: 20 }), (given, pieceLength) => {
        const whole = RESPONSES_DIALECT.writeAnswer(given, ask(CUSTOM));
        const read = RESPONSES_DIALECT.readAnswer(JSON.parse(JSON.stringify(whole)), TARGET);
        if ("error" in read) throw new Error(read.error.message);
        expect(withoutIds(read)).toEqual(withoutIds(given));

        const stream = writeAll(streamOf(given, pieceLength), ask(CUSTOM));
        expect(accumulateOfficially(stream)).toEqual(whole);
        const datas = stream.map(({ data }) => JSON.stringify(data));
        expect(addUp(readAll(RESPONSES_DIALECT.readStream(TARGET), datas))).toEqual(read);
      }),
      RUNS,
    );
  });

  test("is the same when its blocks overlap", () => {
    fc.assert(
      fc.property(answer, fc.infiniteStream(fc.nat(99)), (given, numbers) => {
        const events = overlap(streamOf(given, 3), () => numbers.next().value ?? 0);
        const stream = writeAll(events, ask(CUSTOM));
        expect(accumulateOfficially(stream)).toEqual(stream.at(-1)?.data["response"] as JsonObject);
        const datas = stream.map(({ data }) => JSON.stringify(data));
        const read = addUp(readAll(RESPONSES_DIALECT.readStream(TARGET), datas));
        expect(sorted(read)).toEqual(sorted(given));
      }),
      RUNS,
    );
  });
});

/** Blocks are numbered by when their first piece comes, which those that overlap may do in any order. */
const sorted = (of: ModelAnswer): string[] => {
  const { blocks } = withoutIds(of) as { blocks: object[] };
  return blocks
    .map((block) => JSON.stringify(Object.entries(block).toSorted(([one], [other]) => (one < other ? -1 : 1))))
    .toSorted();
};

/** The same events, those of each block in their order and the blocks opened in theirs, but in any other order. */
function overlap(events: readonly AnswerEvent[], pick: () => number): AnswerEvent[] {
  const queues = new Map<number, AnswerEvent[]>();
  for (const event of events) {
    if ("block" in event) queues.set(event.block, [...(queues.get(event.block) ?? []), event]);
  }
  const order = [...queues.values()];
  const mixed: AnswerEvent[] = [];
  let opened = 0;
  while (order.some((queue) => queue.length > 0)) {
    const ready = order.slice(0, opened + 1).filter((queue) => queue.length > 0);
    const event = ready[pick() % ready.length]?.shift();
    if (event?.type === "open") opened += 1;
    if (event) mixed.push(event);
  }
  const rest = events.filter((event) => !("block" in event) && event.type !== "start");
  return [{ type: "start", id: undefined, model: undefined }, ...mixed, ...rest];
}
