import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import type { JsonObject } from "../../../src/core/json/parse.ts";
import type { ModelAnswer } from "../../../src/formats/form/answer.ts";
import type { Block, Seal } from "../../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../../src/formats/form/conversation.ts";
import { CHAT_DIALECT } from "../../../src/formats/chat/dialect.ts";
import { addUp, chunksOf, eventsOf, splitEvents } from "./events.ts";
import { askOf, targetOf } from "./samples.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
const base64 = fc.base64String({ minLength: 4, maxLength: 8 });
const optional = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined });
const count = fc.nat({ max: 1000 });

const seal: fc.Arbitrary<Seal> = fc.record({
  origin: fc.constantFrom("anthropic/messages", "openai/responses", "my.provider/chat"),
  kind: fc.constantFrom("signature", "encrypted"),
  value: text,
});

const said: fc.Arbitrary<Block> = text.map((each) => ({ type: "text", text: each }));
const thought: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("thinking"), text, seal: optional(seal) }),
  fc.record({ type: fc.constant("thinking"), text: fc.constant(""), seal }),
);
const json = fc.dictionary(name, fc.oneof(count, text)).map((value) => JSON.stringify(value));

/** Calls with ids of their own. */
const callsOf = (withSeals: boolean): fc.Arbitrary<readonly Block[]> =>
  fc
    .array(
      fc.record({
        name,
        input: json,
        // Answers of a provider without custom tools have none.
        kind: withSeals ? fc.constant("function" as const) : fc.constantFrom("function" as const, "custom" as const),
        seal: withSeals ? optional(seal) : fc.constant(undefined),
      }),
      { maxLength: 3 },
    )
    .map((calls) =>
      calls.map((call, index) => ({
        type: "call",
        id: `call_${index}`,
        name: call.name,
        input: call.input,
        kind: call.kind,
        ...(call.seal !== undefined && { seal: call.seal }),
      })),
    );

/** What a model says in one turn: at most one text, before its calls; thoughts anywhere but between the calls. */
const blocksOf = fc
  .tuple(fc.array(thought, { maxLength: 2 }), optional(said), fc.array(thought, { maxLength: 2 }), callsOf(true))
  .map(([before, words, between, calls]) => [...before, ...(words === undefined ? [] : [words]), ...between, ...calls]);

const usage = fc.record({
  input: count,
  output: count,
  cacheRead: count,
  cacheWrite: count,
  cacheWriteHour: fc.constant(undefined),
  reasoning: count,
});

const answer: fc.Arbitrary<ModelAnswer> = fc
  .record({ blocks: blocksOf, usage: optional(usage), isCut: fc.boolean() })
  .map(({ blocks, usage: told, isCut }) => ({
    id: "a",
    model: "m",
    blocks,
    stop: { reason: isCut ? "length" : blocks.some(({ type }) => type === "call") ? "tool" : "end" },
    usage: told,
  }));

const ASK = askOf({ stream_options: { include_usage: true } });

const streamOf = (whole: ModelAnswer, size: number): string => {
  const writer = CHAT_DIALECT.writeStream(ASK);
  return (
    eventsOf(whole, size)
      .map((event) => writer.write(event))
      .join("") + writer.end()
  );
};

/** What is the same in an answer however it was sent. Empty lists say nothing, and an empty text is none. */
const choiceOf = (completion: JsonObject): JsonObject => {
  const [choice] = completion["choices"] as [JsonObject & { message: JsonObject }];
  const { annotations: _, content, ...message } = choice.message;
  return { finish_reason: choice["finish_reason"], ...message, content: content === "" ? null : content };
};

/** As clients do that know of thoughts: texts and lists are joined. */
function joinThoughts(chunks: readonly JsonObject[]): JsonObject {
  const deltas = chunks.flatMap(({ choices }) => (choices as { delta: JsonObject }[]).map(({ delta }) => delta));
  const texts = deltas.flatMap((delta) => delta["reasoning_content"] ?? []);
  const details = deltas.flatMap((delta) => delta["reasoning_details"] ?? []);
  return details.length === 0 ? {} : { reasoning_content: texts.join(""), reasoning_details: details };
}

describe("answers", () => {
  test("the official client adds a stream up to what the whole answer says", async () => {
    await fc.assert(
      fc.asyncProperty(answer, fc.integer({ min: 1, max: 5 }), async (whole, size) => {
        const chunks = chunksOf(streamOf(whole, size));
        const lines = chunks.map((chunk) => `${JSON.stringify(chunk)}\n`).join("");
        const added = await ChatCompletionStream.fromReadableStream(
          new Response(lines).body as ReadableStream,
        ).finalChatCompletion();
        const wanted = CHAT_DIALECT.writeAnswer(whole, ASK);
        // The helper adds up known members only.
        const {
          reasoning_content: _,
          reasoning_details: __,
          parsed: ___,
          ...known
        } = choiceOf(JSON.parse(JSON.stringify(added)));
        expect({ ...known, ...joinThoughts(chunks) }).toEqual(choiceOf(wanted));
        expect(added.usage ?? undefined).toEqual(wanted["usage"] as never);
        expect([added.id, added.model, added.created]).toEqual([
          wanted["id"],
          wanted["model"],
          wanted["created"],
        ] as never);
      }),
      propertyRuns(100),
    );
  });

  test("a stream that is read says what the whole answer says that is read", () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: 1, max: 5 }), (whole, size) => {
        const reader = CHAT_DIALECT.readStream(targetOf("some"));
        const events = splitEvents(streamOf(whole, size)).flatMap((event) => reader.read(event));
        const read = addUp([...events, ...reader.end()]);
        const wanted = CHAT_DIALECT.readAnswer(CHAT_DIALECT.writeAnswer(whole, ASK), targetOf("some"));
        // The message itself does not say where thoughts were, only its details do.
        const isThought = ({ type }: Block): boolean => type === "thinking";
        const told = ({ blocks, ...each }: ModelAnswer): unknown => ({
          ...each,
          blocks: [...blocks.filter(isThought), ...blocks.filter((block) => !isThought(block))],
        });
        expect(told(read)).toEqual(told(wanted as ModelAnswer));
      }),
      propertyRuns(100),
    );
  });

  test("a stream that is cut behind any event fails", () => {
    fc.assert(
      fc.property(answer, (whole) => {
        const events = splitEvents(streamOf(whole, 3));
        const finish = events.findIndex(({ data }) => !data.includes('"finish_reason":null'));
        for (let length = 0; length < finish; length += 1) {
          const reader = CHAT_DIALECT.readStream(targetOf("some"));
          const told = [...events.slice(0, length).flatMap((event) => reader.read(event)), ...reader.end()];
          expect(told.filter(({ type }) => type === "fail" || type === "stop").map(({ type }) => type)).toEqual([
            "fail",
          ]);
        }
      }),
      propertyRuns(30),
    );
  });

  test("what a client gives back is what it got", () => {
    fc.assert(
      fc.property(answer, ({ blocks, ...whole }) => {
        const completion = CHAT_DIALECT.writeAnswer({ ...whole, blocks }, ASK);
        const [{ message }] = completion["choices"] as [{ message: JsonObject }];
        const { turns, foreign } = CHAT_DIALECT.readRequest({ model: "m", messages: [message] });
        expect(turns).toEqual([{ role: "assistant", blocks }]);
        expect(foreign).toEqual([]);
      }),
      propertyRuns(100),
    );
  });
});

const image: fc.Arbitrary<Block> = fc.oneof(
  fc.record({
    type: fc.constant("image"),
    source: base64.map((data) => ({ kind: "base64", data }) as const),
    mediaType: fc.constantFrom("image/png", "image/jpeg"),
  }),
  fc.record({
    type: fc.constant("image"),
    source: fc.webUrl().map((url) => ({ kind: "url", url }) as const),
    mediaType: fc.constant(undefined),
    detail: fc.constantFrom("low", "high"),
  }),
);
const file: fc.Arbitrary<Block> = fc.record({
  type: fc.constant("document"),
  source: base64.map((data) => ({ kind: "base64", data }) as const),
  mediaType: fc.constant("application/pdf"),
  name: name.map((own) => `${own}.pdf`),
});
const audio: fc.Arbitrary<Block> = fc.record({
  type: fc.constant("audio"),
  source: base64.map((data) => ({ kind: "base64", data }) as const),
  mediaType: fc.constantFrom("audio/wav", "audio/mp3"),
});

const instructions: fc.Arbitrary<Turn> = fc.record({
  role: fc.constantFrom("system", "developer"),
  blocks: fc.array(
    text.map((each) => ({ type: "text", text: each }) as const),
    { minLength: 1, maxLength: 2 },
  ),
}) as fc.Arbitrary<Turn>;

const declined: fc.Arbitrary<Block> = text.map((each) => ({ type: "text", text: each, isRefusal: true }));

const exchange: fc.Arbitrary<readonly Turn[]> = fc
  .tuple(
    fc.array(fc.oneof(said, image, file, audio), { minLength: 1, maxLength: 3 }),
    optional(fc.oneof({ weight: 4, arbitrary: said }, { weight: 1, arbitrary: declined })),
    callsOf(false),
    fc.array(text, { minLength: 3, maxLength: 3 }),
    optional(instructions),
  )
  .map(([asked, words, calls, results, later]) => [
    { role: "user", blocks: asked },
    ...(words === undefined && calls.length === 0
      ? []
      : [{ role: "assistant", blocks: [...(words === undefined ? [] : [words]), ...calls] } as const]),
    ...(calls.length === 0
      ? []
      : [
          {
            role: "tool",
            blocks: calls.map((call, index): Block => ({
              type: "result",
              callId: call.type === "call" ? call.id : "",
              blocks: [{ type: "text", text: results[index] ?? "" }],
              isError: false,
              kind: call.type === "call" ? call.kind : "function",
            })),
          } as const,
        ]),
    ...(later === undefined ? [] : [later]),
  ]);

const schema = fc.dictionary(name, fc.constant({ type: "string" })).map((properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
}));

const tool: fc.Arbitrary<Tool> = fc.oneof(
  fc.record({
    kind: fc.constant("function"),
    name,
    description: optional(text),
    parameters: optional(schema),
    strict: optional(fc.boolean()),
    cache: fc.constant(undefined),
  }),
  fc.record({
    kind: fc.constant("custom"),
    name,
    description: optional(text),
    format: fc.constantFrom(undefined, { type: "grammar", syntax: "lark", definition: "start: /x/" }),
  }),
) as fc.Arbitrary<Tool>;

const conversation: fc.Arbitrary<Conversation> = fc
  .record({
    leading: fc.array(instructions, { maxLength: 2 }),
    exchanges: fc.array(exchange, { maxLength: 3 }),
    last: text,
    tools: fc.array(tool, { maxLength: 3 }),
    choice: fc.constantFrom("auto", "none", "required", "named", "allowed", undefined),
    limits: fc.record({
      maxOutputTokens: optional(count),
      stop: fc.array(text, { maxLength: 4 }),
      answers: fc.constant(undefined),
    }),
    sampling: fc.record({
      temperature: optional(fc.constantFrom(0, 0.5, 2)),
      topP: optional(fc.constantFrom(0.1, 1)),
      topK: fc.constant(undefined),
      seed: optional(count),
      frequencyPenalty: optional(fc.constantFrom(-1, 0.5)),
      presencePenalty: optional(fc.constantFrom(-1, 0.5)),
      logitBias: optional(fc.constant({ "50256": -100 })),
      logprobs: fc.constant(undefined),
    }),
    effort: optional(fc.constantFrom("none", "minimal", "low", "medium", "high", "xhigh", "max")),
    output: fc.oneof(
      fc.constant(undefined),
      fc.constant({ kind: "json" }),
      fc.record({
        kind: fc.constant("schema"),
        name,
        description: optional(text),
        schema,
        strict: optional(fc.boolean()),
      }),
    ),
    bookkeeping: fc.record({
      user: optional(name),
      metadata: fc.constant(undefined),
      serviceTier: optional(fc.constantFrom("auto", "flex", "priority")),
      verbosity: optional(fc.constantFrom("low", "high")),
      promptCacheKey: optional(name),
      store: fc.constant(undefined),
    }),
    stream: fc.boolean(),
    isSequential: fc.boolean(),
  })
  .map(({ leading, exchanges, last, tools, choice, effort, stream, isSequential, ...others }) => {
    const [first] = tools;
    const toolChoice =
      choice === undefined || first === undefined
        ? undefined
        : choice === "named"
          ? { kind: choice, name: first.name }
          : choice === "allowed"
            ? { kind: choice, mode: "required", names: [first.name] }
            : { kind: choice };
    return {
      model: "m",
      stream,
      turns: [...leading, ...exchanges.flat(), { role: "user", blocks: [{ type: "text", text: last }] }],
      tools,
      toolChoice,
      parallelCalls: first !== undefined && isSequential ? false : undefined,
      reasoning:
        effort === undefined ? undefined : { effort, budget: undefined, isAdaptive: false, isShown: undefined },
      // It is always asked for in streams.
      wantsUsage: stream,
      foreign: [],
      ...others,
    } as Conversation;
  });

/** Marks of what to cache, of which some of a conversation's texts, results and tools get one. */
const cache = fc.constantFrom(undefined, { ttl: undefined }, { ttl: "1h" as const });

/** What OpenRouter takes beyond OpenAI, and the other way round. */
const toOpenRouter = fc
  .record({
    asked: conversation,
    marks: fc.array(cache, { minLength: 8, maxLength: 8 }),
    topK: optional(fc.integer({ min: 1, max: 99 })),
    reasoning: optional(
      fc.oneof(
        fc.record({
          effort: fc.constantFrom("none", "minimal", "low", "medium", "high", "xhigh"),
          budget: fc.constant(undefined),
          isAdaptive: fc.constant(false),
          isShown: optional(fc.boolean()),
        }),
        fc.record({
          effort: fc.constant(undefined),
          budget: fc.integer({ min: 1, max: 9000 }),
          isAdaptive: fc.constant(false),
          isShown: optional(fc.boolean()),
        }),
        fc.constant({ effort: undefined, budget: undefined, isAdaptive: true, isShown: undefined }),
      ),
    ),
  })
  .map(({ asked, marks, topK, reasoning }) => {
    let at = 0;
    const mark = <Marked extends object>(one: Marked): Marked => {
      const given = marks[at++ % marks.length];
      return given === undefined ? one : { ...one, cache: given };
    };
    const functions = asked.tools.flatMap((one) => (one.kind === "function" && one.parameters ? [mark(one)] : []));
    const isFunction = (block: Block): boolean =>
      (block.type !== "call" && block.type !== "result") || block.kind === "function";
    const turns = asked.turns
      .filter(({ role }) => role !== "system" && role !== "developer")
      .map(({ role, blocks }) => ({
        role,
        blocks: blocks.filter(isFunction).map((block) => {
          if (block.type === "call" || block.type === "thinking" || block.type === "audio") return block;
          const { isRefusal: _, ...plain } = block as Extract<Block, { type: "text" }>;
          return mark(plain as Block & object);
        }),
      }))
      .filter(({ blocks }) => blocks.length > 0);
    return {
      ...asked,
      turns: [{ role: "system", blocks: [mark({ type: "text", text: "S" })] }, ...turns],
      tools: functions,
      toolChoice: functions.length > 0 ? { kind: "auto" } : undefined,
      parallelCalls: functions.length > 0 ? asked.parallelCalls : undefined,
      reasoning,
      sampling: { ...asked.sampling, topK },
    } as Conversation;
  });

describe("requests", () => {
  test("written to OpenRouter and read again are what they were", () => {
    fc.assert(
      fc.property(toOpenRouter, (asked) => {
        const { body, notes } = CHAT_DIALECT.writeRequest(asked, targetOf("openrouter", "m"));
        expect(CHAT_DIALECT.readRequest(JSON.parse(JSON.stringify(body)) as JsonObject)).toEqual(asked);
        expect(notes).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("written to OpenAI and read again are what they were", () => {
    fc.assert(
      fc.property(conversation, (asked) => {
        const { body, notes } = CHAT_DIALECT.writeRequest(asked, targetOf("openai", "m"));
        expect(CHAT_DIALECT.readRequest(JSON.parse(JSON.stringify(body)) as JsonObject)).toEqual(asked);
        expect(notes).toEqual([]);
      }),
      propertyRuns(200),
    );
  });
});
