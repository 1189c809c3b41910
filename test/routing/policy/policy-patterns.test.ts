import { describe, expect, test } from "bun:test";
import type { Failure } from "../../../src/core/errors.ts";
import type { Route } from "../../../src/routing/models/routed-model.ts";
import { MAX_MODEL_NAME_LENGTH } from "../../../src/routing/model-name.ts";
import { createModelPolicy } from "../../../src/routing/policy/model-policy.ts";
import { createRoutePolicy } from "../../../src/routing/policy/route-policy.ts";
import { createRoutedModel, type DeploymentSketch } from "../../fixtures/routed-model.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

const openai = createProvider("openai");
const groq = createProvider("groq");
const ollama = { ...createProvider("ollama"), impliedNameParts: [/^library\/(?=[^/]+$)/, /:latest$/] };
const PROVIDERS = [openai, groq, ollama];
const BY_ID = new Map(PROVIDERS.map((provider) => [provider.id, provider]));

type Lists = readonly [allowed: readonly string[], disallowed: readonly string[]];
const allow = (...entries: readonly string[]): Lists => [entries, []];
const deny = (...entries: readonly string[]): Lists => [[], entries];

function passes([allowed, disallowed]: Lists, model: string): boolean {
  const slash = model.indexOf("/");
  const provider = BY_ID.get(model.slice(0, slash)) ?? openai;
  return createModelPolicy(PROVIDERS, allowed, disallowed).refusal(provider, model.slice(slash + 1)) === undefined;
}

/** The labels of what is asked, or the code of the refusal. */
function judge([allowed, disallowed]: Lists, model: string, sketches: readonly DeploymentSketch[], name = model) {
  const policy = createRoutePolicy(createModelPolicy(PROVIDERS, allowed, disallowed));
  const routed = createRoutedModel(model, sketches);
  const star = model.includes("*") ? name.slice(model.indexOf("*")) : "";
  const judged: Route | Failure = policy.judge({ model: routed, star }, name);
  return "code" in judged ? judged.code : judged.model.deployments.map(({ label }) => label).join(" ");
}

const FAST: readonly DeploymentSketch[] = [
  [groq, "qwen"],
  [openai, "gpt-4o"],
];
const STAR: readonly DeploymentSketch[] = [
  [openai, "*"],
  [groq, "*"],
];

describe("an entry with a star", () => {
  test.each<[Lists, string, boolean]>([
    [allow("openai/*"), "openai/gpt-4o", true],
    [allow("openai/*"), "openai/a/b/c", true],
    [allow("openai/*"), "groq/gpt-4o", false],
    [allow("openai/*"), "groq/openai/gpt-4o", false],
    [allow(" OpenAI / GPT-* "), "openai/Gpt-4o", true],
    [allow("openai/gpt-*"), "openai/openai/gpt-4o", true],
    [allow("openai/gpt-*"), "openai/o1", false],
    [allow("o*"), "openai/o1", true],
    // What goes out is `openai/secret`, which may be read as `secret`.
    [allow("o*"), "openai/openai/secret", false],
    [allow("open*"), "openai/secret", false],
    [allow("*-mini"), "groq/gpt-4o-MINI", true],
    [allow("*-mini"), "groq/gpt-4o-mini-x", false],
    [allow("g*4*mini"), "groq/gpt-4o-mini", true],
    [allow("ab*ba"), "groq/aba", false],
    [allow("ab*ba"), "groq/abba", true],
    [allow("*/gpt-4o"), "openai/gpt-4o", true],
    [allow("*/gpt-4o"), "groq/gpt-4o", true],
    [allow("gr*/gpt-4o"), "openai/gpt-4o", false],
    [allow("*"), "groq/anything", true],
    [allow("ollama/llama*"), "ollama/library/llama3:latest", true],
    [allow("library/*"), "ollama/other/secret", false],
    [allow("*:latest"), "ollama/llama:70b", false],
    [allow("gpt-4o"), "openai/gpt-*", false],
    [deny("openai/*"), "openai/gpt-4o", false],
    [deny("openai/*"), "groq/openai/gpt-4o", false],
    [deny("openai/*"), "groq/gpt-4o", true],
    [deny("gpt-*"), "groq/\uff47pt\u200b-4o", false],
    [deny("*/gpt-4o"), "openai/gpt-4o", false],
    [deny("*:latest"), "ollama/llama", false],
    [deny("library/ll*"), "ollama/llama", false],
    [deny("\uff0a-mini"), "groq/gpt-4o-mini", false],
  ])("%j, %s passes: %p", (lists, model, isAllowed) => {
    expect(passes(lists, model)).toBe(isAllowed);
  });

  test("is compared in time that grows with the name, not with its square", () => {
    const policy = createModelPolicy(PROVIDERS, ["a*a*a*a*a*a*a*a*b"], []);
    const longest = "a".repeat(MAX_MODEL_NAME_LENGTH);
    for (let round = 0; round < 2000; round++) expect(policy.refusal(groq, longest)?.code).toBe("model_not_allowed");
  });
});

describe("a name of the gateway's own", () => {
  test.each<[Lists, string]>([
    [allow("fast"), "groq/qwen openai/gpt-4o"],
    [allow("FA ST"), "groq/qwen openai/gpt-4o"],
    [allow("f*"), "groq/qwen openai/gpt-4o"],
    [allow("openai/*"), "openai/gpt-4o"],
    [allow("qwen"), "groq/qwen"],
    [allow("smart"), "model_not_allowed"],
    [allow("openai/fast"), "model_not_allowed"],
    [deny("fast"), "model_disallowed"],
    [deny("*as*"), "model_disallowed"],
    [deny("openai/*"), "groq/qwen"],
    [deny("gpt-4o", "groq/qwen"), "model_disallowed"],
    [deny("smart"), "groq/qwen openai/gpt-4o"],
    [deny(), "groq/qwen openai/gpt-4o"],
  ])("with %j is answered by %s", (lists, asked) => {
    expect(judge(lists, "fast", FAST)).toBe(asked);
  });

  test.each<[Lists, string, string, string]>([
    [allow("openai/*"), "openai/*", "openai/gpt-4o", "openai/* groq/*"],
    // The client chose the name: only the operator's own opens every deployment.
    [allow("openai/gpt-4o"), "openai/*", "openai/gpt-4o", "openai/*"],
    [allow("openai/*"), "*", "openai/gpt-4o", "openai/*"],
    [allow("groq/good"), "*", "groq/good", "groq/*"],
    [allow("good"), "*", "GOOD", "openai/* groq/*"],
    [allow("good"), "*", "bad", "model_not_allowed"],
    [allow("*"), "*", "x".repeat(MAX_MODEL_NAME_LENGTH + 1), "model_not_allowed"],
    [deny("openai/bad"), "openai/*", "openai/bad", "model_disallowed"],
    [deny("openai/bad"), "*", "OpenAI/b\u00adad", "model_disallowed"],
    [deny("ollama/llama"), "*", "ollama/llama:latest", "model_disallowed"],
    [deny("groq/bad"), "*", "bad", "openai/*"],
    [deny("bad"), "*", "b ad", "model_disallowed"],
    [deny("bad"), "*", "x".repeat(MAX_MODEL_NAME_LENGTH + 1), "model_disallowed"],
  ])("that has a star: with %j, %s asked as %s is answered by %s", (lists, model, name, asked) => {
    expect(judge(lists, model, STAR, name)).toBe(asked);
  });

  test("is judged once, so that a narrowed model is the same for every request", () => {
    const policy = createRoutePolicy(createModelPolicy(PROVIDERS, ["openai/*"], []));
    const route = { model: createRoutedModel("fast", FAST), star: "" };
    const [first, second] = [policy.judge(route, "fast"), policy.judge({ ...route }, "fast")];
    expect(first).toBe(second);
    const open = createRoutePolicy(createModelPolicy(PROVIDERS, [], []));
    expect(open.judge(route, "fast")).toBe(route);
  });
});

test("a name is judged the same however often, and however many others were asked for since", () => {
  const [one, other] = [createProvider("one"), createProvider("other")];
  const long = "x".repeat(200);
  const denied = ["one/bad", "one/m7*", "other/good", long];
  const policy = createModelPolicy([one, other], [], denied);
  const allowed = createModelPolicy([one, other], denied, []);
  const names = [...Array.from({ length: 1000 }, (_, index) => `m${index}`), "bad", "BAD", "good", long, `${long}x`];
  const verdicts = () =>
    names.flatMap((name) =>
      [one, other].map((provider) => [policy, allowed].map((each) => `${each.refusal(provider, name)?.code}`)),
    );
  const [DENIED, FINE] = [
    ["model_disallowed", "undefined"],
    ["undefined", "model_not_allowed"],
  ];
  const expected = names.flatMap((name) => [
    /^(?:bad|m7.*|x{200})$/i.test(name) ? DENIED : FINE,
    // A list that denies means a name in front at every provider, as whole.
    name === "good" || name === long ? DENIED : FINE,
  ]);
  expect(verdicts()).toEqual(expected);
  expect(verdicts()).toEqual(expected);
});
