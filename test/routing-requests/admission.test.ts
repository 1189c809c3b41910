import { describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { answerOf, DIALOGUES } from "./dialogues.ts";
import { type ModelSketch, startRouted, startTwoProviders, withModels } from "./routed-gateway.ts";

const FAST: ModelSketch = { name: "fast", deployments: [{ provider: "left" }, { provider: "right" }] };
const { path, ask } = DIALOGUES.chat;
const PATH = path(false);
const said = { messages: [{ role: "user", content: "hi" }] };

const askedOf = (requests: readonly { readonly method: string; readonly body: Uint8Array }[]): readonly unknown[] =>
  requests.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(Buffer.from(body).toString()));

describe("who is asked", () => {
  test("?provider= goes before the names of the gateway's own", async () => {
    await using rig = await startRouted([FAST]);
    rig.right.answer(answerOf("chat", false));
    const response = await rig.post(`${PATH}?provider=right`, ask(false));
    expect([response.status, response.headers.has("x-selected-provider")]).toEqual([200, false]);
    expect(askedOf(rig.right.requests)).toMatchObject([{ model: "fast" }]);
  });

  test("a provider with several keys is routed by its own names", async () => {
    await using rig = await startRouted([{ name: "keys of left", deployments: [{ provider: "left", model: "*" }] }]);
    rig.left.answer(answerOf("chat", false));
    const response = await rig.post(PATH, { ...said, model: "left/other" });
    expect([response.status, response.headers.get("x-selected-model")]).toEqual([200, "other"]);
    expect(askedOf(rig.left.requests)).toMatchObject([{ model: "other" }]);
    expect(await rig.lineOf(response)).not.toHaveProperty("alias");
  });

  test("a wildcard stands for what the request has in its place", async () => {
    await using rig = await startRouted([{ name: "my-*", deployments: [{ provider: "left", model: "*" }] }]);
    rig.left.answer(answerOf("chat", false));
    const response = await rig.post(PATH, { ...said, model: "my-own" });
    expect([response.status, response.headers.get("x-selected-model")]).toEqual([200, "own"]);
  });

  test("a name that no header could carry is told as far as one can", async () => {
    await using rig = await startRouted([{ name: "my-*", deployments: [{ provider: "left", model: "*" }] }]);
    rig.left.answer(answerOf("chat", false));
    const response = await rig.post(PATH, { ...said, model: `my-é\r\nx-bad: 1${"y".repeat(10_000)}` });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-selected-model")).toMatch(/^\?\?\?x-bad:\?1y+$/);
    expect(response.headers.get("x-selected-model")).toHaveLength(256);
    expect(response.headers.has("x-bad")).toBe(false);
  });

  test("a deployment whose provider cannot serve the API is left out", async () => {
    await using rig = await startRouted([FAST], { left: "embeddings", right: "chat" });
    rig.right.answer(answerOf("chat", false));
    const response = await rig.post(PATH, ask(false));
    expect([response.status, response.headers.get("x-selected-provider")]).toEqual([200, "right"]);
    expect(response.headers.has("x-attempts")).toBe(false);
  });

  test("if none can, the request is refused as always", async () => {
    await using rig = await startRouted([FAST], { left: "embeddings", right: "embeddings" });
    const response = await rig.post(PATH, ask(false));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "chat_not_supported" });
  });

  test("embeddings go by a name, too, and to whoever has them", async () => {
    await using rig = await startRouted([FAST], { left: "chat", right: "embeddings" });
    rig.right.answer(
      json(200, { object: "list", data: [{ embedding: [1] }], model: "m", usage: { prompt_tokens: 1 } }),
    );
    const response = await rig.post("/v1/embeddings", { model: "fast", input: "hi" });
    expect([response.status, response.headers.get("x-selected-provider")]).toEqual([200, "right"]);
  });

  test("fallbacks are asked when all deployments have failed", async () => {
    await using rig = await startRouted([
      { name: "fast", deployments: [{ provider: "left" }], fallbacks: ["good"] },
      { name: "good", deployments: [{ provider: "right", model: "better" }] },
    ]);
    rig.left.answer(json(500, {}));
    rig.right.answer(answerOf("chat", false));
    const response = await rig.post(PATH, ask(false));
    expect([response.status, response.headers.get("x-selected-model")]).toEqual([200, "better"]);
    expect(await rig.lineOf(response)).toMatchObject({ alias: "fast", model: "better" });
  });
});

describe("the model policy", () => {
  test("leaves out a deployment that it refuses", async () => {
    await using rig = await startRouted([FAST], {}, { DISALLOWED_MODELS: "left/left-model" });
    rig.right.answer(answerOf("chat", false));
    const response = await rig.post(PATH, ask(false));
    expect([response.status, response.headers.get("x-selected-provider")]).toEqual([200, "right"]);
    expect(askedOf(rig.left.requests)).toEqual([]);
  });

  test("refuses a name of which nothing is left", async () => {
    await using rig = await startRouted([FAST], {}, { DISALLOWED_MODELS: "left-model,right-model" });
    const response = await rig.post(PATH, ask(false));
    expect([response.status, (await response.text()).includes("model_disallowed")]).toEqual([403, true]);
  });

  test("leaves out providers that may not be asked for another model of the request", async () => {
    await using rig = await startRouted([FAST], {}, { DISALLOWED_MODELS: "left/other" });
    rig.right.answer(answerOf("chat", false));
    const response = await rig.post(PATH, { ...ask(false), fallbacks: ["other"] });
    expect([response.status, response.headers.get("x-selected-provider")]).toEqual([200, "right"]);
    const refused = await rig.post(PATH, { ...ask(false), fallbacks: ["other", "left/other", "right-model"] });
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("The request names the model");
  });

  test("does not fall back to what it refuses", async () => {
    await using rig = await startRouted(
      [
        { name: "fast", deployments: [{ provider: "left" }], fallbacks: ["good"] },
        { name: "good", deployments: [{ provider: "right", model: "better" }] },
      ],
      {},
      { DISALLOWED_MODELS: "better" },
    );
    rig.left.answerAlways(() => json(500, { error: { message: "down" } }));
    const response = await rig.post(PATH, ask(false));
    expect(response.status).toBe(500);
    expect(askedOf(rig.right.requests)).toEqual([]);
  });
});

describe("the model policy judges each request of a name by itself", () => {
  const LIMITED: ModelSketch = { ...FAST, limits: { tokensPerMinute: 1_000_000 } };
  const hostile: readonly string[] = [
    '"models":["bad"]',
    '"mod\\u0065ls":["bad"]',
    '"Models":["b\\u0061d"]',
    '"tools":[{"type":"x","model":"bad"}]',
    '"x":{"messages":[],"y":[{"mo-del":"bad"}]}',
    '"Messages":[{"model":"bad"}]',
    '"messages":[],"fallbacks":["bad"]',
    '"fallbac\u212as":[{"a":["bad"]}]',
    '"metadata":"}","deployment_id":"bad"',
    '"stream":false,"session":{"model":"bad"}',
  ];

  test.each([["fast"], ["left-model,right-model,fast*"]])("with an allow-list of %s", async (allowed) => {
    await using rig = await startTwoProviders(withModels([LIMITED]), {}, { ALLOWED_MODELS: allowed });
    for (const side of [rig.left, rig.right]) side.answerAlways(() => answerOf("chat", false));
    const send = async (body: string, query = ""): Promise<number> => {
      const response = await fetch(`${rig.gateway.url}${PATH}${query}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      await response.text();
      return response.status;
    };
    const good = '{"model":"fast","messages":[{"role":"user","content":"\\"model\\":\\"bad\\""}]}';
    let asked = 0;
    for (const further of hostile) {
      for (const body of [`{"model":"fast",${further},"messages":[]}`, `{"messages":[],${further},"model":"fast"}`]) {
        expect([await send(good), await send(body), body]).toEqual([200, 403, body]);
        asked += 1;
      }
    }
    expect([await send(good, "?deployment=bad"), await send(good, "?x=model"), await send(good)]).toEqual([
      403, 200, 200,
    ]);
    expect(await send('{"model":"fast","messages":[],"Model":"fast"}')).toBe(400);
    expect(askedOf(rig.left.requests).length + askedOf(rig.right.requests).length).toBe(asked + 2);
  });
});

test("what a request will use is counted anew for each, also at limits of what its name falls back to", async () => {
  await using rig = await startTwoProviders(
    withModels([
      { name: "fast", deployments: [{ provider: "left" }], fallbacks: ["good"] },
      { name: "good", deployments: [{ provider: "right" }], limits: { tokensPerMinute: 1000 } },
    ]),
  );
  rig.left.answerAlways(() => json(500, {}));
  rig.right.answerAlways(() => answerOf("chat", false));
  const small = await rig.post(PATH, ask(false));
  const large = await rig.post(PATH, { ...ask(false), max_tokens: 990 });
  await Promise.all([small.text(), large.text()]);
  expect([small.status, large.status]).toEqual([200, 500]);
  expect(askedOf(rig.right.requests)).toHaveLength(1);
});

describe("params of a deployment", () => {
  const params = { defaults: { temperature: 0.5, seed: 7 }, overrides: { user: "gateway", top_p: 0.1 } };
  const withParams = (provider: string): ModelSketch => ({ name: "fast", deployments: [{ provider, params }] });
  const body = `{"model":"fast", "messages" : [{"role":"user","content":"hi"}],"temperature":1.0,"user":"me"}`;

  test("are put into the client's bytes", async () => {
    await using rig = await startRouted([withParams("left")]);
    rig.left.answer(answerOf("chat", false));
    const response = await fetch(`${rig.gateway.url}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(200);
    const sent = Buffer.from(rig.left.requests.at(-1)?.body ?? []).toString();
    expect(sent).toContain(`"messages" : [{"role":"user","content":"hi"}],"temperature":1.0,"user":"gateway"`);
    expect(JSON.parse(sent)).toMatchObject({ model: "left-model", seed: 7, top_p: 0.1 });
  });

  test("are put into a body that is translated", async () => {
    await using rig = await startRouted([withParams("left")], { left: "messages" });
    rig.left.answer(answerOf("messages", false));
    const response = await rig.post(PATH, JSON.parse(body));
    expect(response.status).toBe(200);
    expect(askedOf(rig.left.requests)).toMatchObject([{ temperature: 1, user: "gateway", top_p: 0.1, seed: 7 }]);
  });

  test("do not hide behind a member that comes twice", async () => {
    await using rig = await startRouted([withParams("left")]);
    const response = await fetch(`${rig.gateway.url}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body.replace("{", `{"user":"me",`),
    });
    expect(response.status).toBe(400);
    expect(askedOf(rig.left.requests)).toEqual([]);
  });

  test("say how long an answer may be if the API must be told", async () => {
    const most: ModelSketch = {
      name: "fast",
      deployments: [{ provider: "left", params: { defaults: { max_tokens: 77 }, overrides: {} } }],
    };
    await using rig = await startRouted([most], { left: "messages" });
    rig.left.answer(answerOf("messages", false));
    await rig.post(PATH, ask(false));
    expect(askedOf(rig.left.requests)).toMatchObject([{ max_tokens: 77 }]);
  });

  test("are those of the deployment that is asked", async () => {
    await using rig = await startRouted([
      { name: "fast", deployments: [{ provider: "left", params }, { provider: "right" }] },
    ]);
    rig.left.answer(json(500, {}));
    rig.right.answer(answerOf("chat", false));
    await rig.post(PATH, ask(false));
    const [sent] = askedOf(rig.right.requests);
    expect(sent).toEqual({ ...ask(false), model: "right-model" });
  });
});

describe("other requests with a name", () => {
  test("tokens are counted by whoever can", async () => {
    await using rig = await startRouted([FAST], { left: "messages,count_tokens", right: "messages,count_tokens" });
    rig.left.answer(json(500, {}));
    rig.right.answer(json(200, { input_tokens: 12 }));
    const response = await rig.post("/v1/messages/count_tokens", { ...said, model: "fast" });
    expect([response.status, await response.json()]).toEqual([200, { input_tokens: 12 }]);
    expect(response.headers.get("x-attempts")).toBe("2");
  });

  test("or estimated, if nobody can", async () => {
    await using rig = await startRouted([FAST], {}, { COUNT_TOKENS: "estimate" });
    const response = await rig.post("/v1/messages/count_tokens", { ...said, model: "fast" });
    expect([response.status, response.headers.get("x-gateway-estimated")]).toEqual([200, "true"]);
    expect(rig.router.settled).toHaveLength(1);
  });

  test.each([["left"], ["right"]])("a stream that is one JSON array comes as it is from %s", async (from) => {
    await using rig = await startRouted([FAST], { left: "generate", right: "generate" });
    const elements = DIALOGUES.generate.rest.map((event) => event.slice("data: ".length).trim());
    const array = `[${elements.join("\r\n,\r\n")}]`;
    if (from === "right") rig.left.answer(json(200, `[{"error":{"code":503,"message":"no","status":"UNAVAILABLE"}}]`));
    rig[from as "left"].answer(json(200, array));
    const response = await rig.post("/v1beta/models/fast:streamGenerateContent", DIALOGUES.generate.ask(true));
    expect([response.status, await response.text()]).toEqual([200, array]);
    expect(response.headers.get("x-selected-provider")).toBe(from);
  });

  test("a page of another origin may read who answered", async () => {
    await using rig = await startRouted([FAST], {}, { SERVER_CORS_ORIGINS: "*" });
    rig.left.answer(answerOf("chat", false));
    const response = await rig.post(PATH, ask(false), { headers: { origin: "http://page.example" } });
    const exposed = response.headers.get("access-control-expose-headers");
    expect(exposed).toContain("x-selected-provider, x-selected-model, x-attempts");
  });
});
