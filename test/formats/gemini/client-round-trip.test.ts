import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Block, Seal } from "../../../src/formats/form/blocks.ts";
import { writeAnswer } from "../../../src/formats/gemini/write-answer.ts";
import { ask, type Chunk, chunksOf, contentOf, replay, SHOWN, tell, written } from "./collect.ts";

const said = fc.string({ minLength: 1, maxLength: 12, unit: "binary" }).map((text) => text.toWellFormed());

const seal: fc.Arbitrary<Seal> = fc.record({
  origin: fc.constantFrom("anthropic/messages", "openai/responses", "x.y/chat"),
  kind: fc.constantFrom("signature", "encrypted"),
  value: said,
});

const block: fc.Arbitrary<Block> = fc.oneof(
  said.map((text): Block => ({ type: "text", text })),
  fc
    .tuple(fc.oneof(said, fc.constant("")), seal)
    .map(([text, sealed]): Block => ({ type: "thinking", text, seal: sealed })),
  fc.tuple(said, fc.option(seal, { nil: undefined })).map(([city, sealed]): Block => ({
    type: "call",
    id: "t1",
    name: "f",
    input: JSON.stringify({ city, id: 1 }),
    kind: "function",
    ...(sealed && { seal: sealed }),
  })),
);

/** An answer in which no two texts follow each other, as these would come back as one; ids are different. */
const blocks = fc
  .array(block, { minLength: 1, maxLength: 6 })
  .map((list) => list.filter((each, at) => each.type !== "text" || list[at - 1]?.type !== "text"))
  .map((list) => list.map((each, at) => (each.type === "call" ? { ...each, id: `t${at}` } : each)));

const wholeOf = (list: readonly Block[], config: Record<string, unknown>): Chunk =>
  writeAnswer({ id: "x", model: "m", blocks: list, stop: { reason: "end" }, usage: undefined }, ask(config));

test.each([["shown", SHOWN] as const, ["hidden", {}] as const])(
  "an answer with its thoughts %s comes back as it was, whole or in the contents of a stream",
  (_, config) => {
    fc.assert(
      fc.property(blocks, fc.integer({ min: 1, max: 20 }), (list, length) => {
        expect(replay([contentOf(wholeOf(list, config))])).toEqual(list);
        const chunks = chunksOf(written(tell(list, length), ask(config)));
        expect(replay(chunks.map(contentOf))).toEqual(list);
        // Or as one content, which clients make of the parts.
        const parts = chunks.flatMap((chunk) => (contentOf(chunk) as { readonly parts: unknown[] }).parts);
        expect(replay([{ role: "model", parts }])).toEqual(list);
      }),
      { numRuns: 300 },
    );
  },
);

test("a thought that is hidden is nowhere in sight", () => {
  const sealed: Seal = { origin: "anthropic/messages", kind: "signature", value: "sig" };
  const list: Block[] = [
    { type: "thinking", text: "secret", seal: sealed },
    { type: "text", text: "Hi" },
  ];
  for (const text of [JSON.stringify(wholeOf(list, {})), written(tell(list, 3))]) {
    expect(text).not.toContain("secret");
    expect(text).not.toContain('"thought":true');
    // Typed clients read it as bytes.
    const [, signature = ""] = /"thoughtSignature":"([^"]*)"/.exec(text) ?? [];
    expect(Buffer.from(signature, "base64").toString("base64")).toBe(signature);
    expect(signature).toMatch(/^[A-Za-z0-9]+=*$/);
  }
});

test("a signature comes back in the other alphabet of base64, and without its padding", () => {
  const sealed: Seal = { origin: "anthropic/messages", kind: "signature", value: "ab??>>~~" };
  const [part] = (contentOf(wholeOf([{ type: "thinking", text: "Hm", seal: sealed }], SHOWN)) as { parts: Chunk[] })
    .parts;
  const bytes = Buffer.from(String(part?.["thoughtSignature"]), "base64");
  for (const thoughtSignature of [bytes.toString("base64url"), bytes.toString("base64")]) {
    expect(replay([{ role: "model", parts: [{ ...part, thoughtSignature }] }])).toEqual([
      { type: "thinking", text: "Hm", seal: sealed },
    ]);
  }
});

test("a signature that is no envelope is one of this API, and of nobody else", () => {
  expect(replay([{ role: "model", parts: [{ functionCall: { name: "f" }, thoughtSignature: "Ep8E" }] }])).toMatchObject(
    [{ seal: { origin: "generate", kind: "signature", value: "Ep8E" } }],
  );
});
