import { describe, expect, test } from "bun:test";
import { InferenceGatewayClient, PathsModelsGetParametersQueryInclude as Include } from "@inference-gateway/sdk";
import { json, resetWithoutAnswer } from "../fixtures/answers.ts";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { chunk, close, head, type Script, stall, type Step } from "../fixtures/script.ts";
import { startGateway, type Substitutes } from "../fixtures/start-in-process.ts";
import { within } from "../fixtures/within.ts";
import { KEY } from "./started-gateway.ts";

const SETTLE_MS = 50;

type Details = Readonly<Record<string, unknown>>;

const DATE = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
const listing = (...entries: readonly object[]): Script => json(200, { object: "list", data: entries });

interface Answers {
  readonly list: Script;
  /** To what is asked of a model, by its name. */
  readonly about?: (model: string, path: string) => Script;
}

/** A server that lists models at `/v1/models`, and says more of each beside `/v1`. */
async function startServer({ list, about }: Answers): Promise<MockProvider> {
  const server = await startMockProvider();
  server.answerAlways(({ target, body }) => {
    if (target.startsWith("/v1/models")) return list;
    const url = new URL(target, "http://server");
    const model =
      url.searchParams.get("model") ?? (JSON.parse(Buffer.from(body).toString() || "{}") as Details)["model"];
    return about?.(String(model), url.pathname) ?? json(404, { error: "no such path" });
  });
  return server;
}

/** What was asked of a server beside its list. */
const askedBeside = ({ requests }: MockProvider): readonly string[] =>
  requests.filter(({ target }) => !target.startsWith("/v1/models")).map(({ method, target }) => `${method} ${target}`);

async function read(url: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Details> {
  return (await (await fetch(url + path, { headers })).json()) as Details;
}

async function detailsOf(url: string, include = "context_window,pricing,modalities"): Promise<readonly Details[]> {
  const { data } = (await read(url, `/v1/models?include=${include}`)) as { readonly data: readonly Details[] };
  return data.filter(({ served_by: by }) => by !== "vllm");
}

/**
 * A gateway with one server as its provider `id`, and the others that are not configured out of the way. Its timers wait for
 * nothing unless a clock of the test's own moves: on a busy machine two seconds pass before a good answer has been read.
 */
async function startWith(id: string, server: MockProvider, substitutes: Substitutes = {}) {
  const others = Object.fromEntries(
    ["LLAMACPP", "OLLAMA", "VLLM"].map((name) => [`${name}_API_URL`, "http://127.0.0.1:1/v1"]),
  );
  return startGateway(
    { ...others, [`${id.toUpperCase()}_API_URL`]: `${server.url}/v1` },
    { timers: createManualClock(), ...substitutes },
  );
}

const props = (n_ctx: unknown, modalities: unknown = { vision: true, audio: false }): Script =>
  json(200, {
    default_generation_settings: { id: 0, n_ctx, params: {} },
    total_slots: 1,
    chat_template: "…",
    modalities,
  });

const show = (contextLength: unknown, more: object = {}): readonly Step[] =>
  json(200, {
    license: "MIT",
    model_info: { "general.architecture": "llama", "llama.context_length": contextLength, "clip.context_length": 77 },
    capabilities: ["completion", "tools"],
    ...more,
  });

describe("a llama.cpp server", () => {
  test("says what it was started with, before what the model was made for; it loads none for that", async () => {
    const list = listing({ id: "qwen 3", owned_by: "llamacpp", meta: { n_ctx_train: 131_072 } });
    await using server = await startServer({ list, about: () => props(32_768) });
    await using gateway = await startWith("llamacpp", server);
    expect(await detailsOf(gateway.url)).toMatchObject([
      {
        id: "llamacpp/qwen 3",
        context_window: { tokens: 32_768, source: "runtime", updated_at: DATE },
        pricing: null,
        modalities: { input: ["text", "image"], output: ["text"], source: "runtime", updated_at: DATE },
      },
    ]);
    expect(askedBeside(server)).toEqual(["GET /props?model=qwen+3&autoload=false"]);
  });

  test("is not asked for what its list says, and its list is believed", async () => {
    const list = listing({ id: "a", meta: { n_ctx: 4096, n_ctx_train: 131_072 } });
    await using server = await startServer({ list, about: () => props(32_768) });
    await using gateway = await startWith("llamacpp", server);
    expect(await detailsOf(gateway.url, "context_window")).toMatchObject([
      { context_window: { tokens: 4096, source: "provider" } },
    ]);
    expect(askedBeside(server)).toEqual([]);
  });

  test("that does not say it leaves what the model was made for", async () => {
    const list = listing({ id: "a", meta: { n_ctx_train: 131_072 } });
    await using server = await startServer({ list });
    await using gateway = await startWith("llamacpp", server);
    expect(await detailsOf(gateway.url, "context_window")).toMatchObject([
      { context_window: { tokens: 131_072, source: "provider" } },
    ]);
  });

  test("is asked with its key, and under another name too", async () => {
    const list = listing({ id: "a", owned_by: "llamacpp" });
    await using server = await startServer({ list, about: () => props(8192) });
    const settings = { CUSTOM_PROVIDERS: "local2", LOCAL2_API_URL: `${server.url}/v1`, LOCAL2_API_KEY: KEY };
    await using gateway = await startGateway(settings);
    const [of] = (await detailsOf(gateway.url, "context_window")).filter(({ served_by: by }) => by === "local2");
    expect(of).toMatchObject({ id: "local2/a", context_window: { tokens: 8192, source: "runtime" } });
    expect(server.requests.at(-1)?.header("authorization")).toBe(`Bearer ${KEY}`);
  });
});

describe("an Ollama server", () => {
  test("says for each model what its Modelfile sets, else what the model was made for", async () => {
    const list = listing({ id: "set", owned_by: "library" }, { id: "made" }, { id: "embeds" });
    const about = (model: string): Script =>
      ({
        set: show(131_072, { parameters: 'stop "<|end|>"\nnum_ctx                        8192\ntemperature 0.7' }),
        made: show(4096, { capabilities: ["completion", "vision"] }),
        embeds: show(512, { capabilities: ["embedding"] }),
      })[model] ?? json(404, {});
    await using server = await startServer({ list, about });
    await using gateway = await startWith("ollama", server);
    expect(await detailsOf(gateway.url)).toMatchObject([
      { context_window: { tokens: 8192, source: "runtime" }, modalities: { input: ["text"], output: ["text"] } },
      { context_window: { tokens: 4096 }, modalities: { input: ["text", "image"], source: "runtime" } },
      { context_window: { tokens: 512 }, modalities: null, pricing: null },
    ]);
    expect(askedBeside(server)).toEqual(Array.from({ length: 3 }, () => "POST /api/show"));
  });

  test("is asked for one model if one is shown, once as long as the list is good, and never for a plain list", async () => {
    const list = listing({ id: "a" }, { id: "b" });
    await using server = await startServer({ list, about: () => show(4096) });
    const clock = createManualClock();
    await using gateway = await startWith("ollama", server, { now: clock.now });
    await read(gateway.url, "/v1/models");
    await read(gateway.url, "/v1/models/ollama/a");
    await read(gateway.url, "/v1/models", { "anthropic-version": "2023-06-01" });
    await read(gateway.url, "/v1beta/models", { "x-goog-api-key": "x" });
    expect(askedBeside(server)).toEqual([]);
    const shown = () => read(gateway.url, "/v1/models/ollama/a?include=context_window");
    const [one, other] = await Promise.all([shown(), shown()]);
    expect(one).toMatchObject({ id: "ollama/a", context_window: { tokens: 4096 } });
    expect(other).toEqual(one);
    expect(askedBeside(server)).toHaveLength(1);
    await detailsOf(gateway.url);
    await detailsOf(gateway.url);
    expect(askedBeside(server)).toHaveLength(2);
  });

  test("is asked for a hundred models at most, eight at once", async () => {
    let open = 0;
    let most = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        if (new URL(request.url).pathname === "/v1/models") {
          const data = Array.from({ length: 150 }, (_, index) => ({ id: `m${index}` }));
          return Response.json({ data });
        }
        most = Math.max(most, ++open);
        await new Promise<void>((resolve) => setImmediate(resolve));
        open--;
        return Response.json({ model_info: { "general.architecture": "a", "a.context_length": 1024 } });
      },
    });
    await using gateway = await startGateway({ OLLAMA_API_URL: `http://127.0.0.1:${server.port}/v1` });
    const models = await detailsOf(gateway.url, "context_window");
    const known = models.filter(
      ({ id, context_window: window }) => String(id).startsWith("ollama/") && window !== null,
    );
    expect(known).toHaveLength(100);
    expect(most).toBeWithin(1, 9);
    await server.stop(true);
  });
});

describe("a server that misbehaves leaves null, and the others as they are", () => {
  const HOSTILE: readonly (readonly [string, Script])[] = [
    ["an error", json(500, { error: "boom" })],
    ["no JSON", json(200, "<html>")],
    ["a list", json(200, [1, 2])],
    ["null", json(200, "null")],
    ["a text for a number", props("many")],
    ["a negative number", props(-1)],
    ["zero", props(0)],
    ["a fraction", props(4096.5)],
    ["an infinite number", json(200, '{"default_generation_settings":{"n_ctx":1e400}}')],
    ["a list for an object", json(200, { default_generation_settings: [{ n_ctx: 4096 }], modalities: ["vision"] })],
    ["too deep", json(200, `{"default_generation_settings":${"[".repeat(200)}${"]".repeat(200)}}`)],
    ["too long", json(200, JSON.stringify({ x: "y".repeat(2_000_000), default_generation_settings: { n_ctx: 1 } }))],
    ["a redirect", json(302, "", { location: "http://127.0.0.1:1/" })],
    ["no answer", resetWithoutAnswer()],
    ["half an answer", [head(200, { "content-length": "1000" }), chunk('{"default_generation_settings"'), close()]],
  ];

  test.each(HOSTILE)("%s", async (_, answer) => {
    const list = listing(
      { id: "a", owned_by: "x" },
      { id: "b", context_window: 2048, modalities: { input: ["text"] } },
    );
    await using server = await startServer({ list, about: () => answer });
    await using gateway = await startWith("llamacpp", server);
    const response = await fetch(`${gateway.url}/v1/models?include=context_window,modalities`);
    expect(response.status).toBe(200);
    expect(((await response.json()) as { data: Details[] }).data).toMatchObject([
      { id: "llamacpp/a", context_window: null },
      { id: "llamacpp/b", context_window: { tokens: 2048, source: "provider" } },
    ]);
  });
});

test("what to include can be said in one parameter or in several", async () => {
  const list = listing({ id: "b", context_window: 2048, pricing: { input: 1 } });
  await using server = await startServer({ list, about: () => json(404, {}) });
  await using gateway = await startWith("llamacpp", server);
  const asked = async (query: string) =>
    Object.keys(((await read(gateway.url, `/v1/models?${query}`)) as { data: object[] }).data[0] ?? {}).slice(-2);
  expect(await asked("include=pricing,context_window")).toEqual(["context_window", "pricing"]);
  expect(await asked("include=pricing&include=context_window")).toEqual(["context_window", "pricing"]);
});

test("a server that does not answer is waited for two seconds, and not asked again for the same list", async () => {
  const list = listing(...["a", "b", "c", "d"].map((id) => ({ id })));
  // The peer closes the connection when it has read all of it.
  const [, ...content] = show(4096);
  const answer = [head(200, { "content-type": "application/json", connection: "close" }), ...content];
  await using server = await startServer({ list, about: (model) => (model === "b" ? answer : [stall()]) });
  const clock = createManualClock();
  await using gateway = await startWith("ollama", server, { now: clock.now, timers: clock });
  const asking = detailsOf(gateway.url, "context_window");
  let hasEnded = false;
  void asking.then(() => (hasEnded = true));
  await within(
    (async () => {
      while (askedBeside(server).length < 4) await server.nextRequest();
    })(),
    5000,
    "all questions",
  );
  const answered = server.requests.find(({ body }) => Buffer.from(body).includes('"b"'));
  await server.connectionClosed(answered?.connection ?? 0);
  // What the runtime's fetch has read comes to this thread with the next turns.
  await Bun.sleep(SETTLE_MS);
  await clock.advance(1900);
  expect(hasEnded).toBe(false);
  await clock.advance(100);
  const windows = (await within(asking, 5000, "the list")).map(({ context_window: window }) => window);
  expect(windows).toMatchObject([null, { tokens: 4096, source: "runtime" }, null, null]);
  expect((await detailsOf(gateway.url, "context_window")).map(({ context_window: window }) => window)).toEqual(windows);
  expect(askedBeside(server)).toHaveLength(4);
});

describe("the tables that are built in", () => {
  const COMMUNITY = { source: "community", updated_at: DATE };

  test("say what the provider does not, and no more", async () => {
    const list = listing(
      { id: "gpt-4o" },
      { id: "gpt-4", context_window: 4000, pricing: { prompt: "0.000001", completion: "0.000002" } },
      { id: "no-such-model" },
      { id: "text-embedding-3-small" },
    );
    await using server = await startServer({ list });
    await using gateway = await startGateway({ OPENAI_API_URL: `${server.url}/v1`, OPENAI_API_KEY: KEY });
    expect((await detailsOf(gateway.url)).slice(0, 4)).toEqual([
      expect.objectContaining({
        context_window: { tokens: 128_000, ...COMMUNITY },
        pricing: {
          currency: "USD",
          input_per_token: "0.0000025",
          output_per_token: "0.00001",
          cache_read_per_token: "0.00000125",
          ...COMMUNITY,
        },
        modalities: null,
      }),
      expect.objectContaining({
        context_window: { tokens: 4000, source: "provider", updated_at: DATE },
        pricing: expect.objectContaining({ input_per_token: "0.000001", source: "provider" }),
      }),
      expect.objectContaining({ context_window: null, pricing: null, modalities: null }),
      expect.objectContaining({ pricing: { currency: "USD", input_per_token: "0.00000002", ...COMMUNITY } }),
    ]);
    expect(askedBeside(server)).toEqual([]);
  });

  test("know nothing of servers of one's own", async () => {
    await using server = await startServer({ list: listing({ id: "gpt-4o" }) });
    await using gateway = await startWith("llamacpp", server);
    expect(await detailsOf(gateway.url)).toMatchObject([{ context_window: null, pricing: null }]);
  });
});

test("the reference's own client reads it", async () => {
  const list = listing({
    id: "gpt-4o",
    architecture: { input_modalities: ["text", "image", "file"], output_modalities: ["text"] },
  });
  await using server = await startServer({ list });
  await using gateway = await startGateway({ OPENAI_API_URL: `${server.url}/v1`, OPENAI_API_KEY: KEY });
  const client = new InferenceGatewayClient({ baseURL: `${gateway.url}/v1` });
  const { data } = await client.listModels(undefined, [Include.context_window, Include.pricing, Include.modalities]);
  const model = data.find(({ id }) => id === "openai/gpt-4o");
  expect(model?.context_window?.tokens).toBe(128_000);
  expect(Number(model?.pricing?.input_per_token) * 1_000_000).toBeCloseTo(2.5);
  expect(model?.modalities?.input.map(String)).toEqual(["text", "image"]);
});

test("Anthropic's and Google's clients find the context window under their own names", async () => {
  const list = listing({ id: "a", meta: { n_ctx_train: 131_072 } });
  await using server = await startServer({ list, about: () => props(32_768) });
  await using gateway = await startWith("llamacpp", server);
  const anthropic = { "anthropic-version": "2023-06-01" };
  const google = { "x-goog-api-key": "x" };
  expect(await read(gateway.url, "/v1beta/models", google)).toMatchObject({ models: [{ inputTokenLimit: 131_072 }] });
  expect(await read(gateway.url, "/v1/models?include=context_window", anthropic)).toMatchObject({
    data: [{ id: "llamacpp/a", max_input_tokens: 32_768, context_window: { tokens: 32_768 } }],
  });
  expect(await read(gateway.url, "/v1beta/models?include=context_window", google)).toMatchObject({
    models: [{ inputTokenLimit: 32_768 }],
  });
  const one = await read(gateway.url, "/v1beta/models/llamacpp/a?include=context_window,pricing", google);
  expect(one).toMatchObject({ inputTokenLimit: 32_768 });
  expect(one).not.toHaveProperty("pricing");
});
