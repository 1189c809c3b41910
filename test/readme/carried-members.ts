import { DIALECTS } from "../../src/formats/dialects.ts";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import type { Block, MediaBlock, ResultBlock } from "../../src/formats/form/blocks.ts";
import type { Conversation, Tool, Turn } from "../../src/formats/form/conversation.ts";
import { CannotTranslate, type WireDialect } from "../../src/formats/form/dialect.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { WIRES, type Wire } from "../../src/formats/wires.ts";
import { markdownTable } from "./markdown-table.ts";

interface Column {
  readonly title: string;
  readonly provider: string;
  /** One that takes what thinking ones refuse, and one that thinks. */
  readonly models: readonly [usual: string, thinking: string];
}

const SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0";

/** Whom each wire is asked of: whoever invented it, for a model that takes much. */
const COLUMNS: Readonly<Record<Wire, Column>> = {
  messages: { title: "Messages", provider: "anthropic", models: ["claude-sonnet-4-5", "claude-sonnet-4-5"] },
  responses: { title: "Responses", provider: "openai", models: ["gpt-4.1", "gpt-5.6"] },
  converse: { title: "Converse", provider: "bedrock", models: [SONNET, SONNET] },
  cohere: {
    title: "Cohere's chat",
    provider: "cohere",
    models: ["command-a-03-2025", "command-a-reasoning-08-2025"],
  },
  generate: { title: "Gemini API", provider: "google", models: ["gemini-2.5-pro", "gemini-3-pro"] },
  chat: { title: "Chat Completions", provider: "openai", models: ["gpt-4.1", "gpt-5.6"] },
};

const user = (...blocks: Block[]): Turn => ({ role: "user", blocks });
const said = (text: string): { readonly type: "text"; readonly text: string } => ({ type: "text", text });

function media(type: MediaBlock["type"], source: MediaBlock["source"], mediaType?: string): MediaBlock {
  return { type, source, mediaType, ...(type === "document" && { name: "report.pdf" }) };
}
const bytes = (type: MediaBlock["type"], mediaType: string, data: string): MediaBlock =>
  media(type, { kind: "base64", data }, mediaType);
const at = (type: MediaBlock["type"], url: string): MediaBlock => media(type, { kind: "url", url });

const PNG = bytes("image", "image/png", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk");
const PDF = bytes("document", "application/pdf", "JVBERi0xLjQK");

const LOOK: Tool = {
  ...{ kind: "function", name: "look", description: "Looks", cache: undefined, strict: undefined },
  parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"], additionalProperties: false },
};
const LISTEN: Tool = { ...LOOK, name: "listen" };
const called = (kind: "function" | "custom" = "function"): Turn => ({
  role: "assistant",
  blocks: [{ type: "call", id: "call_1", name: "look", input: '{"at":"x"}', kind }],
});
const answered = (blocks: ResultBlock["blocks"], isError = false): Turn => ({
  role: "tool",
  blocks: [{ type: "result", callId: "call_1", kind: "function", blocks, isError }],
});
const talk = (...turns: Turn[]): Partial<Conversation> => ({ turns: [user(said("hi")), ...turns], tools: [LOOK] });

type Change = (base: Conversation) => Partial<Conversation>;

const sampling =
  (changed: Partial<Conversation["sampling"]>): Change =>
  (base) => ({ sampling: { ...base.sampling, ...changed } });
const limits =
  (changed: Partial<Conversation["limits"]>): Change =>
  (base) => ({ limits: { ...base.limits, ...changed } });
const noted =
  (changed: Partial<Conversation["bookkeeping"]>): Change =>
  (base) => ({ bookkeeping: { ...base.bookkeeping, ...changed } });
const asked =
  (...blocks: Block[]): Change =>
  () => ({ turns: [user(said("look"), ...blocks)] });
const thinking =
  (changed: Partial<NonNullable<Conversation["reasoning"]>>): Change =>
  () => ({ reasoning: { effort: undefined, budget: undefined, isAdaptive: false, isShown: true, ...changed } });

const SCHEMA = { type: "object", properties: {}, required: [], additionalProperties: false };

/** What a client may say, and a request that says it. */
const MEMBERS: Readonly<Record<string, Change>> = {
  "system turn at the beginning": () => ({ turns: [{ role: "system", blocks: [said("be brief")] }, user(said("hi"))] }),
  "developer turn at the beginning": () => ({
    turns: [{ role: "developer", blocks: [said("be brief")] }, user(said("hi"))],
  }),
  "system turn later": () => ({ turns: [user(said("hi")), { role: "system", blocks: [said("be brief")] }] }),
  "answer that the request begins": () => ({
    turns: [user(said("hi")), { role: "assistant", blocks: [said("Well,")] }],
  }),
  "what the model declined": () => ({
    turns: [user(said("hi")), { role: "assistant", blocks: [{ ...said("No."), isRefusal: true }] }, user(said("why"))],
  }),
  "image, bytes": asked(PNG),
  "image, how closely it is looked at": asked({ ...PNG, detail: "low" }),
  "image, URL": asked(at("image", "https://example.com/cat.png")),
  "PDF, bytes": asked(PDF),
  "PDF, URL": asked(at("document", "https://example.com/report.pdf")),
  "document, text": asked(media("document", { kind: "text", text: "a report" }, "text/plain")),
  "file in a provider's store": asked(media("document", { kind: "file", id: "file_1" })),
  audio: asked(bytes("audio", "audio/wav", "UklGRiQAAABXQVZF")),
  video: asked(bytes("video", "video/mp4", "AAAAIGZ0eXA=")),
  tools: () => ({ tools: [LOOK] }),
  "tools with long names": () => ({ tools: [{ ...LOOK, name: `mcp__${"look".repeat(20)}` }] }),
  "tools, strict": () => ({ tools: [{ ...LOOK, strict: true }] }),
  "tools that take free text": () => ({
    tools: [{ kind: "custom", name: "look", description: "Looks", format: undefined }],
  }),
  "tool choice: one must be called": () => ({ tools: [LOOK], toolChoice: { kind: "required" } }),
  "tool choice: none": () => ({ tools: [LOOK], toolChoice: { kind: "none" } }),
  "tool choice: this one": () => ({ tools: [LOOK], toolChoice: { kind: "named", name: "look" } }),
  "tool choice: one of some must be called": () => ({
    tools: [LOOK, LISTEN],
    toolChoice: { kind: "allowed", mode: "required", names: ["look"] },
  }),
  "tool choice: some of them": () => ({
    tools: [LOOK, LISTEN],
    toolChoice: { kind: "allowed", mode: "auto", names: ["look"] },
  }),
  "one call at a time": () => ({ tools: [LOOK], parallelCalls: false }),
  "result of a tool": () => talk(called(), answered([said("seen")])),
  "result of a tool, with an image": () => talk(called(), answered([said("seen"), PNG])),
  "result of a tool, with a PDF": () => talk(called(), answered([said("seen"), PDF])),
  "result of a tool, of no call": () => talk(answered([said("seen")])),
  "result of a tool, after a word of the user": () => talk(called(), user(said("wait")), answered([said("seen")])),
  "result of a tool that takes free text": () => ({
    ...talk(called("custom"), answered([said("seen")])),
    tools: [{ kind: "custom", name: "look", description: "Looks", format: undefined }],
  }),
  "result of a tool that failed": () => talk(called(), answered([said("no")], true)),
  "reasoning effort": thinking({ effort: "high" }),
  "thinking budget": thinking({ budget: 4096 }),
  "as much thinking as the model likes": thinking({ isAdaptive: true }),
  "no thinking": thinking({ effort: "none" }),
  "JSON schema of the answer": () => ({
    output: { kind: "schema", name: "answer", description: undefined, schema: SCHEMA, strict: true },
  }),
  "JSON schema with limits of values": () => ({
    output: {
      ...{ kind: "schema", name: "answer", description: undefined, strict: true },
      schema: { ...SCHEMA, properties: { a: { type: "integer", minimum: 1 } }, required: ["a"] },
    },
  }),
  "JSON without a schema": () => ({ output: { kind: "json" } }),
  "longest output": limits({ maxOutputTokens: 2000 }),
  "stop texts": limits({ stop: ["END"] }),
  "several answers": limits({ answers: 2 }),
  temperature: sampling({ temperature: 0.5 }),
  "temperature over 1": sampling({ temperature: 1.5 }),
  "top p": sampling({ topP: 0.5 }),
  "top k": sampling({ topK: 5 }),
  seed: sampling({ seed: 7 }),
  "frequency and presence penalty": sampling({ frequencyPenalty: 0.5, presencePenalty: 0.5 }),
  "logit bias": sampling({ logitBias: { "50256": -100 } }),
  "log probabilities": sampling({ logprobs: 2 }),
  "end user": noted({ user: "user-1" }),
  metadata: noted({ metadata: { ticket: "7" } }),
  "service tier": noted({ serviceTier: "flex" }),
  verbosity: noted({ verbosity: "low" }),
  "prompt cache key": noted({ promptCacheKey: "a" }),
  "not to be kept": noted({ store: false }),
  "prompt cache mark": () => ({ turns: [user({ ...said("hi"), cache: { ttl: undefined } })] }),
  "prompt cache mark, for an hour": () => ({ turns: [user({ ...said("hi"), cache: { ttl: "1h" } })] }),
};

/** What becomes of something on a wire. */
export type Fate = "yes" | "nearly" | "left out" | "fetched" | "refused" | "automatic" | "LOST";

/** What is left out without a word, because it happens there anyway, with the models that the table is for. */
const AUTOMATIC: ReadonlySet<string> = new Set([
  ...["prompt cache mark", "prompt cache mark, for an hour", "not to be kept", "as much thinking as the model likes"],
]);

/** What only models that think are asked for, and newer ones at that. */
const OF_THINKING: ReadonlySet<string> = new Set([
  ...["reasoning effort", "thinking budget", "as much thinking as the model likes", "no thinking"],
  ...["prompt cache mark", "prompt cache mark, for an hour"],
]);

/** Asks the writer of the wire itself. `LOST` is what may not be: it is not in the request, and nobody is told. */
function fateOf(wire: WireDialect, { provider, models }: Column, member: string, change: Change): Fate {
  const model = models[OF_THINKING.has(member) ? 1 : 0];
  const base = CHAT_DIALECT.readRequest({ model: "m", messages: [{ role: "user", content: "hi" }] });
  const target = { provider, model, facts: factsOf(model) };
  const changed = { ...base, ...change(base) };
  try {
    const plain = wire.writeRequest(base, target);
    const { body, notes } = wire.writeRequest(changed, target);
    if (notes.some(({ kind }) => kind === "dropped")) return "left out";
    if (notes.some(({ kind }) => kind === "adjusted")) return "nearly";
    if (!Bun.deepEquals(body, plain.body)) return "yes";
    return AUTOMATIC.has(member) ? "automatic" : "LOST";
  } catch (error) {
    if (!(error instanceof CannotTranslate)) throw error;
    const isFetched = changed.turns.some(({ blocks }) =>
      blocks.some((block) => "source" in block && wire.needsBytes?.(block, target) === true),
    );
    return isFetched ? "fetched" : "refused";
  }
}

/** By what a client may say: what becomes of it on each wire, in the order of {@link WIRES}. */
export async function carriedMembers(): Promise<ReadonlyMap<string, readonly Fate[]>> {
  const wires = await Promise.all(WIRES.map(async (name) => [await DIALECTS[name](), COLUMNS[name]] as const));
  return new Map(
    Object.entries(MEMBERS).map(([member, change]) => [
      member,
      wires.map(([wire, column]) => fateOf(wire, column, member, change)),
    ]),
  );
}

/** The same as a table. */
export async function carriedTable(): Promise<string> {
  const rows = [...(await carriedMembers())].map(([member, fates]) => [member, ...fates]);
  return markdownTable([["Said by the client", ...WIRES.map((name) => COLUMNS[name].title)], ...rows]);
}
