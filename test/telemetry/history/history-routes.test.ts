import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { RequestsResponse, UsageResponse } from "../../../src/server/history-schema.ts";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { CHAT } from "../../routes/requests.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { endPostgres, type HistoryPlace, KINDS, openPlace } from "./places.ts";
import "../../fixtures/schema-formats.ts";

afterAll(endPostgres);

const KEYS = "alice:key-of-alice-0123456789,bob:key-of-bob-0123456789";
const ALICE = { authorization: "Bearer key-of-alice-0123456789" };
const BOB = { authorization: "Bearer key-of-bob-0123456789" };

const answered = (input: number, output: number) =>
  json(200, { usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } });

describe.each(KINDS)("the history in %s", (kind) => {
  let place: HistoryPlace;
  let started: StartedGateway;
  beforeAll(async () => {
    place = await openPlace(kind);
    const settings = { ...place.settings, AUTH_ENABLED: "true", AUTH_API_KEYS: KEYS };
    started = await startBesideProvider((url) => ({ ...threeProviders(url), ...settings }));
    const ask = async (body: object, headers: Record<string, string>, path = "/v1/chat/completions") =>
      (await started.post(path, body, headers)).text();
    started.answerWith(answered(10, 5));
    for (let count = 0; count < 3; count++) await ask(CHAT, { ...ALICE, "x-request-id": `a${count}` });
    await ask({ ...CHAT, model: "groq/llama" }, BOB);
    started.answerWith(sse([dataEvent({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 2 } })]));
    await ask({ ...CHAT, stream: true }, BOB);
    started.answerWith(json(429, { error: { message: "slow down" } }));
    await ask({ ...CHAT, model: "openai/made-up" }, BOB);
    await ask({ model: "m", input: "x" }, { authorization: "Bearer wrong" }, "/v1/embeddings");
    await ask({}, ALICE, "/proxy/openai/anything");
    await (await started.send("GET", "/v1/models", undefined, ALICE)).text();
  });
  afterAll(async () => {
    await started[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(started.gateway.url + path, { headers: { ...ALICE, ...headers } });
  async function list(query = ""): Promise<RequestsResponse> {
    const response = await get(`/v1/requests${query}`);
    const answer = (await response.json()) as RequestsResponse;
    expect([response.status, [...Value.Errors(RequestsResponse, answer)]]).toEqual([200, []]);
    return answer;
  }
  async function sum(query = ""): Promise<UsageResponse> {
    const response = await get(`/v1/usage${query}`);
    const answer = (await response.json()) as UsageResponse;
    expect([response.status, [...Value.Errors(UsageResponse, answer)]]).toEqual([200, []]);
    return answer;
  }

  test("has a row for each request to a model, the latest first", async () => {
    const { data, next_after: next } = await list();
    expect(
      data.map(({ route, identity, model, status, streaming }) => [route, identity, model, status, streaming]),
    ).toEqual([
      ["/proxy/*", "alice", null, 429, false],
      ["/v1/embeddings", null, null, 401, false],
      ["/v1/chat/completions", "bob", "made-up", 429, false],
      ["/v1/chat/completions", "bob", "gpt-4o", 200, true],
      ["/v1/chat/completions", "bob", "llama", 200, false],
      ...["a2", "a1", "a0"].map(() => ["/v1/chat/completions", "alice", "gpt-4o", 200, false]),
    ]);
    expect(next).toBeNull();
    expect(data.at(-1)).toMatchObject({
      request_id: "a0",
      format: "chat",
      provider: "openai",
      alias: null,
      attempts: 1,
      outcome: "answered",
      failure: null,
      input_tokens: 10,
      output_tokens: 5,
      cost_usd: null,
      client_address: null,
      bytes_in: JSON.stringify(CHAT).length,
    });
    expect(data.find(({ status }) => status === 401)).toMatchObject({
      failure: "unauthorized",
      outcome: "failed",
      attempts: 0,
    });
  });

  test("is read page by page", async () => {
    const ids: string[] = [];
    for (let after: string | null = ""; after !== null;) {
      const page: RequestsResponse = await list(`?limit=3${after && `&after=${after}`}`);
      expect(page.data.length).toBeLessThanOrEqual(3);
      ids.push(...page.data.map(({ id }) => id));
      after = page.next_after;
    }
    expect(ids).toEqual((await list()).data.map(({ id }) => id));
  });

  test.each([
    ["model=gpt-4o", 4],
    ["model=gpt-4o&identity=bob", 1],
    ["model=openai/gpt-4o", 4],
    ["model=OpenAI/gpt-4o&identity=bob", 1],
    ["model=groq/gpt-4o", 0],
    ["provider=groq", 1],
    ["provider=Groq", 1],
    ["outcome=answered", 7],
    ["status=200", 5],
    ["status=429", 2],
    ["outcome=failed", 1],
    ["failure=unauthorized", 1],
    ["route=/proxy/*", 1],
    ["request_id=a1", 1],
    ["model=' OR 1=1 --", 0],
    ["from=2000-01-01&to=2000-01-02", 0],
    [`from=${Math.floor(Date.now() / 1000) - 60}`, 8],
    ["to=2100-01-01T00:00:00%2B02:00&limit=1000", 8],
  ])("is filtered by %s", async (query, count) => {
    expect((await list(`?${query}`)).data.length).toBe(count);
  });

  test("is summed up", async () => {
    const { data, group_by: groups, is_cut: isCut } = await sum("?group_by=model,identity");
    expect([groups, isCut]).toEqual([["model", "identity"], false]);
    const told = data.map((each) => [
      each.model,
      each.identity,
      each.requests,
      each.failed,
      each.input_tokens,
      each.output_tokens,
    ]);
    expect(told.sort()).toEqual(
      [
        [null, null, 1, 1, 0, 0],
        [null, "alice", 1, 1, 0, 0],
        ["gpt-4o", "alice", 3, 0, 30, 15],
        ["gpt-4o", "bob", 1, 0, 7, 2],
        ["llama", "bob", 1, 0, 10, 5],
        // No provider has answered well to that name.
        ["other", "bob", 1, 1, 0, 0],
      ].sort(),
    );
    const [all] = (await sum()).data;
    expect(all).toMatchObject({ requests: 8, failed: 3, input_tokens: 47, cost_usd: null, unpriced_requests: 5 });
    const day = new Date().toISOString().slice(0, 10);
    expect((await sum("?group_by=day,provider")).data.filter(({ provider }) => provider === "groq")).toMatchObject([
      { day, provider: "groq", requests: 1 },
    ]);
    expect((await sum("?group_by=hour")).data[0]?.hour).toStartWith(day);
    expect((await sum("?from=2001-01-01&to=2001-02-01")).data).toMatchObject([{ requests: 0, cost_usd: "0" }]);
  });

  test.each([
    ["model=gpt-4o", 4],
    ["model=OpenAI/gpt-4o", 4],
    ["model=groq/gpt-4o", 0],
    ["model=other", 1],
    ["provider=Groq", 1],
    ["identity=bob", 3],
    ["identity=bob&model=llama&provider=groq", 1],
    ["model=' OR 1=1 --", 0],
    ["model=gpt-4o&from=2001-01-01&to=2001-02-01", 0],
  ])("is summed up of %s alone", async (query, requests) => {
    expect((await sum(`?${query}`)).data.map((each) => each.requests)).toEqual([requests]);
    const grouped = (await sum(`?group_by=provider,model,identity&${query}`)).data;
    expect(grouped.reduce((total, each) => total + each.requests, 0)).toBe(requests);
  });

  test.each([
    ["/v1/usage?group_by=provider&format=csv", {}],
    ["/v1/usage?group_by=provider", { accept: "text/csv" }],
  ])("is summed up as CSV by %s", async (path, headers) => {
    const response = await get(path, headers);
    expect(response.headers.get("content-type")).toStartWith("text/csv");
    const [names, ...lines] = (await response.text()).trimEnd().split("\r\n");
    expect(names).toStartWith("provider,requests,failed,input_tokens,output_tokens");
    expect(lines.map((line) => line.split(",").slice(0, 3)).sort()).toEqual([
      ["", "1", "1"],
      ["groq", "1", "0"],
      ["openai", "6", "2"],
    ]);
  });

  test.each([
    ["/v1/requests?limit=0", "limit"],
    ["/v1/requests?limit=1001", "limit"],
    ["/v1/requests?limit=x", "limit"],
    ["/v1/requests?after=x", "after"],
    ["/v1/requests?status=abc", "status"],
    ["/v1/requests?status=7", "status"],
    ["/v1/requests?status=999", "status"],
    ["/v1/requests?model=a&model=b", "model"],
    ["/v1/requests?model=", "model"],
    ["/v1/requests?identity=%20", "identity"],
    ["/v1/requests?outcome=success", "outcome"],
    ["/v1/requests?failure=unauthorised", "failure"],
    ["/v1/requests?failure=429", "failure"],
    ["/v1/requests?route=/v1/chat/completion", "route"],
    ["/v1/requests?model=%00", "model"],
    ["/v1/requests?colour=red", "colour"],
    ["/v1/requests?from=yesterday", "from"],
    ["/v1/requests?from=2026-13-01", "from"],
    ["/v1/requests?from=2026-02-30", "from"],
    ["/v1/requests?from=2026-01-02&to=2026-01-01", "from"],
    ["/v1/usage?group_by=colour", "group_by"],
    ["/v1/usage?group_by=model,model", "group_by"],
    ["/v1/usage?group_by=hour,day", "group_by"],
    ["/v1/usage?from=2020-01-01&to=2026-01-01", "from"],
    ["/v1/usage?format=xml", "format"],
    ["/v1/usage?model=", "model"],
    ["/v1/usage?identity=a&identity=b", "identity"],
    ["/v1/usage?provider=%00", "provider"],
    // Sums are not kept by it.
    ["/v1/usage?status=200", "status"],
  ])("refuses %s", async (path, param) => {
    const response = await get(path);
    const { param: named } = (await response.json()) as { param: string };
    expect([response.status, named]).toEqual([400, param]);
  });

  test.each([
    ["outcome=success", "outcome must be one of answered, failed, cut, client_gone"],
    ["failure=unauthorised", "failure must be the code of a failure of the gateway's: did you mean unauthorized?"],
    ["model=", "model must not be empty"],
  ])("says what is accepted instead of %s", async (query, message) => {
    expect(await (await get(`/v1/requests?${query}`)).json()).toMatchObject({ error: message });
  });

  test("needs a credential, as every other route", async () => {
    for (const path of ["/v1/requests", "/v1/usage"]) {
      expect((await fetch(started.gateway.url + path)).status).toBe(401);
    }
  });

  test("is kept over the end of the gateway", async () => {
    const { data } = await list();
    await started.gateway.end();
    await using again = await startGateway({ ...place.settings });
    const answer = (await (await fetch(`${again.url}/v1/requests`)).json()) as RequestsResponse;
    expect(answer.data).toEqual(data);
  });
});

test("has what requests cost, and where their usage comes from", async () => {
  await using place = await openPlace("sqlite");
  const settings = { ...place.settings, COST_ENABLED: "true" };
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...settings }));
  started.answerWith(answered(1000, 500));
  for (const model of ["openai/gpt-4o", "openai/unheard-of"]) {
    const response = await started.post("/v1/chat/completions", { ...CHAT, model });
    await response.arrayBuffer();
  }
  const get = async (path: string) => (await (await fetch(started.gateway.url + path)).json()) as { data: object[] };
  expect((await get("/v1/requests")).data).toMatchObject([
    { model: "unheard-of", usage_source: "provider", cost_usd: null },
    // 2.5 dollars for a million tokens of input, 10 for one of output.
    { model: "gpt-4o", usage_source: "provider", cost_usd: "0.0075" },
  ]);
  expect((await get("/v1/usage")).data).toMatchObject([{ requests: 2, cost_usd: "0.0075", unpriced_requests: 1 }]);
});

test("what only a client names is no provider in sums, and nobody was asked for it", async () => {
  await using place = await openPlace("sqlite");
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...place.settings }));
  const ask = async (path: string, model: string) => (await started.post(path, { ...CHAT, model })).arrayBuffer();
  const names = ["made-up-0/x", "made-up-1/x", "mistral/needs-a-key"];
  for (const model of names) await ask("/v1/chat/completions", model);
  await ask("/v1/chat/completions?provider=made-up-2", "x");
  await ask("/proxy/made-up-3/v1/x", "x");
  await ask("/v1/chat/completions", "openai/gpt-4o");
  // Of one that was asked before the sums go on.
  await (
    await started.post("/v1/chat/completions", {
      model: "openai/gpt-4o",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://e.example/a.png" } }] }],
    })
  ).arrayBuffer();
  const get = async (path: string) =>
    ((await (await fetch(started.gateway.url + path)).json()) as { data: Record<string, unknown>[] }).data;
  const rows = await get("/v1/requests");
  // A picture, which no model may be sent, is not sent.
  expect(rows.map(({ attempts }) => attempts)).toEqual([0, 1, 0, 0, 0, 0, 0]);
  const sums = await get("/v1/usage?group_by=provider");
  expect(sums.map(({ provider, requests }) => [provider, requests]).sort()).toEqual([
    [null, 5],
    ["openai", 2],
  ]);
});

test.each([
  ["text/csv", "csv"],
  ["text/*", "csv"],
  ["application/json", "json"],
  ["*/*", "json"],
  ["application/xml", "json"],
  ["text/csv;q=0.5, application/json", "json"],
  ["application/json;q=0.1, text/csv", "csv"],
  ["text/csv;q=0", "json"],
  ["TEXT/CSV; header=present", "csv"],
  ["text/csv, */*", "csv"],
  ["application/json, text/csv", "json"],
  ["application/json;q=0, */*", "csv"],
  ["*/*, application/json;q=0", "csv"],
  ["*/*;q=0.9, application/*;q=0.1", "csv"],
  ["application/*;q=0.1, application/json;q=0.8, text/csv;q=0.5", "json"],
  ["text/*;q=0.9, text/csv;q=0.1, application/json;q=0.5", "json"],
  ["text/*, text/csv;header=present;q=0, */*;q=0.5", "json"],
  ["text/csv;q=nonsense, */*", "json"],
])("Accept: %s gets %s", async (accept, format) => {
  await using place = await openPlace("sqlite");
  await using gateway = await startGateway({ ...place.settings });
  const { headers } = await fetch(`${gateway.url}/v1/usage`, { headers: { accept } });
  expect(headers.get("content-type")).toContain(format);
});

test("CSV of more groups than an answer holds is refused, and JSON says that it has the first ones", async () => {
  await using place = await openPlace("sqlite");
  await using gateway = await startGateway({ ...place.settings });
  await place.ask(
    `WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
     INSERT INTO hourly SELECT ${Date.now() - (Date.now() % 3_600_000)}, 'p', 'm' || n, '', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM numbers`,
  );
  const get = (query: string): Promise<Response> => fetch(`${gateway.url}/v1/usage?group_by=${query}`);
  const whole = (await (await get("model")).json()) as UsageResponse;
  expect([whole.data.length, whole.is_cut]).toEqual([10_000, true]);
  const refused = await get("model&format=csv");
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ param: "group_by", error: expect.stringContaining("10000") });
  expect((await (await get("provider&format=csv")).text()).split("\r\n")[1]).toStartWith("p,10001,");
});

test("there is none unless it is asked for", async () => {
  await using gateway = await startGateway();
  for (const path of ["/v1/requests", "/v1/usage"]) {
    expect((await fetch(gateway.url + path)).status).toBe(404);
  }
});
