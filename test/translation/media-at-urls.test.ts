import { describe, expect, test } from "bun:test";
import { CHAT_DIALECT } from "../../src/formats/chat/dialect.ts";
import { DIALECTS } from "../../src/formats/dialects.ts";
import type { MediaBlock } from "../../src/formats/form/blocks.ts";
import { factsOf } from "../../src/formats/form/model-facts.ts";
import { type Wire, WIRES } from "../../src/formats/wires.ts";

const at = (type: MediaBlock["type"]): MediaBlock => ({
  type,
  source: { kind: "url", url: "https://example.com/a" },
  mediaType: undefined,
});

const target = (provider: string) => ({ provider, model: "gemini-2.5-pro", facts: factsOf("gemini-2.5-pro") });

/** What is at a URL: undefined if the wire takes that, or else why not and whether its bytes would do. */
async function refusal(name: Wire, type: MediaBlock["type"], provider: string) {
  const wire = await DIALECTS[name]();
  const base = CHAT_DIALECT.readRequest({ model: "m", messages: [{ role: "user", content: "hi" }] });
  const block = at(type);
  const fetches = wire.needsBytes?.(block, target(provider)) === true;
  try {
    wire.writeRequest({ ...base, turns: [{ role: "user", blocks: [block] }] }, target(provider));
    return fetches ? { message: "taken, and fetched all the same", fetches } : undefined;
  } catch (error) {
    return { message: (error as Error).message, fetches };
  }
}

describe.each(WIRES.map((wire) => [wire] as const))("what is at a URL, over %s,", (wire) => {
  test.each(["image", "document", "audio", "video"] as const)(
    "is fetched if that helps, and only then named: %s",
    async (type) => {
      for (const provider of ["openai", "mistral", "openrouter", "other"]) {
        const { message, fetches } = (await refusal(wire, type, provider)) ?? { message: "", fetches: false };
        expect([provider, message.includes("IMAGE_FETCH=true")]).toEqual([provider, fetches]);
      }
    },
  );
});

test("a document for chat is fetched if no URL is taken", async () => {
  expect(await refusal("chat", "document", "openai")).toMatchObject({ fetches: true });
  expect(await refusal("chat", "document", "mistral")).toBeUndefined();
  expect(await refusal("chat", "image", "openai")).toBeUndefined();
});
