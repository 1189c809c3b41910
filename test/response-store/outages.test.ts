import { expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { RedisClient } from "bun";
import { type GatewayProcess, startGateway as startGatewayProcess } from "../fixtures/start-gateway.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";
import { json } from "../fixtures/answers.ts";
import { answerOf } from "../translation/provider-traffic.ts";
import { PROVIDERS, settingsOf, type TranslatingGateway } from "../translation/translating-gateway.ts";
import { hasRedis, openFolder, type RedisServer, startKeeping, startRedis } from "./stores.ts";

const model = `${PROVIDERS.chat}/m`;

/** A store that answers does so in less, even if the machine is busy: otherwise it would count as one that does not. */
const TIMEOUT = "2s";

const POLL_MS = 20;

interface Answered {
  readonly id: string;
  readonly store: boolean;
}

async function post(url: string, request: object = {}): Promise<Response> {
  return fetch(`${url}/v1/responses`, { method: "POST", body: JSON.stringify({ model, input: "x", ...request }) });
}

/** Asks for a response, streamed or not. */
async function ask({ gateway, answerWith }: TranslatingGateway, streams = false): Promise<Answered> {
  answerWith(answerOf("chat", streams));
  const response = await post(gateway.url, { stream: streams });
  expect(response.status).toBe(200);
  if (!streams) return (await response.json()) as Answered;
  const text = await response.text();
  const last = text.slice(text.indexOf("event: response.completed"));
  return (JSON.parse(last.slice(last.indexOf("data: ") + 6)) as { response: Answered }).response;
}

/** Asks again and again, with a rest in between, until a response is kept. */
async function askUntilKept(started: TranslatingGateway): Promise<Answered> {
  let answered = await ask(started);
  while (!answered.store) {
    await Bun.sleep(POLL_MS);
    answered = await ask(started);
  }
  return answered;
}

const OUTAGES: readonly (readonly [
  string,
  (server: RedisServer) => Promise<void>,
  (server: RedisServer) => Promise<void>,
])[] = [
  ["is gone", (server) => server.kill(), (server) => server.start()],
  ["does not answer", async (server) => server.signal("SIGSTOP"), async (server) => server.signal("SIGCONT")],
];

test.skipIf(!hasRedis).each(OUTAGES)(
  "a server that %s costs the store alone, and is found again",
  async (_, leave, comeBack) => {
    await using server = await startRedis();
    await using started = await startKeeping(server, { RESPONSES_STORE_TIMEOUT: TIMEOUT });
    const first = await ask(started);
    expect(first.store).toBe(true);
    await leave(server);
    // Each gets its answer, which says that it is not kept.
    for (const streams of [false, true]) expect((await ask(started, streams)).store).toBe(false);
    started.takeCalls();
    for (const refused of [
      await post(started.gateway.url, { previous_response_id: first.id }),
      await post(started.gateway.url, { input: [{ type: "item_reference", id: "msg_1" }] }),
      await fetch(`${started.gateway.url}/v1/responses/${first.id}`),
      await fetch(`${started.gateway.url}/v1/responses/${first.id}`, { method: "DELETE" }),
    ]) {
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      expect(await refused.json()).toMatchObject({ error: { code: "response_store_unavailable" } });
    }
    expect(started.takeCalls()).toEqual([]);
    const lines = () => started.gateway.log.filter(({ msg }) => String(msg).includes("store of responses"));
    expect(lines().map(({ level }) => level)).toEqual(["warn"]);
    await comeBack(server);
    // For a moment after a failure nobody asks.
    const next = await askUntilKept(started);
    expect((await post(started.gateway.url, { previous_response_id: next.id })).status).toBe(200);
    expect(lines().map(({ level }) => level)).toEqual(["warn", "info"]);
  },
);

test.skipIf(!hasRedis)("a server that was away at the start is found", async () => {
  await using server = await startRedis();
  await server.kill();
  await using started = await startKeeping(server, { RESPONSES_STORE_TIMEOUT: TIMEOUT });
  expect((await ask(started)).store).toBe(false);
  await server.start();
  await askUntilKept(started);
});

test.skipIf(!hasRedis)("what is kept in a server expires there by itself, and is counted exactly", async () => {
  await using server = await startRedis();
  await using started = await startKeeping(server, { RESPONSES_STORE_TTL: "1h" });
  const answered: Answered[] = [];
  for (let count = 0; count < 3; count++) answered.push(await ask(started));
  const client = new RedisClient(server.url);
  const keys = await client.keys("*");
  expect(keys.every((key) => key.startsWith("{inference-gateway:responses}:"))).toBe(true);
  for (const key of keys) {
    const left = await client.pttl(key);
    expect([key, left > 0 && left <= 3_600_000]).toEqual([key, true]);
  }
  for (const { id } of answered) await fetch(`${started.gateway.url}/v1/responses/${id}`, { method: "DELETE" });
  // Nothing is left but the total.
  expect(await client.keys("*")).toEqual(["{inference-gateway:responses}:bytes"]);
  expect(await client.hgetall("{inference-gateway:responses}:bytes")).toEqual({ "": "0" });
  client.close();
});

test("a locked file is waited for, but not for long", async () => {
  await using place = openFolder();
  await using started = await startKeeping(place, { RESPONSES_STORE_TIMEOUT: TIMEOUT });
  const first = await ask(started);
  const other = new Database(place.settings["RESPONSES_STORE_PATH"] ?? "");
  other.run("BEGIN IMMEDIATE");
  expect((await ask(started)).store).toBe(false);
  // Reading needs no lock.
  expect((await post(started.gateway.url, { previous_response_id: first.id, store: false })).status).toBe(200);
  other.run("COMMIT");
  expect((await ask(started)).store).toBe(true);
  other.close();
});

async function startTwo(settings: Record<string, string>): Promise<[GatewayProcess, GatewayProcess]> {
  return Promise.all([startGatewayProcess(settings), startGatewayProcess(settings)]);
}

test("several processes share a file, and one that is killed costs none of what was answered", async () => {
  await using place = openFolder();
  await using provider = await startMockProvider();
  provider.answerAlways(({ method }) => (method === "GET" ? json(200, { data: [] }) : answerOf("chat", false)));
  const settings = { ...settingsOf(provider.url), ...place.settings };
  const [one, other] = await startTwo(settings);
  await using _one = one;
  await using _other = other;
  const answered: Answered[] = [];
  const fill = async ({ url }: GatewayProcess, count: number): Promise<void> => {
    for (let each = 0; each < count; each++) {
      const response = await post(url).catch(() => undefined);
      // Killed.
      if (!response) return;
      answered.push((await response.json()) as Answered);
      if (answered.length === 60) one.process.kill("SIGKILL");
    }
  };
  await Promise.all([fill(one, 100), fill(one, 100), fill(other, 40), fill(other, 40)]);
  expect(answered.length).toBeGreaterThanOrEqual(60);
  expect(answered.every(({ store }) => store)).toBe(true);
  for (const { id } of answered) expect((await fetch(`${other.url}/v1/responses/${id}`)).status).toBe(200);
  const goesOn = await post(other.url, { previous_response_id: answered[0]?.id });
  expect(goesOn.status).toBe(200);
  const file = new Database(place.settings["RESPONSES_STORE_PATH"] ?? "", { readonly: true });
  expect(file.query("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const counted = file.query("SELECT (SELECT sum(bytes) FROM responses) = bytes AS same FROM totals WHERE owner = ''");
  expect(counted.get()).toEqual({ same: 1 });
  file.close();
});
