import { describe, expect, test } from "bun:test";
import { loadProviders } from "../fixtures/load-providers.ts";
import { Failure } from "../../src/core/errors.ts";
import type { ApiName } from "../../src/formats/format.ts";
import { createModelLists } from "../../src/routing/model-lists/model-lists.ts";
import type { Provider } from "../../src/providers/provider.ts";
import type { ListedModel } from "../../src/providers/model-list-readers.ts";
import { resolveTarget } from "../../src/routing/resolve-target.ts";
import { settle } from "../fixtures/manual-clock.ts";

const MINUTE = 60_000;

/**
 * A catalogue of openai, groq and mistral, which are configured, and of vllm, which is not. Each listing waits until the
 * test answers it: with ids, or with undefined for a failure.
 */
function setUp(wanted = ["openai", "groq", "mistral", "vllm"]) {
  const environment = {
    OPENAI_API_KEY: "k",
    ANTHROPIC_API_KEY: "k",
    GROQ_API_KEY: "k",
    MISTRAL_API_KEY: "k",
    GOOGLE_API_KEY: "k",
  };
  const providers = loadProviders(environment, []).providers.filter(({ id }) => wanted.includes(id));
  const byId = new Map(providers.map((provider) => [provider.id, provider]));
  const waiting: { readonly id: string; readonly answer: (ids: readonly string[] | undefined) => void }[] = [];
  const givenUp: string[] = [];
  let time = 1000;
  const modelLists = createModelLists({
    providers,
    fetchModels: ({ id }) =>
      new Promise<readonly ListedModel[]>((resolve, reject) => {
        const answer = (ids: readonly string[] | undefined): void => {
          if (ids) resolve(ids.map((modelId) => ({ id: modelId, created: 0, ownedBy: undefined, extras: {} })));
          else reject(new Failure("upstream_unreachable"));
        };
        waiting.push({ id, answer });
      }),
    ttlMs: MINUTE,
    timeoutMs: 2 ** 30,
    clock: () => 0,
    timers: { now: () => time, setTimer: () => undefined, clearTimer() {} },
    onRead() {},
    isAllowed: (_provider, modelId) => modelId !== "denied",
    onFailure() {},
    onRecovered() {},
    onGivenUp: ({ id }) => givenUp.push(id),
  });

  return {
    givenUp,
    advance(milliseconds: number) {
      time += milliseconds;
    },
    /** Which providers are being asked for their lists. */
    asked: () => waiting.map(({ id }) => id),
    /** Asks for the lists as the gateway does at its start. */
    warm() {
      for (const provider of providers) modelLists.ofProvider(provider).catch(() => {});
    },
    refresh(id: string) {
      modelLists.ofProvider(byId.get(id) as Provider).catch(() => {});
    },
    async answer(id: string, ids: readonly string[] | undefined) {
      const index = waiting.findIndex((listing) => listing.id === id);
      const [listing] = waiting.splice(index, 1);
      if (index < 0 || !listing) throw new Error(`${id} was not asked`);
      listing.answer(ids);
      await settle();
    },
    /** What becomes of a bare name: the provider, or the failure; `outcome` is undefined while it waits. */
    ask(model: string, api: ApiName = "chat") {
      const result: { outcome: string | undefined; failure?: Failure } = { outcome: undefined };
      const found = (async () => resolveTarget({ ...modelLists, providers: byId }, undefined, model, api))();
      found.then(
        ({ provider }) => (result.outcome = provider.id),
        (failure: Failure) => Object.assign(result, { outcome: failure.code, failure }),
      );
      return result;
    },
    async asks(model: string, api?: ApiName) {
      const result = this.ask(model, api);
      await settle();
      return result.outcome;
    },
  };
}

describe("while a configured provider's list was never read", () => {
  test("no name goes to another that lists it, whoever answers first, and the request waits for the list", async () => {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt", "shared"]);
    await lists.answer("mistral", []);
    const shared = lists.ask("shared");
    const gpt = lists.ask("gpt");
    await settle();
    expect([shared.outcome, gpt.outcome, lists.asked()]).toEqual([undefined, undefined, ["groq", "vllm"]]);
    await lists.answer("groq", ["llama", "shared"]);
    expect([shared.outcome, gpt.outcome]).toEqual(["provider_undetermined", "openai"]);
    expect(shared.failure?.message).toEndWith("Several providers have it: openai, groq.");
  });

  test("a name is 503 with Retry-After once the list has failed, and says whose is missing", async () => {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt"]);
    const waiting = lists.ask("gpt");
    await lists.answer("groq", undefined);
    await settle();
    expect(waiting.outcome).toBeUndefined();
    await lists.answer("mistral", undefined);
    expect(waiting.outcome).toBe("model_lists_incomplete");
    expect(waiting.failure?.status).toBe(503);
    expect(waiting.failure?.details.headers).toEqual({ "retry-after": "2" });
    expect(waiting.failure?.message).toContain("Missing: groq, mistral.");
    // Asked just now: the next one does not wait, nor ask.
    expect([await lists.asks("gpt"), lists.asked()]).toEqual(["model_lists_incomplete", ["vllm"]]);
  });

  test("a later name asks for the missing lists again, and for those alone, and is answered by what they say", async () => {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt"]);
    await lists.answer("groq", undefined);
    await lists.answer("mistral", []);
    lists.advance(1999);
    expect(await lists.asks("gpt")).toBe("model_lists_incomplete");
    lists.advance(1);
    const both = [lists.ask("gpt"), lists.ask("gpt")];
    await settle();
    expect(lists.asked()).toEqual(["vllm", "groq"]);
    await lists.answer("groq", ["gpt"]);
    expect(both.map(({ outcome }) => outcome)).toEqual(["provider_undetermined", "provider_undetermined"]);
  });

  test("a name that two known lists hold is refused at once", async () => {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["shared"]);
    await lists.answer("mistral", ["shared"]);
    expect(await lists.asks("shared")).toBe("provider_undetermined");
  });

  test("a name that no known list holds waits for one refresh, not for two", async () => {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", []);
    await lists.answer("mistral", []);
    const unknown = lists.ask("new");
    await settle();
    expect(lists.asked().toSorted()).toEqual(["groq", "mistral", "openai", "vllm"]);
    await lists.answer("groq", []);
    await lists.answer("mistral", []);
    expect(unknown.outcome).toBeUndefined();
    await lists.answer("openai", ["new"]);
    expect([unknown.outcome, lists.asked()]).toEqual(["openai", ["vllm"]]);
  });
});

describe("a list that cannot be read for long", () => {
  async function failFor(milliseconds: number, attempts: number) {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt"]);
    await lists.answer("mistral", []);
    await lists.answer("groq", undefined);
    for (let attempt = 1; attempt < attempts; attempt++) {
      lists.advance(milliseconds / (attempts - 1));
      const asked = lists.ask("gpt");
      await settle();
      await lists.answer("groq", undefined);
      expect([attempt, asked.outcome]).toEqual([
        attempt,
        lists.givenUp.length > 0 ? "openai" : "model_lists_incomplete",
      ]);
    }
    return lists;
  }

  test("is given up after a minute and three failures; names are then looked up without it", async () => {
    const lists = await failFor(MINUTE, 3);
    expect(lists.givenUp).toEqual(["groq"]);
    expect([await lists.asks("gpt"), lists.asked()]).toEqual(["openai", ["vllm", "openai"]]);
  });

  test("is not given up before a minute, nor after fewer failures", async () => {
    expect((await failFor(MINUTE - 1, 4)).givenUp).toEqual([]);
    expect((await failFor(10 * MINUTE, 2)).givenUp).toEqual([]);
  });

  test("competes again as soon as it was read", async () => {
    const lists = await failFor(MINUTE, 3);
    lists.refresh("groq");
    await lists.answer("groq", ["gpt"]);
    expect(await lists.asks("gpt")).toBe("provider_undetermined");
    // And failing anew, it is not forgotten.
    lists.advance(MINUTE);
    lists.refresh("groq");
    await lists.answer("groq", undefined);
    expect(await lists.asks("gpt")).toBe("provider_undetermined");
    expect(lists.givenUp).toEqual(["groq"]);
  });
});

describe("once every list was read", () => {
  async function known() {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt", "shared"]);
    await lists.answer("groq", ["llama", "shared"]);
    await lists.answer("mistral", ["mixtral"]);
    return lists;
  }

  test("a provider whose list fails later keeps its names, and a stale list is read again beside the request", async () => {
    const lists = await known();
    lists.advance(MINUTE);
    expect([await lists.asks("gpt"), lists.asked()]).toEqual(["openai", ["vllm", "openai"]]);
    await lists.answer("openai", undefined);
    expect(await lists.asks("gpt")).toBe("openai");
    expect(await lists.asks("shared")).toBe("provider_undetermined");
    expect(await lists.asks("mixtral")).toBe("mistral");
  });

  test("a local server that nobody configured takes no name, and makes none ambiguous", async () => {
    const lists = await known();
    await lists.answer("vllm", ["gpt", "local"]);
    expect(await lists.asks("gpt")).toBe("openai");
    const local = lists.ask("local");
    await settle();
    expect(lists.asked().toSorted()).toEqual(["groq", "mistral", "openai"]);
    for (const id of lists.asked()) await lists.answer(id, undefined);
    expect(local.outcome).toBe("provider_undetermined");
  });

  test("a name that is longer than any model's asks nobody, and waits for no list", async () => {
    const lists = setUp();
    lists.warm();
    const before = lists.asked();
    expect([await lists.asks("m".repeat(1025)), lists.asked()]).toEqual(["provider_undetermined", before]);
  });

  test("an unknown name asks all configured providers once in five seconds", async () => {
    const lists = await known();
    await lists.answer("vllm", []);
    const first = lists.ask("new");
    const second = lists.ask("newer");
    await settle();
    expect(lists.asked().toSorted()).toEqual(["groq", "mistral", "openai"]);
    await lists.answer("openai", ["new"]);
    await lists.answer("groq", undefined);
    expect([first.outcome, second.outcome]).toEqual([undefined, undefined]);
    await lists.answer("mistral", []);
    expect([first.outcome, second.outcome]).toEqual(["openai", "provider_undetermined"]);
    lists.advance(4999);
    expect([await lists.asks("newer"), lists.asked()]).toEqual(["provider_undetermined", []]);
    lists.advance(1);
    lists.ask("newer");
    await settle();
    expect(lists.asked()).toHaveLength(3);
  });
});

describe("among providers of which only some have the client's API", () => {
  test("a name does not wait for the list of one that has not", async () => {
    const lists = setUp(["openai", "anthropic", "groq"]);
    lists.warm();
    await lists.answer("anthropic", ["claude", "shared"]);
    expect(await lists.asks("claude", "messages")).toBe("anthropic");
    const overChat = lists.ask("claude");
    await lists.answer("openai", ["shared"]);
    await lists.answer("groq", []);
    await settle();
    expect(overChat.outcome).toBe("anthropic");
    expect([await lists.asks("shared"), await lists.asks("shared", "messages")]).toEqual([
      "provider_undetermined",
      "anthropic",
    ]);
    expect(await lists.asks("shared", "embeddings")).toBe("openai");
  });

  test("a name that only others list is found with them, who cannot answer it", async () => {
    const lists = setUp(["groq", "mistral"]);
    lists.warm();
    await lists.answer("groq", ["llama"]);
    await lists.answer("mistral", []);
    expect(await lists.asks("llama", "messages")).toBe("groq");
  });
});

describe("a name that lists have in a longer form only", () => {
  async function known() {
    const lists = setUp(["openai", "anthropic", "groq"]);
    lists.warm();
    await lists.answer("openai", ["gpt-4o-2024-08-06", "gpt-4-0613", "both-20250101", "exact-20250101", "a-latest"]);
    await lists.answer("anthropic", ["claude-sonnet-4-5-20250929", "both@20250101"]);
    await lists.answer("groq", ["exact", "size-4096", "size-8b", "mistral-large-2411"]);
    return lists;
  }

  test.each([
    ["gpt-4o", "openai"],
    ["gpt-4", "openai"],
    ["a", "openai"],
    ["claude-sonnet-4-5", "anthropic"],
    ["mistral-large", "groq"],
    // Exactly this name is meant, whoever has a form of it.
    ["exact", "groq"],
    // Two have a form of it.
    ["both", "provider_undetermined"],
  ])("%s: %s, without another reading", async (model, outcome) => {
    const lists = await known();
    expect([await lists.asks(model), lists.asked()]).toEqual([outcome, []]);
  });

  test.each(["size", "gpt-4o-2024", "claude-sonnet", "2411"])("%s is no such form", async (model) => {
    const lists = await known();
    const asked = lists.ask(model);
    await settle();
    expect(asked.outcome).toBeUndefined();
    for (const id of lists.asked()) await lists.answer(id, undefined);
    expect(asked.outcome).toBe("provider_undetermined");
  });

  test("waits for lists that may have exactly this name", async () => {
    const lists = setUp(["openai", "groq"]);
    lists.warm();
    await lists.answer("openai", ["gpt-4o-2024-08-06"]);
    const asked = lists.ask("gpt-4o");
    await lists.answer("groq", ["gpt-4o"]);
    await settle();
    expect(asked.outcome).toBe("groq");
  });

  test("keeps its list fresh by being used", async () => {
    const lists = await known();
    lists.advance(MINUTE);
    expect([await lists.asks("gpt-4o"), lists.asked()]).toEqual(["openai", ["openai"]]);
  });
});

describe("the only configured provider that has the client's API", () => {
  test("answers every name over it, whatever its list holds, and whether or not it could be read", async () => {
    const lists = setUp(["openai", "anthropic", "google"]);
    lists.warm();
    expect(await lists.asks("claude-new", "messages")).toBe("anthropic");
    await lists.answer("anthropic", undefined);
    expect(await lists.asks("claude-new", "messages")).toBe("anthropic");
    lists.refresh("anthropic");
    await lists.answer("anthropic", ["claude-old"]);
    expect(await lists.asks("claude-new", "countTokens")).toBe("anthropic");
    expect(await lists.asks("gpt-new", "responses")).toBe("openai");
    // Of these there are two.
    await lists.answer("openai", []);
    await lists.answer("google", []);
    const embedding = lists.ask("new", "embeddings");
    await settle();
    for (const id of lists.asked()) await lists.answer(id, undefined);
    expect(embedding.outcome).toBe("provider_undetermined");
  });

  test("its list is read again beside the request, but not at every one", async () => {
    const lists = setUp(["anthropic"]);
    lists.warm();
    await lists.answer("anthropic", undefined);
    expect([await lists.asks("claude", "messages"), lists.asked()]).toEqual(["anthropic", []]);
    lists.advance(2000);
    expect([await lists.asks("claude", "messages"), lists.asked()]).toEqual(["anthropic", ["anthropic"]]);
  });

  test("over chat, or with a slash in the name, needs its list unless that could not be read", async () => {
    for (const [model, api] of [
      ["claude", "chat"],
      ["nope/x", "messages"],
    ] as const) {
      const lists = setUp(["anthropic"]);
      lists.warm();
      const waiting = lists.ask(model, api);
      await settle();
      expect(waiting.outcome).toBeUndefined();
      await lists.answer("anthropic", undefined);
      expect(waiting.outcome).toBe("anthropic");
      expect(await lists.asks(model, api)).toBe("anthropic");
      lists.refresh("anthropic");
      await lists.answer("anthropic", ["other"]);
      const known = lists.ask(model, api);
      await settle();
      for (const id of lists.asked()) await lists.answer(id, ["other"]);
      expect(known.outcome).toBe("provider_undetermined");
    }
  });
});

test("a misspelt provider is told while lists are missing, too", async () => {
  const lists = setUp();
  lists.warm();
  for (const id of ["openai", "groq", "mistral"]) await lists.answer(id, undefined);
  const asked = lists.ask("opnai/x");
  await settle();
  for (const id of lists.asked()) await lists.answer(id, undefined);
  await settle();
  expect(asked.outcome).toBe("model_lists_incomplete");
  expect(asked.failure?.message).toContain("There is no provider opnai: did you mean openai? Missing: openai,");
});

describe("a name that nobody lists", () => {
  async function refused(model: string): Promise<Failure | undefined> {
    const lists = setUp();
    lists.warm();
    await lists.answer("openai", ["gpt-4o", "gpt-4o-mini", "denied", "text-embedding-3-small"]);
    await lists.answer("groq", ["openai/gpt-oss-120b", "llama-3.3-70b"]);
    await lists.answer("mistral", ["mistral-large"]);
    const asked = lists.ask(model);
    await settle();
    for (const id of lists.asked()) await lists.answer(id, undefined);
    return asked.failure;
  }

  test.each([
    ["gpt4o", "Similar models: openai/gpt-4o."],
    ["mistrl-large", "Similar models: mistral/mistral-large."],
    ["gpt-oss", "Similar models: groq/openai/gpt-oss-120b."],
    ["nope/gpt-4o-mini", "Similar models: openai/gpt-4o-mini. There is no provider nope. Configured:"],
    ["GPT-4O", "Similar models: openai/gpt-4o, openai/gpt-4o-mini."],
    ["opnai/x", "There is no provider opnai: did you mean openai? Configured: openai, groq, mistral."],
    ["something else", "Configured: openai, groq, mistral."],
  ])("%s is told what there is", async (model, message) => {
    const failure = await refused(model);
    expect(failure?.message).toContain(`No configured provider lists ${JSON.stringify(model)}.`);
    expect(failure?.message).toContain(message);
  });

  test("but not what may not be used, nor anything of a name that can be none", async () => {
    expect((await refused("denied-"))?.message).not.toContain("Similar");
    expect((await refused(`x${"y".repeat(5000)}`))?.message.length).toBeLessThan(600);
    expect((await refused("sk-1234567890abcdef/x"))?.message).not.toContain("provider sk-");
  });
});
