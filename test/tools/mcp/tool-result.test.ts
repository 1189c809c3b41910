import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutText, resultText } from "../../../src/tools/mcp/tool-result.ts";

const text = (content: string) => ({ type: "text", text: content });

test.each([
  ["a failure without words", { isError: true, content: [] }, "Error: the tool failed without saying why"],
  ["a failure that begins as one", { isError: true, content: [text("Error: no")] }, "Error: no"],
  ["a failure with several texts", { isError: true, content: [text("a"), text("b")] }, "Error: a\nb"],
  ["nothing", {}, "The tool returned nothing."],
  ["content that is a text", { content: "x" }, "x"],
  ["content that is one item", { content: text("x") }, "x"],
  ["content that is null", { content: null, structuredContent: null }, "The tool returned nothing."],
  ["content of texts", { content: ["a", 1, null, true] }, "a\n1\ntrue"],
  ["an item without a type", { content: [{ text: "a" }, text("b")] }, "a\nb"],
  ["a type that is null", { content: [{ type: null, text: "a" }] }, "a"],
  ["an image without a type", { content: [{ data: "QUI=", mimeType: "image/png" }] }, "[image/png, 2 bytes]"],
  [
    "a resource without a type",
    { content: [{ resource: { uri: "file:///a", text: "A" } }] },
    "[resource, file:///a]\nA",
  ],
  ["a link without a type", { content: [{ uri: "file:///a", name: "A" }] }, "[link, A, file:///a]"],
  ["an item of anything", { content: [{ city: "Rome" }] }, '{"city":"Rome"}'],
  ["a text that is null", { content: [{ type: "text", text: null }] }, "The tool returned nothing."],
  ["a text that is null, beside one", { content: [{ type: "text", text: null }, text("b")] }, "b"],
  [
    "a text that is null, beside structure",
    { content: [{ type: "text", text: null }], structuredContent: { a: 1 } },
    '{"a":1}',
  ],
  ["a text under another name", { content: [{ type: "text", content: "a", annotations: {} }] }, "a"],
  [
    "texts that are no texts",
    {
      content: [
        { type: "text", text: 5 },
        { type: "text", text: { a: 1 } },
      ],
    },
    '5\n{"a":1}',
  ],
  [
    "an embedded text that is an object",
    { content: [{ type: "resource", resource: { text: { a: 1 } } }] },
    '[resource]\n{"a":1}',
  ],
  ["a result of the first protocol", { toolResult: { a: 1 } }, '{"toolResult":{"a":1}}'],
  ["a failure in another form", { isError: true, content: { text: "no" } }, "Error: no"],
  ["structured content alone", { content: [], structuredContent: { a: [1] } }, '{"a":[1]}'],
  ["structured content with its text", { content: [text("one")], structuredContent: { a: 1 } }, "one"],
  [
    "structured content with an image",
    { content: [{ type: "image", data: "QUI=", mimeType: "image/png" }], structuredContent: 0 },
    "[image, image/png, 2 bytes]\n0",
  ],
  ["audio", { content: [{ type: "audio", data: "QUJD", mimeType: "audio/wav" }] }, "[audio, audio/wav, 3 bytes]"],
  [
    "an embedded text",
    { content: [{ type: "resource", resource: { uri: "file:///a", text: "A" } }] },
    "[resource, file:///a]\nA",
  ],
  [
    "an embedded blob",
    { content: [{ type: "resource", resource: { uri: "file:///a", mimeType: "a/b", blob: "QQ==" } }] },
    "[resource, file:///a, a/b, 1 bytes]",
  ],
  [
    "a link",
    { content: [{ type: "resource_link", uri: "file:///a", name: "A", description: "what" }] },
    "[link, A, file:///a, what]",
  ],
  ["a kind of later versions", { content: [{ type: "hologram", x: 1 }] }, '{"type":"hologram","x":1}'],
] as const)("%s", async (_, result, expected) => {
  expect(await resultText(result)).toBe(expected);
});

test("no base64 reaches the model", async () => {
  const data = Buffer.alloc(10_000, 1).toString("base64");
  expect(await resultText({ content: [{ type: "image", data, mimeType: "image/png" }] })).toBe(
    "[image, image/png, 10000 bytes]",
  );
});

test("a text is cut at the end of a character, and not if it fits", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), fc.nat(80), (whole, limit) => {
      const length = Buffer.byteLength(whole);
      const cut = cutText(whole, limit);
      if (length <= limit) return expect(cut).toBe(whole);
      const [kept = "", written] = /^(.*)\n\[cut: the first (\d+) of \d+ bytes\]$/s.exec(cut)?.slice(1) ?? [];
      expect(whole.startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept)).toBe(Number(written));
      expect(Number(written)).toBeLessThanOrEqual(limit);
      expect(Number(written)).toBeGreaterThan(limit - 4);
      expect(Buffer.from(kept).toString()).toBe(kept);
    }),
  );
});
