import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import type { RequestContext } from "../../src/core/request-context.ts";
import type { ModelExtras } from "../../src/providers/model-extras.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { createDetailFinder } from "../../src/routing/details/find-details.ts";
import { createModelLists, type ModelLists } from "../../src/routing/model-lists/model-lists.ts";
import { createModelPolicy } from "../../src/routing/policy/model-policy.ts";
import { createOwnModels } from "../../src/routing/own-models.ts";
import { createRoutePolicy } from "../../src/routing/policy/route-policy.ts";
import { listGoogleModels, showGoogleModel } from "../../src/server/handlers/google-models.ts";
import { listModels, type ModelRouteParts, showModel } from "../../src/server/handlers/models.ts";
import type { RouteHandler } from "../../src/server/serve-route.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { createRoutedModel } from "../fixtures/routed-model.ts";
import { createProvider } from "../upstream/open-upstream.ts";

const CONTEXT = { id: "exchange-1", sent(_: number) {}, selected(_: string) {} } as RequestContext;

const chat = { url: "http://upstream.example/v1/chat/completions", defaults: {}, fixed: {} };
const withChat = (id: string): Provider => {
  const provider = createProvider(id);
  return { ...provider, apis: { ...provider.apis, chat } };
};
const left = withChat("left");
const openai = withChat("openai");
const dead = withChat("dead");

const LISTED: Readonly<Record<string, Readonly<Record<string, ModelExtras>>>> = {
  left: { qwen: { context_window: 32_000, modalities: { input: ["text"], output: ["text"] } }, fast: {} },
  openai: {
    "gpt-4o": {
      context_window: 128_000,
      modalities: { input: ["text", "image"], output: ["text"] },
      pricing: { currency: "USD", input_per_token: "1" },
    },
  },
};

const MODELS = [
  createRoutedModel("fast", [
    [left, "qwen"],
    [openai, "gpt-4o"],
  ]),
  createRoutedModel("team/down", [[dead, "m"]]),
  createRoutedModel("hidden", [[openai, "gpt-4o"]]),
];

function readLists(providers: readonly Provider[]): ModelLists {
  return createModelLists({
    providers,
    isAllowed: () => true,
    async fetchModels({ id }) {
      const listed = LISTED[id];
      if (!listed) throw new Failure("upstream_unreachable");
      return Object.entries(listed).map(([model, extras]) => ({ id: model, created: 1, ownedBy: undefined, extras }));
    },
    ttlMs: 60_000,
    timeoutMs: 5000,
    clock: () => 0,
    timers: { now: () => 0, setTimer: () => undefined, clearTimer() {} },
    onRead() {},
    onFailure() {},
    onRecovered() {},
    onGivenUp() {},
  });
}

async function setUp(allowed: readonly string[] = [], disallowed: readonly string[] = []): Promise<ModelRouteParts> {
  const list = [left, openai, dead];
  const catalogue = readLists(list);
  await catalogue.all();
  const policy = createModelPolicy(list, allowed, disallowed);
  const own = createOwnModels(MODELS, createRoutePolicy(policy));
  const providers = new Map(list.map((provider) => [provider.id, provider]));
  const details = createDetailFinder({
    lists: catalogue.lists,
    openCall: () => {
      throw new Error("none of them runs a server that could be asked");
    },
    timers: { now: () => 0, setTimer: () => undefined, clearTimer() {} },
    clock: () => 0,
    loadFacts: async () => ({ has: () => false, find: () => undefined }),
  });
  return { providers, catalogue, policy, details, own, estimatesTokens: true };
}

/** The members of the answers that the tests look at. */
interface Answer {
  readonly data: readonly { readonly id: string; readonly [member: string]: unknown }[];
  readonly has_more: boolean;
  readonly models: readonly { readonly name: string; readonly [member: string]: unknown }[];
  readonly nextPageToken: string;
  readonly [member: string]: unknown;
}

async function get(
  handler: RouteHandler,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const response = await handler(CONTEXT, new Request(`http://gateway${path}`, { headers }));
  return (await response.json()) as Answer;
}

const ANTHROPIC = { "anthropic-version": "2023-06-01" };
const idsOf = ({ data }: Answer): string[] => data.map(({ id }) => id);

describe("the gateway's own names", () => {
  test("come first, whether their providers answer or not, and not in the list of one provider", async () => {
    const list = listModels(await setUp());
    const all = await get(list, "/v1/models");
    expect(idsOf(all)).toEqual(["fast", "team/down", "hidden", "left/qwen", "left/fast", "openai/gpt-4o"]);
    expect(all.data[0]).toEqual({
      id: "fast",
      object: "model",
      created: 0,
      owned_by: "inference-gateway",
      served_by: "inference-gateway",
    });
    expect(idsOf(await get(list, "/v1/models?provider=left"))).toEqual(["left/qwen", "left/fast"]);
  });

  test("come first for Anthropic's clients, in their pages", async () => {
    const list = listModels(await setUp());
    const page = await get(list, "/v1/models?limit=4", ANTHROPIC);
    expect([idsOf(page), page.has_more]).toEqual([["fast", "team/down", "hidden", "left/qwen"], true]);
    expect(page.data[0]).toEqual({
      type: "model",
      id: "fast",
      display_name: "fast",
      created_at: "1970-01-01T00:00:00Z",
    });
    expect(idsOf(await get(list, "/v1/models?limit=1&after_id=fast", ANTHROPIC))).toEqual(["team/down"]);
    expect(idsOf(await get(list, "/v1/models?provider=left", ANTHROPIC))).toEqual(["left/qwen", "left/fast"]);
  });

  test("come first for Google's clients, in their pages", async () => {
    const list = listGoogleModels(await setUp());
    const page = await get(list, "/v1beta/models?pageSize=2");
    expect(page.models).toEqual([
      {
        name: "models/fast",
        version: "fast",
        displayName: "fast",
        inputTokenLimit: 32_000,
        supportedGenerationMethods: ["generateContent", "countTokens"],
      },
      {
        name: "models/team/down",
        version: "team/down",
        displayName: "team/down",
        supportedGenerationMethods: ["generateContent", "countTokens"],
      },
    ]);
    const next = await get(list, `/v1beta/models?pageSize=2&pageToken=${page.nextPageToken}`);
    expect(next.models.map(({ name }) => name)).toEqual(["models/hidden", "models/left/qwen"]);
  });

  test("have of what is known what all of their deployments have, and the smallest context window", async () => {
    const list = listModels(await setUp());
    const { data } = await get(list, "/v1/models?include=context_window,pricing,modalities");
    const told = { source: "provider", updated_at: "1970-01-01T00:00:00Z" };
    expect(data[0]).toMatchObject({
      context_window: { tokens: 32_000, ...told },
      pricing: null,
      modalities: { input: ["text"], output: ["text"], ...told },
    });
    expect(data[1]).toMatchObject({ context_window: null, pricing: null, modalities: null });
    expect(data[2]).toMatchObject({
      context_window: { tokens: 128_000 },
      pricing: { currency: "USD", input_per_token: "1", ...told },
    });
  });

  test("are shown one by one, before a model of a provider with that bare name", async () => {
    const parts = await setUp();
    const one = showModel(parts);
    expect(await get(one, "/v1/models/fast")).toMatchObject({ id: "fast", owned_by: "inference-gateway" });
    expect(await get(one, "/v1/models/team/down")).toMatchObject({ id: "team/down" });
    expect(await get(one, "/v1/models/team%2Fdown", ANTHROPIC)).toMatchObject({ type: "model", id: "team/down" });
    expect(await get(one, "/v1/models/left/fast")).toMatchObject({ id: "left/fast", owned_by: "left" });
    expect(await get(one, "/v1/models/qwen")).toMatchObject({ id: "left/qwen" });
    expect(await get(showGoogleModel(parts), "/v1beta/models/fast")).toMatchObject({ name: "models/fast" });
    expect(await rejectionOf(get(one, "/v1/models/Fast"))).toMatchObject({ code: "model_not_found" });
  });

  test.each<[readonly string[], readonly string[], readonly string[]]>([
    [["fast"], [], ["fast", "left/fast"]],
    [["openai/*"], [], ["fast", "hidden", "openai/gpt-4o"]],
    [["dead/m"], [], ["team/down"]],
    [[], ["hidden", "left/*"], ["fast", "team/down", "openai/gpt-4o"]],
    [[], ["gpt-4o", "qwen"], ["team/down", "left/fast"]],
  ])("with the policy %j, %j are %j", async (allowed, disallowed, ids) => {
    const parts = await setUp(allowed, disallowed);
    expect(idsOf(await get(listModels(parts), "/v1/models"))).toEqual([...ids]);
    for (const { options } of MODELS) {
      const asked = get(showModel(parts), `/v1/models/${options.name}`);
      if (ids.includes(options.name)) expect(await asked).toMatchObject({ id: options.name });
      else expect(await rejectionOf(asked)).toMatchObject({ code: "model_not_found" });
    }
  });
});
