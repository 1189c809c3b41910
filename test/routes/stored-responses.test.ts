import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { chunk, close, head } from "../fixtures/script.ts";
import { KEY, type StartedGateway, startBesideProvider } from "./started-gateway.ts";

let one: StartedGateway;
let several: StartedGateway;
let none: StartedGateway;

const openai = (url: string) => ({ OPENAI_API_URL: `${url}/v1`, OPENAI_API_KEY: KEY });
const anthropic = (url: string) => ({ ANTHROPIC_API_URL: `${url}/anthropic/v1`, ANTHROPIC_API_KEY: KEY });

beforeAll(async () => {
  [one, several, none] = await Promise.all([
    startBesideProvider((url) => ({ ...openai(url), ...anthropic(url) })),
    startBesideProvider((url) => ({
      ...openai(url),
      CUSTOM_PROVIDERS: "azure",
      AZURE_API_URL: `${url}/openai/v1?api-version=preview`,
      AZURE_AUTH_HEADER: "api-key",
      AZURE_API_KEY: KEY,
      AZURE_APIS: "chat, responses",
    })),
    startBesideProvider(anthropic),
  ]);
});
beforeEach(() => {
  for (const started of [one, several, none]) {
    started.answerWith(json(200, { id: "resp_1" }));
    started.takeCalls();
  }
});
afterAll(() => Promise.all([one, several, none].map((started) => started[Symbol.asyncDispose]())));

const STORED: readonly (readonly [method: string, path: string])[] = [
  ["GET", "/v1/responses/resp_1"],
  ["DELETE", "/v1/responses/resp_1"],
  ["GET", "/v1/responses/resp_1/input_items?limit=2&order=asc&after=x"],
  ["POST", "/v1/responses/resp_1/cancel"],
  ["GET", "/v1/responses/resp_1?include[]=a%20b"],
  ["GET", "/v1/responses/cmVzcA==:eyJ%7E-_.1"],
];

describe("a stored response", () => {
  test.each(STORED)("%s %s goes to the only configured provider that has the API", async (method, path) => {
    for (const asked of [path, path.slice("/v1".length)]) {
      const response = await one.send(method, asked, undefined, { "x-upstream": "1", "openai-beta": "b" });
      expect([response.status, await response.text()]).toEqual([200, '{"id":"resp_1"}']);
      const call = one.takeCall();
      const headers = new Headers(call.headers as [string, string][]);
      expect([call.method, call.target, call.body.length]).toEqual([method, path, 0]);
      expect([headers.get("authorization"), headers.get("openai-beta")]).toEqual([`Bearer ${KEY}`, "b"]);
      // Some servers refuse the announcement of a body that is not there.
      expect([headers.get("content-type"), headers.get("x-upstream")]).toEqual([null, null]);
    }
  });

  test("goes to the provider that the query names, which has what the provider's own address has", async () => {
    const response = await several.send("GET", "/v1/responses/r/input_items?limit=1&provider=AZURE&api-version=old");
    expect(response.status).toBe(200);
    expect(several.takeCall().target).toBe("/openai/v1/responses/r/input_items?api-version=preview&limit=1");
  });

  test("is 400 if several may have it, and says which and how to choose", async () => {
    for (const [method, path] of STORED) {
      const response = await several.send(method, path);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: {
          message:
            "The request names no model, and several providers may keep what it is for: openai, azure. Name one with ?provider=openai.",
          code: "provider_undetermined",
          param: "provider",
        },
      });
    }
    expect(several.takeCalls()).toEqual([]);
  });

  test.each([
    ["?provider=opnai", "provider_not_found"],
    ["?provider=groq", "provider_key_missing"],
    ["?provider=anthropic", "responses_not_supported"],
    ["", "responses_not_supported"],
  ])("%s where there is no such provider is %s", async (query, code) => {
    const response = await none.send("GET", `/v1/responses/r${query}`);
    expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([400, code]);
    expect(none.takeCalls()).toEqual([]);
  });

  test("streams if it is asked to", async () => {
    const events = [dataEvent({ type: "response.completed", response: { usage: { input_tokens: 1 } } })];
    one.answerWith(sse(events));
    const response = await one.send("GET", "/v1/responses/r?stream=true&starting_after=3", undefined, {
      "x-request-id": "stored-stream",
    });
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toBe(events.join(""));
    expect(one.takeCall().target).toBe("/v1/responses/r?stream=true&starting_after=3");
    expect(await one.gateway.logged((line) => line["request_id"] === "stored-stream")).toMatchObject({
      route: "/v1/responses/{id}",
      provider: "openai",
      outcome: "answered",
    });
  });

  test("is a stream whatever its content type, if it was asked for and begins like one", async () => {
    const event = dataEvent({ type: "response.completed", response: { usage: { input_tokens: 1 } } });
    one.answerWith([head(200, [["content-type", "text/plain"]]), chunk(Buffer.from(event)), close()]);
    const response = await one.send("GET", "/v1/responses/r?stream=true");
    expect([response.headers.get("content-type"), await response.text()]).toEqual(["text/event-stream", event]);
    one.takeCalls();
  });

  test("keeps the provider's status and reason, and its 204", async () => {
    one.answerWith(json(404, { error: { message: "No response with id r", type: "invalid_request_error" } }));
    const missing = await one.send("GET", "/v1/responses/r");
    expect(missing.status).toBe(404);
    expect(await missing.text()).toContain("No response with id r");
    one.answerWith([head(204), close()]);
    const deleted = await one.send("DELETE", "/v1/responses/r");
    expect([deleted.status, await deleted.text()]).toEqual([204, ""]);
    one.answerWith(json(200, {}));
    expect((await one.send("HEAD", "/v1/responses/r")).status).toBe(200);
  });

  test("may have no id that leads elsewhere", async () => {
    await using client = await openRawClient(one.gateway.port);
    for (const id of [
      "a%2Fb",
      "..%2Fmodels",
      "%2e%2e",
      "%252e%252e",
      "..%5cmodels",
      "%00",
      "a%0d%0ab",
      "%ff%",
      ".;x",
      "r%3Fx",
    ]) {
      await client.request("GET", `/v1/responses/${id}`);
      const { status } = await client.head();
      await client.body();
      const calls = one.takeCalls().map(({ target }) => target);
      if (status === 200) expect(calls).toEqual(["/v1/responses/r%3Fx"]);
      else expect([id, [400, 404].includes(status), calls]).toEqual([id, true, []]);
    }
  });

  test("knows no other methods and nothing further below", async () => {
    for (const [method, path, allow] of [
      ["PUT", "/v1/responses/r", "GET, DELETE, HEAD"],
      ["POST", "/v1/responses/r", "GET, DELETE, HEAD"],
      ["GET", "/v1/responses/r/cancel", "POST"],
      ["DELETE", "/v1/responses/r/input_items", "GET, HEAD"],
    ] as const) {
      const response = await one.send(method, path);
      expect([path, response.status, response.headers.get("allow")]).toEqual([path, 405, allow]);
    }
    for (const path of ["/v1/responses/r/other", "/v1/responses/r/input_items/x", "/v1/responses//cancel"]) {
      expect([path, (await one.send("GET", path)).status]).toEqual([path, 404]);
    }
    expect(one.takeCalls()).toEqual([]);
  });
});

describe("while a model policy is in force", () => {
  test("stored responses are refused like all that names no model, unless the operator waives that", async () => {
    for (const policy of [{ ALLOWED_MODELS: "gpt-4o" }, { DISALLOWED_MODELS: "bad" }]) {
      await using guarded = await startBesideProvider((url) => ({ ...openai(url), ...policy }));
      for (const [method, path] of STORED) {
        const response = await guarded.send(method, path);
        expect([response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([
          403,
          "model_unidentified",
        ]);
      }
      expect(guarded.takeCalls()).toEqual([]);
      await using lax = await startBesideProvider((url) => ({
        ...openai(url),
        ...policy,
        PROXY_WITHOUT_MODEL: "allow",
      }));
      for (const [method, path] of STORED) expect((await lax.send(method, path)).status).toBe(200);
    }
  });

  test("what names a model is judged by it", async () => {
    await using guarded = await startBesideProvider((url) => ({ ...openai(url), ALLOWED_MODELS: "gpt-4o" }));
    for (const path of ["/v1/responses/compact", "/v1/responses/input_tokens", "/v1/completions", "/completions"]) {
      expect((await guarded.post(path, { model: "openai/bad" })).status).toBe(403);
      expect((await guarded.post(path, { model: "openai/gpt-4o", models: ["bad"] })).status).toBe(403);
      expect((await guarded.post(path, { model: "openai/gpt-4o" })).status).toBe(200);
    }
    expect(guarded.takeCalls()).toHaveLength(4);
  });
});

test("compacting and counting go below the API of the model's provider", async () => {
  for (const [path, model, target] of [
    ["/v1/responses/compact", "openai/x", "/v1/responses/compact"],
    ["/v1/responses/input_tokens", "azure/x", "/openai/v1/responses/input_tokens?api-version=preview"],
    ["/responses/compact", "azure/x", "/openai/v1/responses/compact?api-version=preview"],
  ] as const) {
    const response = await several.post(path, `{"model":"${model}", "input":[ 1.0 ],"x":null}`);
    expect(response.status).toBe(200);
    const call = several.takeCall();
    expect([call.target, Buffer.from(call.body).toString()]).toEqual([
      target,
      '{"model":"x", "input":[ 1.0 ],"x":null}',
    ]);
  }
  const refused = await one.post("/v1/responses/compact", { model: "anthropic/x" });
  expect(await refused.json()).toMatchObject({ error: { code: "responses_not_supported" } });
});
