import { json, sse } from "../../fixtures/answers.ts";
import type { Step } from "../../fixtures/script.ts";
import { DIALECTS } from "../../../src/formats/dialects.ts";
import type { Stop, Usage } from "../../../src/formats/form/answer.ts";
import type { Block, CallBlock } from "../../../src/formats/form/blocks.ts";
import type { ClientAsk, ClientDialect } from "../../../src/formats/form/dialect.ts";
import { eventsOf } from "../../../src/formats/form/events-of-answer.ts";

/** The wires of providers, each of which clients of every API can be answered over. */
export const WIRES = ["chat", "messages", "responses"] as const;
export type TestWire = (typeof WIRES)[number];

const clients = new Map<TestWire, ClientDialect>();
for (const wire of WIRES) clients.set(wire, await DIALECTS[wire]());

const USAGE: Usage = {
  ...{ input: 10, output: 3, cacheRead: 4, cacheWrite: undefined, cacheWriteHour: undefined, reasoning: undefined },
};

export const text = (said: string): Block => ({ type: "text", text: said });

export const call = (id: string, name: string, input: unknown = {}, more: Partial<CallBlock> = {}): Block => ({
  ...{ type: "call", id, name, kind: "function", ...more },
  input: typeof input === "string" ? input : JSON.stringify(input),
});

/** A thought, sealed as providers of this wire seal them. */
export const thought = (wire: TestWire, said: string): Block => ({
  type: "thinking",
  text: said,
  seal:
    wire === "chat"
      ? undefined
      : { origin: `openai/${wire}`, kind: wire === "messages" ? "signature" : "encrypted", value: `sealed ${said}` },
});

/** What a model says, as a provider of this wire answers it. */
export function says(wire: TestWire, streamed: boolean, blocks: readonly Block[], stop?: Stop["reason"]): Step[] {
  const client = clients.get(wire);
  if (!client) throw new Error(wire);
  let ids = 0;
  const ask: ClientAsk = {
    model: "m",
    newId: () => `up_${ids++}`,
    createdAt: 1,
    request: {
      ...{ model: "m", stream: streamed, turns: [], tools: [], toolChoice: undefined, parallelCalls: undefined },
      limits: { maxOutputTokens: undefined, stop: [], answers: undefined },
      sampling: {
        ...{ temperature: undefined, topP: undefined, topK: undefined, seed: undefined, frequencyPenalty: undefined },
        ...{ presencePenalty: undefined, logitBias: undefined, logprobs: undefined },
      },
      ...{ reasoning: undefined, output: undefined, wantsUsage: true, foreign: [] },
      bookkeeping: {
        ...{ user: undefined, metadata: undefined, serviceTier: undefined },
        ...{ verbosity: undefined, promptCacheKey: undefined, store: undefined },
      },
    },
  };
  const reason = stop ?? (blocks.some(({ type }) => type === "call") ? "tool" : "end");
  const answer = { id: "up", model: "m", blocks, stop: { reason }, usage: USAGE };
  if (!streamed) return json(200, client.writeAnswer(answer, ask));
  const writer = client.writeStream(ask);
  return sse([...[...eventsOf(answer)].map((event) => writer.write(event)).filter(Boolean), writer.end()]);
}
