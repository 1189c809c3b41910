import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataEvent, json, sse } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { close } from "../fixtures/script.ts";
import { answerOf, STREAMS } from "../translation/provider-traffic.ts";
import { KEY, PROVIDERS, startTranslating, type TranslatingGateway } from "../translation/translating-gateway.ts";
import { KINDS, openFolder, openPlace, startKeeping } from "./stores.ts";

const model = `${PROVIDERS.chat}/m`;

interface Answered {
  readonly id: string;
  readonly store: boolean;
}

/** Asks for a response, and has it answered with a text. */
async function ask(started: TranslatingGateway, request: object = {}, text = "hi", headers = {}): Promise<Answered> {
  const choice = { index: 0, finish_reason: "stop", message: { role: "assistant", content: text } };
  started.answerWith(json(200, { id: "c", object: "chat.completion", created: 1, model: "m", choices: [choice] }));
  const response = await started.post("/v1/responses", { model, input: "x", ...request }, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Answered;
}

const statusOf = async ({ gateway }: TranslatingGateway, { id }: Answered, headers = {}): Promise<number> =>
  (await fetch(`${gateway.url}/v1/responses/${id}`, { headers })).status;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test.each(KINDS)("%s: what one key has said no other key finds", async (kind) => {
  await using place = await openPlace(kind);
  const [one, other] = ["key-of-one-0123456789", "key-of-other-0123456789"];
  const keys = { AUTH_ENABLED: "true", AUTH_API_KEYS: `one:${one},other:${other}` };
  await using started = await startKeeping(place, keys);
  const first = await ask(started, {}, "secret", bearer(one));
  expect([await statusOf(started, first, bearer(one)), await statusOf(started, first, bearer(other))]).toEqual([
    200, 404,
  ]);
  const { output } = (await (
    await fetch(`${started.gateway.url}/v1/responses/${first.id}`, { headers: bearer(one) })
  ).json()) as { output: { id: string }[] };
  for (const request of [
    { previous_response_id: first.id },
    { input: [{ type: "item_reference", id: output[0]?.id }] },
  ]) {
    const refused = await started.post("/v1/responses", { model, input: "x", ...request }, { headers: bearer(other) });
    expect([refused.status, await refused.text()]).toEqual([expect.any(Number), expect.stringContaining("not found")]);
    expect(refused.status).toBeGreaterThanOrEqual(400);
  }
  for (const path of ["", "/input_items"]) {
    const url = `${started.gateway.url}/v1/responses/${first.id}${path}`;
    expect((await fetch(url, { headers: bearer(other) })).status).toBe(404);
  }
  const url = `${started.gateway.url}/v1/responses/${first.id}`;
  expect((await fetch(url, { method: "DELETE", headers: bearer(other) })).status).toBe(404);
  expect(await statusOf(started, first, bearer(one))).toBe(200);
});

test("a key without a name does not find what the key had said that was in its place before", async () => {
  await using place = openFolder();
  const [one, other] = ["key-of-one-0123456789", "key-of-other-0123456789"];
  let first: Answered;
  {
    await using started = await startKeeping(place, { AUTH_ENABLED: "true", AUTH_API_KEYS: `${one},${other}` });
    first = await ask(started, {}, "hi", bearer(one));
  }
  await using started = await startKeeping(place, { AUTH_ENABLED: "true", AUTH_API_KEYS: `${other},${one}` });
  expect([await statusOf(started, first, bearer(other)), await statusOf(started, first, bearer(one))]).toEqual([
    404, 200,
  ]);
});

test.each(KINDS)("%s: a response is kept until it was not used for its time", async (kind) => {
  await using place = await openPlace(kind);
  let time = Date.now();
  await using started = await startKeeping(place, { RESPONSES_STORE_TTL: "1h" }, { clock: () => time });
  const first = await ask(started);
  time += 59 * 60_000;
  const second = await ask(started, { previous_response_id: first.id });
  const unused = await ask(started);
  time += 59 * 60_000;
  expect(await statusOf(started, first)).toBe(200);
  const third = await ask(started, { previous_response_id: second.id });
  time += 2 * 60_000;
  // Gone on from: it, and all before it.
  expect(await Promise.all([first, second, third, unused].map((one) => statusOf(started, one)))).toEqual([
    200, 200, 200, 404,
  ]);
  time += 60 * 60_000;
  expect(await statusOf(started, third)).toBe(404);
  const late = await started.post("/v1/responses", { model, input: "x", previous_response_id: third.id });
  expect(late.status).toBe(400);
});

test("what has expired is not in the file after the next start", async () => {
  await using place = openFolder();
  let time = Date.now();
  const start = () => startKeeping(place, { RESPONSES_STORE_TTL: "1h" }, { clock: () => time });
  {
    await using started = await start();
    await ask(started, { input: "what was said" });
  }
  const said = () =>
    readdirSync(place.directory).some((name) => readFileSync(join(place.directory, name)).includes("what was said"));
  expect(said()).toBe(true);
  time += 61 * 60_000;
  await using started = await start();
  await ask(started);
  const file = new Database(place.settings["RESPONSES_STORE_PATH"] ?? "");
  file.run("PRAGMA wal_checkpoint(TRUNCATE)");
  file.close();
  expect(said()).toBe(false);
});

test.each(KINDS)("%s: a response of very many items is not kept, and very many are not looked for", async (kind) => {
  await using place = await openPlace(kind);
  await using started = await startKeeping(place);
  const input = Array.from({ length: 10_000 }, () => ({ role: "user", content: "a" }));
  expect((await ask(started, { input })).store).toBe(false);
  expect((await ask(started, { input: input.slice(1) })).store).toBe(true);
  const references = input.map((_, at) => ({ type: "item_reference", id: `msg_${at}` }));
  const refused = await started.post("/v1/responses", { model, input: [...references, { id: "msg_x" }] });
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("refers to 10001 items")]);
});

test.each(KINDS)("%s: the oldest make room, of each client and of all", async (kind) => {
  await using place = await openPlace(kind);
  let time = Date.now();
  const [one, other] = ["key-of-one-0123456789", "key-of-other-0123456789"];
  const bounds = { RESPONSES_STORE_MAX_BYTES: "256KiB", RESPONSES_STORE_MAX_CLIENT_BYTES: "128KiB" };
  const keys = { AUTH_ENABLED: "true", AUTH_API_KEYS: `one:${one},other:${other},third:key-of-third-0123456789` };
  await using started = await startKeeping(place, { ...bounds, ...keys }, { clock: () => (time += 1) });
  const long = "x".repeat(40_000);
  const fill = async (key: string) => [
    await ask(started, {}, long, bearer(key)),
    await ask(started, {}, long, bearer(key)),
    await ask(started, {}, long, bearer(key)),
    await ask(started, {}, long, bearer(key)),
  ];
  const look = async (key: string, all: readonly Answered[]) =>
    Promise.all(all.map((each) => statusOf(started, each, bearer(key))));
  const ofOne = await fill(one);
  expect(await look(one, ofOne)).toEqual([404, 200, 200, 200]);
  const ofOther = await fill(other);
  expect(await look(one, ofOne)).toEqual([404, 200, 200, 200]);
  expect(await look(other, ofOther)).toEqual([404, 200, 200, 200]);
  await ask(started, {}, long, bearer("key-of-third-0123456789"));
  expect(await look(one, ofOne)).toEqual([404, 404, 200, 200]);
  // One that is longer than all that may be kept is answered, and says that it is not kept.
  const tooLong = await ask(started, {}, "x".repeat(200_000), bearer(one));
  expect([tooLong.store, await statusOf(started, tooLong, bearer(one))]).toEqual([false, 404]);
  expect(await look(one, ofOne)).toEqual([404, 404, 200, 200]);
});

test.each(KINDS)("%s: a conversation is at most as long as a request", async (kind) => {
  await using place = await openPlace(kind);
  await using started = await startKeeping(place, { SERVER_MAX_REQUEST_BODY_SIZE: "100000" });
  const first = await ask(started, {}, "x".repeat(60_000));
  const second = await ask(started, { previous_response_id: first.id }, "x".repeat(60_000));
  for (const [previous, input] of [
    [second.id, "x"],
    [first.id, "x".repeat(50_000)],
  ]) {
    const refused = await started.post("/v1/responses", { model, input, previous_response_id: previous });
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining("body_too_large")]);
  }
});

test("an answer that breaks off, fails, or whose client leaves is not kept", async () => {
  await using place = openFolder();
  await using started = await startKeeping(place);
  const chat = STREAMS.chat;
  const failing = dataEvent({ error: { message: "no", type: "server_error" } });
  for (const events of [chat.slice(0, 3), [...chat.slice(0, 3), failing]]) {
    started.answerWith([...sse(events).slice(0, -1), close()]);
    const text = await (await started.post("/v1/responses", { model, input: "x", stream: true })).text();
    const id = /"id":"(resp_gw[0-9a-f]+)"/.exec(text)?.[1] ?? "";
    expect(text).not.toContain("response.completed");
    expect(await statusOf(started, { id, store: false })).toBe(404);
  }
  const gate = createGate();
  const leaving = new AbortController();
  started.answerWith(sse(chat, { gaps: [undefined, undefined, undefined, gate] }));
  const { signal } = leaving;
  const response = await started.post("/v1/responses", { model, input: "x", stream: true }, { signal });
  const reader = response.body?.getReader();
  let text = "";
  while (!text.includes("output_text.delta")) text += new TextDecoder().decode((await reader?.read())?.value);
  leaving.abort();
  await rejectionOf(reader?.read());
  await started.gateway.logged((line) => line["outcome"] === "client_gone");
  gate.open();
  const id = /"id":"(resp_gw[0-9a-f]+)"/.exec(text)?.[1] ?? "";
  expect(await statusOf(started, { id, store: false })).toBe(404);
});

test("the event that ends a stream is one, whole, and last, however the provider's bytes are cut", async () => {
  await using place = openFolder();
  await using started = await startKeeping(place);
  for (const splitEvery of [1, 7, 1000]) {
    started.answerWith(sse(STREAMS.chat, { splitEvery }));
    const text = await (await started.post("/v1/responses", { model, input: "x", stream: true })).text();
    const last = text.trimEnd().split("\n\n").at(-1) ?? "";
    expect(text.split("event: response.completed").length).toBe(2);
    const { response } = JSON.parse(last.slice(last.indexOf("data: ") + 6)) as { response: Answered };
    expect([response.store, await statusOf(started, response)]).toEqual([true, 200]);
  }
});

test("the file is its owner's alone, has what was said and no key", async () => {
  await using place = openFolder();
  const key = "key-of-one-0123456789";
  const path = place.settings["RESPONSES_STORE_PATH"] ?? "";
  writeFileSync(path, "", { mode: 0o644 });
  await using started = await startKeeping(place, { AUTH_ENABLED: "true", AUTH_API_KEYS: `name-of-one:${key}` });
  await ask(started, { input: "what was said" }, "hi", bearer(key));
  const files = readdirSync(place.directory).map((name) => join(place.directory, name));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600]);
  const all = files.map((file) => readFileSync(file, "latin1")).join("");
  expect(all).toContain("what was said");
  for (const secret of [key, KEY, "name-of-one", "authorization"]) expect(all).not.toContain(secret);
});

test("a file that is something else stops the start, and is left as it is", async () => {
  await using place = openFolder();
  const path = place.settings["RESPONSES_STORE_PATH"] ?? "";
  const other = new Database(path);
  other.run("CREATE TABLE mine (a)");
  other.close();
  for (const wrong of [path, join(place.directory, "none", "x.sqlite"), place.directory]) {
    const failure = await rejectionOf(startTranslating({ ...place.settings, RESPONSES_STORE_PATH: wrong }));
    expect(String(failure)).toContain("RESPONSES_STORE_PATH is not accepted");
  }
  const again = new Database(path);
  expect(again.query("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "mine" }]);
  again.close();
});

test("without a store the refusal names the setting", async () => {
  await using started = await startKeeping({ ...openFolder(), settings: {} });
  for (const request of [
    { previous_response_id: "resp_1" },
    { conversation: "conv_1" },
    { input: [{ type: "item_reference", id: "msg_1" }] },
  ]) {
    const refused = await started.post("/v1/responses", { model, input: "x", ...request });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("RESPONSES_STORE=sqlite")]);
  }
  started.answerWith(answerOf("chat", false));
  const answer = await (await started.post("/v1/responses", { model, input: "x", store: true })).json();
  expect(answer).toMatchObject({ id: expect.not.stringContaining("resp_gw"), store: false });
});
