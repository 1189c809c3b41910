import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { wait } from "../fixtures/script.ts";
import { startAt } from "../fixtures/start-in-process.ts";
import { CHAT, SMALLEST } from "../routes/requests.ts";
import { bodyText, KEY, type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";

const UNDETERMINED =
  "Unable to determine provider for model. Please specify a provider using the ?provider= query parameter or use the provider/model format (e.g., openai/gpt-4).";
const NO_SUCH = "Provider not found. Please check the list of supported providers.";
const NO_KEY = "Provider requires an API key. Please configure the provider's API key.";

/** The providers of the gateway below. */
const CONFIGURED = "openai, anthropic, groq, cloudflare, my-tgi";

/** Which provider was reached, and with which model. */
function reached(call: ReceivedRequest): [target: string, model: unknown] {
  return [call.target, (JSON.parse(bodyText(call)) as { model: unknown }).model];
}

describe("by the query and by the prefix", () => {
  let started: StartedGateway;
  beforeAll(async () => {
    started = await startBesideProvider((url) => ({
      ...threeProviders(url),
      CLOUDFLARE_API_URL: `${url}/cloudflare/ai`,
      CLOUDFLARE_API_KEY: KEY,
      CUSTOM_PROVIDERS: "my-tgi",
      MY_TGI_API_URL: `${url}/tgi/v1`,
    }));
  });
  beforeEach(() => {
    started.takeCalls();
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test.each([
    ["gpt-4o", "?provider=nobody", 400, NO_SUCH],
    ["openai/gpt-4o", "?provider=nobody", 400, NO_SUCH],
    ["openai/gpt-4o", "?provider=", 400, NO_SUCH],
    ["x", "?provider=__proto__", 400, NO_SUCH],
    ["x", "?provider=mistral", 400, NO_KEY],
    ["mistral/x", "", 400, NO_KEY],
    ["openai/", "", 400, "model must name a model behind the provider's prefix"],
    ["openai/", "?provider=openai", 400, "model must name a model behind the provider's prefix"],
    ["nobody-lists-this", "", 400, UNDETERMINED],
    ["nobody/lists-this", "", 400, UNDETERMINED],
    ["/openai/gpt-4o", "", 400, UNDETERMINED],
    ["constructor/x", "", 400, UNDETERMINED],
  ])("%j with %j is %i", async (model, query, status, error) => {
    const response = await started.post(`/v1/chat/completions${query}`, { ...CHAT, model });
    const { error: said } = (await response.json()) as { error: string };
    expect([response.status, said.slice(0, error.length)]).toEqual([status, error]);
    expect(started.takeCalls()).toEqual([]);
  });

  test.each([
    [
      "x",
      "?provider=opnai",
      `${NO_SUCH} There is no provider opnai: did you mean openai? Configured: ${CONFIGURED}.`,
      "opnai",
      "x",
    ],
    [
      "x",
      "?provider=OpnAI",
      `${NO_SUCH} There is no provider opnai: did you mean openai? Configured: ${CONFIGURED}.`,
      "opnai",
      "x",
    ],
    ["x", "?provider=zzz", `${NO_SUCH} There is no provider zzz. Configured: ${CONFIGURED}.`, "zzz", "x"],
    ["x", "?provider=sk-0123456789", `${NO_SUCH} Configured: ${CONFIGURED}.`, undefined, "x"],
    [
      "mistral/x",
      "",
      `${NO_KEY} Set MISTRAL_API_KEY to use the model "x" of mistral. Configured: ${CONFIGURED}.`,
      "mistral",
      "x",
    ],
    [
      "x",
      "?provider=mistral",
      `${NO_KEY} Set MISTRAL_API_KEY to use the model "x" of mistral. Configured: ${CONFIGURED}.`,
      "mistral",
      "x",
    ],
    [
      "nope/x",
      "",
      `${UNDETERMINED} No configured provider lists "nope/x". There is no provider nope. Configured: ${CONFIGURED}.`,
      "nope",
      "nope/x",
    ],
    ["x", "", `${UNDETERMINED} No configured provider lists "x". Configured: ${CONFIGURED}.`, undefined, "x"],
  ])("%j with %j is told what is wrong, in the log too", async (model, query, error, provider, logged) => {
    const id = crypto.randomUUID();
    const response = await started.post(`/v1/chat/completions${query}`, { ...CHAT, model }, { "x-request-id": id });
    expect(await response.json()).toMatchObject({ error });
    const line = await started.gateway.logged(({ request_id: of }) => of === id);
    expect([line["provider"], line["model"], line["status"]]).toEqual([provider, logged, 400]);
  });

  test("a provider without its key is told so on /proxy and in lists of models, too", async () => {
    for (const path of ["/proxy/mistral/models", "/v1/models?provider=mistral"]) {
      const response = await started.send("GET", path);
      expect(await response.json()).toMatchObject({ error: `${NO_KEY} Set MISTRAL_API_KEY to use mistral.` });
    }
    const response = await started.send("GET", "/proxy/opnai/models");
    expect(await response.json()).toMatchObject({ error: expect.stringContaining("did you mean openai?") });
  });

  test.each([
    ["gpt-4o", "?provider=openai", "/v1", "gpt-4o"],
    ["gpt-4o", "?provider=OpenAI", "/v1", "gpt-4o"],
    ["openai/gpt-4o", "?provider=openai", "/v1", "gpt-4o"],
    ["OpenAI/gpt-4o", "?provider=openai", "/v1", "gpt-4o"],
    ["openai/gpt-4o", "?provider=groq", "/groq/v1", "openai/gpt-4o"],
    ["groq/x", "?provider=openai&provider=groq", "/v1", "groq/x"],
    ["openai/gpt-4o", "", "/v1", "gpt-4o"],
    ["OPENAI/GPT-4o", "", "/v1", "GPT-4o"],
    ["groq/openai/gpt-oss-120b", "", "/groq/v1", "openai/gpt-oss-120b"],
    ["openai/openai/x", "", "/v1", "openai/x"],
    ["cloudflare/@cf/meta/llama-3.1-8b", "", "/cloudflare/ai/v1", "@cf/meta/llama-3.1-8b"],
    ["my-tgi/meta-llama/Llama-3", "", "/tgi/v1", "meta-llama/Llama-3"],
    ["MY-TGI/x", "", "/tgi/v1", "x"],
    ["x", "?provider=my-tgi", "/tgi/v1", "x"],
    ["openai/a model / with spaces", "", "/v1", "a model / with spaces"],
    ['openai/"quoted"\\é', "", "/v1", '"quoted"\\é'],
  ])("%j with %j goes to %s as %j", async (model, query, base, sent) => {
    const response = await started.post(`/v1/chat/completions${query}`, { ...CHAT, model });
    expect(response.status).toBe(200);
    expect(reached(started.takeCall())).toEqual([`${base}/chat/completions`, sent]);
  });

  test("query parameters other than `provider` go on as they are", async () => {
    const messages = SMALLEST["/v1/messages"];
    await started.post("/v1/messages?beta=true", messages);
    expect(started.takeCall().target).toBe("/anthropic/v1/messages?beta=true");
    await started.post("/v1/messages?a=%2F&provider=anthropic&b=1&a=+", messages);
    expect(started.takeCall().target).toBe("/anthropic/v1/messages?a=%2F&b=1&a=+");
    await started.post("/v1/messages/count_tokens?provider=anthropic", messages);
    expect(started.takeCall().target).toBe("/anthropic/v1/messages/count_tokens");
  });

  test.each([["/v1/embeddings", "anthropic/x", "The Embeddings API is not supported by this provider yet."]] as const)(
    "%s is not supported by the provider of %s",
    async (route, model, message) => {
      const response = await started.post(route, { ...SMALLEST[route], model });
      const error = { type: "not_supported_error", message };
      expect([response.status, await response.json()]).toEqual([
        400,
        expect.objectContaining(
          route === "/v1/embeddings" ? { error: message, type: error.type } : { error: expect.objectContaining(error) },
        ),
      ]);
      expect(started.takeCalls()).toEqual([]);
    },
  );
});

describe("by a bare name", () => {
  /** Its time stands still: a provider that is slow, as on a busy machine, would be left alone for a while, or asked anew. */
  const start = (environment: Readonly<Record<string, string>>) => startAt(createManualClock())(environment);
  const isListing = ({ target }: ReceivedRequest): boolean => target.includes("/models");
  const list = (...ids: string[]) => json(200, { object: "list", data: ids.map((id) => ({ id })) });

  test("the one provider that lists it answers; a name of several, and of none, is 400", async () => {
    await using provider = await startMockProvider();
    provider.answerAlways(({ target }) => {
      if (target === "/v1/models") return list("gpt-4o", "shared");
      if (target === "/groq/v1/models") return list("meta/llama", "shared");
      return target.includes("/models") ? list() : json(200, {});
    });
    await using gateway = await start(threeProviders(provider.url));
    const ask = async (model: string): Promise<unknown[]> => {
      const body = JSON.stringify({ ...CHAT, model });
      const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
      const last = provider.requests.at(-1);
      return [response.status, response.ok && last ? reached(last) : await response.json()];
    };
    expect(await ask("gpt-4o")).toEqual([200, ["/v1/chat/completions", "gpt-4o"]]);
    expect(await ask("meta/llama")).toEqual([200, ["/groq/v1/chat/completions", "meta/llama"]]);
    const refused = [400, expect.objectContaining({ error: expect.stringContaining(UNDETERMINED), param: "model" })];
    const ambiguous = `${UNDETERMINED} Several providers have it: openai, groq.`;
    expect(await ask("shared")).toEqual([400, expect.objectContaining({ error: ambiguous, param: "model" })]);
    expect(await ask("none")).toEqual(refused);
    expect(await ask("GPT-4o")).toEqual(refused);
  });

  test("a request right after the start waits for the lists that are being fetched, and asks for none itself", async () => {
    const gate = createGate();
    await using provider = await startMockProvider();
    provider.answerAlways((request) => (isListing(request) ? [wait(gate), ...list("gpt-4o")] : json(200, {})));
    await using gateway = await start({ OPENAI_API_URL: `${provider.url}/v1`, OPENAI_API_KEY: KEY });
    const body = JSON.stringify({ ...CHAT, model: "gpt-4o" });
    const responses = [1, 2, 3].map(() => fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body }));
    await provider.requestHead();
    gate.open();
    expect((await Promise.all(responses)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(provider.requests.filter(isListing)).toHaveLength(1);
  });

  test("an unknown name waits for one refresh, which finds a model that is new; the next unknown one costs nothing", async () => {
    let ids = ["old"];
    await using provider = await startMockProvider();
    provider.answerAlways((request) => (isListing(request) ? list(...ids) : json(200, {})));
    await using gateway = await start({ OPENAI_API_URL: `${provider.url}/v1`, OPENAI_API_KEY: KEY });
    await fetch(`${gateway.url}/v1/models`);
    const listings = () => provider.requests.filter(isListing).length;
    expect(listings()).toBe(1);
    ids = ["old", "new"];
    const ask = async (model: string) => {
      const body = JSON.stringify({ ...CHAT, model });
      return (await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body })).status;
    };
    expect([await ask("new"), listings()]).toEqual([200, 2]);
    expect([await ask("unknown"), await ask("unknown too"), listings()]).toEqual([400, 400, 2]);
    expect([await ask("old"), listings()]).toEqual([200, 2]);
  });

  test("a provider that stops listing keeps the names it had", async () => {
    await using provider = await startMockProvider();
    let failing = false;
    provider.answerAlways((request) => {
      if (!isListing(request)) return json(200, {});
      if (failing) return json(503, {});
      return request.target === "/v1/models" ? list("gpt-4o") : list();
    });
    await using gateway = await start({ ...threeProviders(provider.url), MODELS_CACHE_TTL: "0s" });
    await fetch(`${gateway.url}/v1/models`);
    failing = true;
    await fetch(`${gateway.url}/v1/models?provider=openai`);
    const body = JSON.stringify({ ...CHAT, model: "gpt-4o" });
    expect((await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body })).status).toBe(200);
  });

  test("while a configured provider never listed, a bare name is 503, and one with its provider is not", async () => {
    await using provider = await startMockProvider();
    let failing = true;
    provider.answerAlways((request) => {
      if (!isListing(request)) return json(200, {});
      if (request.target === "/v1/models") return list("gpt-4o");
      return failing ? json(503, {}) : list();
    });
    await using gateway = await start({
      ...threeProviders(provider.url),
      VLLM_API_URL: `${provider.url}/vllm`,
    });
    const ask = (model: string) => {
      const body = JSON.stringify({ ...CHAT, model });
      return fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", body });
    };
    const refused = await ask("gpt-4o");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
    expect(await refused.json()).toMatchObject({
      error: expect.stringContaining("Missing: anthropic, groq, vllm."),
      type: "overloaded_error",
      code: "model_lists_incomplete",
    });
    expect((await ask("openai/gpt-4o")).status).toBe(200);
    failing = false;
    await fetch(`${gateway.url}/v1/models`);
    expect((await ask("gpt-4o")).status).toBe(200);
  });
});
