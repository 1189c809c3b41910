import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { RequestDetails } from "../../../src/server/history-schema.ts";
import { dataEvent, json, sse } from "../../fixtures/answers.ts";
import type { Answer } from "../../fixtures/mock-provider.ts";
import { chunk, close, end, head, type Step } from "../../fixtures/script.ts";
import { startGateway } from "../../fixtures/start-in-process.ts";
import { CHAT } from "../../routes/requests.ts";
import { KEY, type StartedGateway, startBesideProvider, threeProviders } from "../../routes/started-gateway.ts";
import { endPostgres, type HistoryPlace, KINDS, openPlace } from "./places.ts";
import "../../fixtures/schema-formats.ts";

afterAll(endPostgres);

const KEYS = "alice:key-of-alice-0123456789,bob:key-of-bob-0123456789";
const ALICE = { authorization: "Bearer key-of-alice-0123456789" };
const BOB = { authorization: "Bearer key-of-bob-0123456789" };
const ANSWER = { choices: [{ message: { content: "the answer" } }], usage: { prompt_tokens: 1, completion_tokens: 1 } };

const EVENTS = { "content-type": "text/event-stream" };

const longHead = head(200, { "content-type": "application/json", "content-length": "9999999" });

/** An answer that is no JSON. */
const text = (status: number, body: string): readonly Step[] => [
  head(status, { "content-type": "text/html", "content-length": String(Buffer.byteLength(body)) }),
  chunk(body),
  end(),
];

describe.each(KINDS)("the content of requests in %s", (kind) => {
  let place: HistoryPlace;
  let started: StartedGateway;
  let settings: Readonly<Record<string, string>>;
  beforeAll(async () => {
    place = await openPlace(kind);
    settings = { ...place.settings, HISTORY_CONTENT: "true", AUTH_ENABLED: "true", AUTH_API_KEYS: KEYS };
    // The runtime's fetch may lose what comes right before an answer breaks off.
    const overSockets = { GROQ_TRANSPORT: "socket" };
    started = await startBesideProvider((url) => ({ ...threeProviders(url), ...overSockets, ...settings }));
  });
  afterAll(async () => {
    await started[Symbol.asyncDispose]();
    await place[Symbol.asyncDispose]();
  });

  const get = (path: string, headers: Record<string, string>): Promise<Response> =>
    fetch(started.gateway.url + path, { headers });
  async function lastId(): Promise<string> {
    const answer = (await (await get("/v1/requests?limit=1", ALICE)).json()) as { data: { id: string }[] };
    expect(answer.data[0]).not.toHaveProperty("content");
    return answer.data[0]?.id ?? "";
  }
  /** Of the last request, as soon as it is there: it comes behind the row. */
  async function contentFor(headers: Record<string, string>): Promise<RequestDetails["content"]> {
    const id = await lastId();
    while ((await place.ask(`SELECT id FROM contents WHERE id = '${id}'`)).length === 0) await lastId();
    const response = await get(`/v1/requests/${id}`, headers);
    const details = (await response.json()) as RequestDetails;
    expect([response.status, details.id, [...Value.Errors(RequestDetails, details)]]).toEqual([200, id, []]);
    return details.content;
  }
  const ask = async (body: object = CHAT, path = "/v1/chat/completions"): Promise<string> =>
    (await started.post(path, body, ALICE)).text();

  test("is shown to the client that asked, and to no other", async () => {
    started.answerWith(json(200, ANSWER));
    await ask();
    expect(await contentFor(ALICE)).toEqual({
      request: expect.stringContaining(JSON.stringify(CHAT.messages)),
      response: JSON.stringify(ANSWER),
      request_is_cut: false,
      response_is_cut: false,
    });
    expect(await contentFor(BOB)).toBeNull();
  });

  test("has the events of a stream", async () => {
    const events = [
      dataEvent({ choices: [{ delta: { content: "Hel" } }] }),
      dataEvent({ choices: [{ delta: { content: "lo" } }] }),
    ];
    started.answerWith(sse([...events, "data: [DONE]\n\n"]));
    await ask({ ...CHAT, stream: true });
    expect(await contentFor(ALICE)).toMatchObject({
      response: [...events, "data: [DONE]\n\n"].join(""),
      response_is_cut: false,
    });
  });

  test("has errors, and what is asked in another API", async () => {
    started.answerWith(json(400, { error: { message: "no such thing" } }));
    await ask(
      { model: "openai/gpt-4o", max_tokens: 5, messages: [{ role: "user", content: "hello there" }] },
      "/v1/messages",
    );
    const content = await contentFor(ALICE);
    expect([content?.request, content?.response]).toEqual([
      expect.stringContaining("hello there"),
      expect.stringContaining("no such thing"),
    ]);
  });

  test("has no keys of providers, and of long bodies the beginning", async () => {
    const long = { choices: [{ message: { content: `${KEY} ${"é".repeat(20_000)} ${KEY.repeat(9000)}` } }] };
    started.answerWith(json(200, long));
    await ask({
      ...CHAT,
      messages: [{ role: "user", content: `${KEY} ${"x".repeat(65_000)}${KEY.repeat(3000)}` }],
    });
    const content = await contentFor(ALICE);
    for (const text of [content?.request ?? "", content?.response ?? ""]) {
      for (let length = KEY.length; length >= 6; length--) expect(text).not.toContain(KEY.slice(0, length));
      expect(text.length).toBeGreaterThan(10_000);
      expect(text.length).toBeLessThanOrEqual(65_536);
    }
    expect([content?.request_is_cut, content?.response_is_cut]).toEqual([true, true]);
  });

  const page = `<html><title>${KEY}</title>${`<p>${KEY}</p>`.repeat(5000)}`;

  test.each<[what: string, answer: Answer, isStream: boolean]>([
    ["a page where a JSON object was expected", () => text(200, page), false],
    ["a page where a stream was expected", () => text(200, page), true],
    ["a page of an error", () => text(502, page), false],
    ["a page of an error that nobody reads to its end", () => text(502, page.repeat(4)), false],
    ["an answer that breaks off", () => [longHead, chunk(JSON.stringify({ page })), close()], false],
    ["a stream that breaks off", () => [head(200, EVENTS), chunk(dataEvent({ page }).slice(0, -9)), close()], true],
  ])("is masked and bounded of what no client can use, too: %s", async (_, answer, stream) => {
    started.answerWith(answer);
    await ask({ ...CHAT, model: "groq/m", stream });
    const content = await contentFor(ALICE);
    const response = content?.response ?? "";
    expect(response.includes(KEY.slice(0, 8))).toBe(false);
    expect(response.length).toBeWithin(10_000, 65_537);
    expect(content?.response_is_cut).toBe(true);
  });

  test.each<[what: string, path: string, answer: Answer]>([
    ["an answer", "/v1/chat/completions", () => [longHead, chunk('{"choices":['), close()]],
    ["an answer in another API", "/v1/messages", () => [longHead, chunk('{"choices":['), close()]],
    [
      "an error",
      "/v1/chat/completions",
      () => [head(500, { "content-length": "999" }), chunk('{"choices":['), close()],
    ],
  ])("is what had come of %s that breaks off, and says that it is cut", async (_, path, answer) => {
    started.answerWith(answer);
    await ask({ ...CHAT, model: "groq/m", max_tokens: 5 }, path);
    expect(await contentFor(ALICE)).toMatchObject({ response: '{"choices":[', response_is_cut: true });
  });

  const said = `{"error":{"message":"no ${KEY} é"}}`;
  const bigEndian = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();
  test.each<[encoding: string, bytes: Buffer]>([
    ["UTF-16, the low byte first", Buffer.from(said, "utf16le")],
    ["UTF-16, the high byte first", bigEndian(said)],
    ["UTF-16 with a mark of that", Buffer.from(`\ufeff${said}`, "utf16le")],
    ["UTF-16 with a mark of the other order", bigEndian(`\ufeff${said}`)],
  ])("is masked in %s, too", async (_, bytes) => {
    started.answerWith(() => [head(500, { "content-length": String(bytes.length) }), chunk(bytes), end()]);
    const answer = await ask();
    const { response = "" } = (await contentFor(ALICE)) ?? {};
    expect(response).toMatch(/^\{"error":\{"message":"no \*+ é"\}\}$/);
    expect(answer.replaceAll(/\0|\\u0000/g, "")).not.toContain(KEY.slice(0, 8));
  });

  test("is over when its time is, also if no more is kept", async () => {
    started.answerWith(json(200, ANSWER));
    await ask();
    expect(await contentFor(ALICE)).not.toBeNull();
    const id = await lastId();
    await started.gateway.end();
    const read = async (more: Readonly<Record<string, string>>) => {
      await using again = await startGateway({ ...settings, HISTORY_CONTENT: "false", ...more });
      return ((await (await fetch(`${again.url}/v1/requests/${id}`, { headers: ALICE })).json()) as RequestDetails)
        .content;
    };
    expect(await read({})).not.toBeNull();
    const old = id.replace(/^......../, "00000000");
    await place.ask(`UPDATE contents SET id = '${old}' WHERE id = '${id}'`);
    await read({});
    expect(await place.ask(`SELECT id FROM contents WHERE id IN ('${old}', '${id}')`)).toEqual([]);
  });
});

test.each([
  ["00000000-0000-7000-8000-000000000000", 404],
  ["x", 404],
  ["%00", 404],
])("there is no request %s", async (id, status) => {
  await using place = await openPlace("sqlite");
  await using gateway = await startGateway({ ...place.settings });
  expect((await fetch(`${gateway.url}/v1/requests/${id}`)).status).toBe(status);
});

test("nothing is kept of it unless that is asked for", async () => {
  await using place = await openPlace("sqlite");
  await using started = await startBesideProvider((url) => ({ ...threeProviders(url), ...place.settings }));
  started.answerWith(json(200, ANSWER));
  await (await started.post("/v1/chat/completions", CHAT)).text();
  const url = `${started.gateway.url}/v1/requests`;
  const { data } = (await (await fetch(url)).json()) as { data: { id: string }[] };
  expect((await (await fetch(`${url}/${data[0]?.id}`)).json()) as object).toMatchObject({ content: null });
  await started.gateway.end();
  expect(await place.ask("SELECT id FROM contents")).toEqual([]);
});
