import { describe, expect, test } from "bun:test";
import { loadProviders } from "../fixtures/load-providers.ts";
import { Failure } from "../../src/core/errors.ts";
import type { BareName } from "../../src/routing/bare-names.ts";
import { resolveTarget } from "../../src/routing/resolve-target.ts";

const environment = { OPENROUTER_API_KEY: "k", MISTRAL_API_KEY: "k", GROQ_API_KEY: "k" };
const providers = new Map(loadProviders(environment, []).providers.map((provider) => [provider.id, provider]));
const [openrouter, groq] = [providers.get("openrouter"), providers.get("groq")];
if (!openrouter || !groq) throw new Error("a provider is missing");

const HELD: BareName = { kind: "held", provider: openrouter };

function resolve(model: string, found: BareName | Promise<BareName>) {
  let asked = 0;
  const findBareName = () => {
    asked += 1;
    return found;
  };
  const target = resolveTarget({ providers, findBareName, findSimilar: () => [] }, undefined, model, "chat");
  return { target, asked };
}

describe("a name that begins with the id of a provider without a key", () => {
  test("is another provider's if that lists it, as it is", async () => {
    expect(resolve("perplexity/sonar", HELD).target).toEqual({ provider: openrouter, model: "perplexity/sonar" });
    expect(await resolve("Perplexity/sonar", Promise.resolve(HELD)).target).toEqual({
      provider: openrouter,
      model: "Perplexity/sonar",
    });
  });

  test("is of nobody if several list it", () => {
    expect(() => resolve("perplexity/sonar", { kind: "ambiguous", providers: [openrouter, groq] }).target).toThrow(
      "openrouter, groq",
    );
  });

  test.each<BareName>([
    { kind: "unknown" },
    // Nobody else is configured, which says nothing of this name.
    { ...HELD, isUnlisted: true },
    { kind: "undecided", missing: [groq], retryAfterSeconds: 1 },
  ])("needs the key if nobody is known to: %j", async (found) => {
    expect(() => resolve("perplexity/sonar", found).target).toThrow("Set PERPLEXITY_API_KEY to use the model");
    const later = resolve("perplexity/sonar", Promise.resolve(found)).target;
    expect(await Promise.resolve(later).catch((error: unknown) => error)).toBeInstanceOf(Failure);
  });
});

test("a name that begins with the id of a provider with a key is that provider's, and no list is asked", () => {
  expect(resolve("mistral/mistral-large", HELD)).toEqual({
    target: { provider: expect.objectContaining({ id: "mistral" }), model: "mistral-large" },
    asked: 0,
  });
});
