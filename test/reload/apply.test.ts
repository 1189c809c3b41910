import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { json, sse } from "../fixtures/answers.ts";
import { createGate, type Gate } from "../fixtures/gate.ts";
import type { ReceivedRequest } from "../fixtures/http-request-parser.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
import { forcedTransport } from "../fixtures/start-gateway.ts";
import { chunk, end, head, type Script, wait } from "../fixtures/script.ts";
import { openReloadable, until } from "./reloadable.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const KEEPS_CONNECTIONS = forcedTransport()["CLIENT_TRANSPORT"] !== "fetch";

let one: MockProvider;
let other: MockProvider;

beforeAll(async () => {
  one = await startMockProvider();
  other = await startMockProvider();
});
afterAll(async () => {
  await one.stop();
  await other.stop();
});

const LISTED = ["gpt-a", "gpt-b"];

/** Lists its models, and answers everything else with its name. */
function answerAs(name: string, gate?: Gate): (request: ReceivedRequest) => Script {
  return ({ target, body }) => {
    if (target.endsWith("/models")) return json(200, { data: LISTED.map((id) => ({ id, object: "model" })) });
    if (Buffer.from(body).toString().includes('"stream":true')) {
      return sse([`data: {"from":"${name}"}\n\n`, "data: [DONE]\n\n"], { gaps: [undefined, gate] });
    }
    if (!gate) return json(200, { from: name });
    return [
      wait(gate),
      head(200, { "content-type": "application/json", "content-length": String(11 + name.length) }),
      chunk(`{"from":"${name}"}`),
      end(),
    ];
  };
}

beforeEach(() => {
  one.answerAlways(answerAs("one"));
  other.answerAlways(answerAs("other"));
});

const at = (provider: MockProvider, key = "sk-one", more: Readonly<Record<string, string>> = {}) => ({
  OPENAI_API_URL: `${provider.url}/v1`,
  OPENAI_API_KEY: key,
  ...more,
});
const chats = (provider: MockProvider): readonly ReceivedRequest[] =>
  provider.requests.filter(({ target }) => target.endsWith("/chat/completions"));
const lists = (provider: MockProvider): number =>
  provider.requests.filter(({ target }) => target.endsWith("/models")).length;

/** Waits until a provider that nobody will ask any more has no connection. Those of HTTP/1.1 that `fetch` keeps are the runtime's. */
async function untilClosed(provider: MockProvider): Promise<void> {
  if (!KEEPS_CONNECTIONS) return;
  await until(() => provider.openConnections === 0, "the connections to the provider are closed");
}

describe("requests in flight", () => {
  test("end on what they began with, and new ones go to the new provider with the new key at once", async () => {
    const gate = createGate();
    one.answerAlways(answerAs("one", gate));
    await using gateway = await openReloadable(at(one));
    const stream = await gateway.chat("openai/m", { stream: true });
    const reader = stream.body?.getReader();
    const first = Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(first).toBe('data: {"from":"one"}\n\n');
    const asked = chats(one).length;
    const waiting = gateway.chat("openai/m");
    await until(() => chats(one).length > asked, "the second request is with the provider");

    const changes = await gateway.apply(at(other, "sk-other"));
    expect(changes).toEqual({ changed: ["OPENAI_API_URL", "OPENAI_API_KEY"], needRestart: [] });
    expect(await (await gateway.chat("openai/m")).json()).toEqual({ from: "other" });
    expect(chats(other).at(-1)?.header("authorization")).toBe("Bearer sk-other");
    expect(await (await gateway.chat("openai/m", { stream: true })).text()).toContain('{"from":"other"}');

    gate.open();
    expect(await (await waiting).json()).toEqual({ from: "one" });
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: [DONE]\n\n");
    expect((await reader?.read())?.done).toBe(true);
    // Nobody will ask the old one again.
    await untilClosed(one);
    expect(gateway.lines.filter(({ outcome }) => outcome !== "answered" && outcome !== undefined)).toEqual([]);
  });

  test("keep their connections as long as one of them is on the old state", async () => {
    const gate = createGate();
    one.answerAlways(answerAs("one", gate));
    await using gateway = await openReloadable(at(one));
    const stream = await gateway.chat("openai/m", { stream: true });
    await gateway.apply(at(other));
    await gateway.apply(at(other, "sk-2"));
    expect(one.openConnections).toBeGreaterThan(0);
    gate.open();
    expect(await stream.text()).toEndWith("data: [DONE]\n\n");
    await untilClosed(one);
  });
});

describe("new requests see at once", () => {
  test.each([
    ["a model policy", { DISALLOWED_MODELS: "openai/m" }, 403],
    ["authentication", { AUTH_ENABLED: "true", AUTH_API_KEYS: "secret-key" }, 401],
    ["a shorter limit of bodies", { SERVER_MAX_REQUEST_BODY_SIZE: "10" }, 413],
    ["a provider without a key", { OPENAI_API_KEY: "" }, 400],
  ])("%s, and that it is gone again", async (_, settings, status) => {
    await using gateway = await openReloadable(at(one));
    expect((await gateway.chat("openai/m")).status).toBe(200);
    const { changed, needRestart } = await gateway.apply({ ...at(one), ...settings });
    expect(needRestart).toEqual([]);
    expect([...changed].sort()).toEqual(Object.keys(settings).sort());
    expect((await gateway.chat("openai/m")).status).toBe(status);
    await gateway.apply(at(one));
    expect((await gateway.chat("openai/m")).status).toBe(200);
  });

  test("another envelope of errors, other origins, and the guide coming and going", async () => {
    await using gateway = await openReloadable(at(one));
    const preflight = () =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        headers: { origin: "https://app.example" },
        keepalive: false,
      });
    const guide = async () => (await fetch(`${gateway.url}/docs`, { keepalive: false })).status;
    expect(await (await gateway.post("/v1/nothing", {})).json()).toHaveProperty(
      "error",
      "Requested route is not found",
    );
    expect([(await preflight()).headers.get("access-control-allow-origin"), await guide()]).toEqual([null, 200]);
    await gateway.apply({
      ...at(one),
      ERROR_FORMAT: "openai",
      SERVER_CORS_ORIGINS: "https://app.example",
      SWAGGER_ENABLED: "false",
    });
    expect(await (await gateway.post("/v1/nothing", {})).json()).toHaveProperty("error.code", "route_not_found");
    expect((await preflight()).headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(await guide()).toBe(404);
    await gateway.apply(at(one));
    expect([(await preflight()).headers.get("access-control-allow-origin"), await guide()]).toEqual([null, 200]);
  });

  test("a provider that was not there before, and no more that is gone", async () => {
    await using gateway = await openReloadable(at(one));
    expect((await gateway.chat("mine/m")).status).toBe(400);
    const custom = { CUSTOM_PROVIDERS: "mine", MINE_API_URL: `${other.url}/v1` };
    const added = await gateway.apply({ ...at(one), ...custom });
    expect(added.changed).toEqual(["CUSTOM_PROVIDERS", "MINE_API_URL"]);
    expect(await (await gateway.chat("mine/m")).json()).toEqual({ from: "other" });
    const models = (await (await fetch(`${gateway.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toContain("mine/gpt-a");
    await gateway.apply(at(one));
    expect((await gateway.chat("mine/m")).status).toBe(400);
    await untilClosed(other);
  });
});

describe("what cannot be used", () => {
  test("changes nothing", async () => {
    const path = join(scratchFolder("gateway-reload"), "keys");
    writeFileSync(path, "good-key\n");
    const settings = at(one, "sk-one", { AUTH_ENABLED: "true", AUTH_API_KEYS: `@${path}` });
    await using gateway = await openReloadable(settings);
    const headers = { authorization: "Bearer good-key" };
    writeFileSync(path, "a bad key\n");
    const bad = { ...at(other, "sk-2"), AUTH_ENABLED: "true", AUTH_API_KEYS: `@${path}`, ERROR_FORMAT: "openai" };
    expect(await outcomeOf(gateway.apply(bad))).toThrow("AUTH_API_KEYS is not accepted");
    expect(await (await gateway.chat("openai/m", {}, headers)).json()).toEqual({ from: "one" });
    expect(chats(one).at(-1)?.header("authorization")).toBe("Bearer sk-one");
    expect(await (await gateway.post("/v1/nothing", {}, headers)).json()).toHaveProperty(
      "error",
      "Requested route is not found",
    );
    writeFileSync(path, "new-key\n");
    expect(await gateway.apply(settings)).toEqual({ changed: ["AUTH_API_KEYS"], needRestart: [] });
    expect((await gateway.chat("openai/m", {}, headers)).status).toBe(401);
    expect(await gateway.apply(settings)).toEqual({ changed: [], needRestart: [] });
  });

  test("without a restart is named, and the rest applied", async () => {
    await using gateway = await openReloadable(at(one));
    const wanted = { SERVER_PORT: "1", SERVER_HOST: "0.0.0.0", SERVER_WORKERS: "2", SERVER_IDLE_TIMEOUT: "9s" };
    const tls = { SERVER_TLS_CERT_PATH: "/nowhere/cert", SERVER_TLS_KEY_PATH: "/nowhere/key" };
    const changes = await gateway.apply({ ...at(other), ...wanted, ...tls, LOG_FORMAT: "json" });
    expect(changes.needRestart).toEqual([
      "LOG_FORMAT",
      "SERVER_HOST",
      "SERVER_PORT",
      "SERVER_WORKERS",
      "SERVER_IDLE_TIMEOUT",
      "SERVER_TLS_CERT_PATH",
      "SERVER_TLS_KEY_PATH",
    ]);
    expect(changes.changed).toEqual(["OPENAI_API_URL"]);
    expect(await (await gateway.chat("openai/m")).json()).toEqual({ from: "other" });
  });

  test("is refused once the gateway ends", async () => {
    const gateway = await openReloadable(at(one));
    await gateway[Symbol.asyncDispose]();
    expect(await outcomeOf(gateway.apply(at(other)))).toThrow("shutting down");
  });
});

describe("what is the same as before", () => {
  test("keeps its connections through fifty changes, and what is gone keeps none", async () => {
    await using gateway = await openReloadable(at(one));
    await (await gateway.chat("openai/m")).text();
    const before = one.connections;
    const custom = { CUSTOM_PROVIDERS: "mine", MINE_API_URL: `${other.url}/v1` };
    const accepted = other.connections;
    for (let count = 0; count < 50; count += 1) {
      await gateway.apply({ ...at(one, `sk-${count}`), ...(count % 2 === 0 && custom) });
      expect(await (await gateway.chat("openai/m")).json()).toEqual({ from: "one" });
      expect(chats(one).at(-1)?.header("authorization")).toBe(`Bearer sk-${count}`);
      if (count % 2 === 0) expect(await (await gateway.chat("mine/m")).json()).toEqual({ from: "other" });
    }
    if (!KEEPS_CONNECTIONS) return;
    // A list of models may be read beside a chat.
    expect(one.connections - before).toBeLessThanOrEqual(2);
    expect(one.openConnections).toBeLessThanOrEqual(3);
    expect(other.connections - accepted).toBeGreaterThanOrEqual(25);
    await untilClosed(other);
  });

  test("is not asked for its models again; another key is, while the old list resolves names", async () => {
    await using gateway = await openReloadable(at(one));
    await until(() => lists(one) > 0, "the models are listed");
    expect((await gateway.chat("gpt-a")).status).toBe(200);
    const before = lists(one);
    for (let count = 0; count < 5; count += 1) {
      await gateway.apply(at(one, "sk-one", count % 2 === 0 ? { ENABLE_VISION: "true" } : {}));
      expect((await gateway.chat("gpt-b")).status).toBe(200);
    }
    expect(lists(one)).toBe(before);
    const gate = createGate();
    one.answerAlways((request) =>
      request.target.endsWith("/models") ? [wait(gate), ...json(200, { data: [{ id: "gpt-c" }] })] : json(200, {}),
    );
    await gateway.apply(at(one, "sk-two"));
    await until(() => lists(one) > before, "the models are asked for with the new key");
    expect((await gateway.chat("gpt-a")).status).toBe(200);
    expect(chats(one).at(-1)?.header("authorization")).toBe("Bearer sk-two");
    gate.open();
    while ((await gateway.chat("gpt-c")).status !== 200) await Bun.sleep(2);
    expect((await gateway.chat("gpt-a")).status).toBe(400);
  });
});

test("many changes at once are made one after the other, and the last one stays", async () => {
  await using gateway = await openReloadable(at(one));
  const changes = await Promise.all(
    Array.from({ length: 20 }, (_, count) => gateway.apply(at(count % 2 === 0 ? other : one, `sk-${count}`))),
  );
  expect(changes.map(({ changed }) => changed)).toEqual(changes.map(() => ["OPENAI_API_URL", "OPENAI_API_KEY"]));
  expect(await (await gateway.chat("openai/m")).json()).toEqual({ from: "one" });
  expect(chats(one).at(-1)?.header("authorization")).toBe("Bearer sk-19");
});
