import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { json } from "../fixtures/answers.ts";
import { createGate } from "../fixtures/gate.ts";
import { wait } from "../fixtures/script.ts";
import type { LogLine } from "../fixtures/start-gateway.ts";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { type StartedGateway, startBesideProvider, threeProviders } from "../routes/started-gateway.ts";
import { MALFORMED_CHUNKS, MALFORMED_HEADS, SMUGGLED, TOKEN } from "./malformed-requests.ts";

// Where the machine is busy, a gateway takes long to start.

let started: StartedGateway;
let linesBefore = 0;

beforeAll(async () => {
  started = await startBesideProvider((url) => ({
    ...threeProviders(url),
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: TOKEN,
  }));
});
beforeEach(() => {
  started.takeCalls();
  linesBefore = started.gateway.log.length;
});
afterAll(() => started[Symbol.asyncDispose]());

interface Reply {
  readonly statuses: readonly number[];
  readonly wire: string;
}

/** All that is answered to these bytes until the gateway closes the connection; rejects where it does not. */
async function replyTo(bytes: string): Promise<Reply> {
  await using client = await openRawClient(started.gateway.port);
  await client.send(Buffer.from(bytes, "latin1"));
  const ending = await client.untilClosed();
  expect(ending.by).toBe("peer");
  const wire = Buffer.from(ending.wire).toString("latin1");
  return { wire, statuses: [...wire.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)) };
}

/** The log lines of the requests since the test began; asking for one more makes sure that none is on its way. */
async function requestLines(): Promise<readonly LogLine[]> {
  const id = crypto.randomUUID();
  await fetch(`${started.gateway.url}/nowhere`, { headers: { "x-request-id": id } });
  await started.gateway.logged((line) => line["request_id"] === id);
  return started.gateway.log
    .slice(linesBefore)
    .filter((line) => line["request_id"] !== undefined && line["request_id"] !== id);
}

test("a header that cannot be sent on is told to be the client's, in what it was told and in the log", async () => {
  await using client = await openRawClient(started.gateway.port);
  const headers = { authorization: `Bearer ${TOKEN}`, "user-agent": "a\x7fb" };
  const body = JSON.stringify({ model: "openai/x", messages: [{ role: "user", content: "hi" }] });
  await client.request("POST", "/v1/chat/completions", { headers, body });
  expect((await client.head()).status).toBe(400);
  expect(JSON.parse((await client.body()).text)).toMatchObject({
    code: "invalid_request",
    error: "A header of the request cannot be sent to the provider",
  });
  expect(started.takeCalls()).toEqual([]);
  expect(await requestLines()).toMatchObject([{ failure: "invalid_request", cause: "REQUEST_HEADER" }]);
});

describe("a malformed head is refused, its connection closed, and what stands behind it never read", () => {
  test.each(MALFORMED_HEADS)("%s", async (_, bytes) => {
    const { statuses, wire } = await replyTo(bytes + SMUGGLED);
    expect(statuses).toHaveLength(1);
    expect([400, 505]).toContain(statuses[0] ?? 0);
    const [, body] = wire.split("\r\n\r\n");
    // Without a body where there is no reading it; else the answer says why.
    if (body !== "") expect(JSON.parse(body ?? "")).toMatchObject({ code: "invalid_request" });
    expect(started.takeCalls()).toEqual([]);
    for (const line of await requestLines()) expect(line).toMatchObject({ status: 400, failure: "invalid_request" });
  });

  test.each(MALFORMED_HEADS)("%s, without a token", async (_, bytes) => {
    const { statuses } = await replyTo(`${bytes.replace(TOKEN, "wrong")}${SMUGGLED.replace("GET", "BREW")}`);
    expect([400, 401, 505]).toContain(statuses[0] ?? 0);
    expect(started.takeCalls()).toEqual([]);
    for (const line of await requestLines()) expect([400, 401]).toContain(Number(line["status"]));
  });
});

describe("a health check may lack a Host in HTTP/1.0, and nothing else", () => {
  test.each(["/health", "/v1/health", "/health/ready"])("%s", async (path) => {
    expect((await replyTo(`GET ${path} HTTP/1.0\r\n\r\n`)).statuses).toEqual([200]);
    for (const fields of [
      "",
      "Host:\r\n",
      "Host: x\r\nHost: y\r\n",
      "Host: x/y\r\n",
      "Host: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n",
      "Host: x\r\nTransfer-Encoding: chunked,\r\n",
    ]) {
      const { statuses } = await replyTo(`GET ${path} HTTP/1.1\r\n${fields}\r\n${SMUGGLED}`);
      // What stands behind the last of them are bad chunks, which may have an answer of their own.
      expect([fields, ...new Set(statuses)]).toEqual([fields, 400]);
    }
    expect((await requestLines()).map((line) => line["route"])).not.toContain("/v1/models");
  });
});

describe("malformed chunks break the request off, and what stands behind them is never read", () => {
  const routes = ["/v1/chat/completions", "/v1/messages", "/proxy/openai/files"];
  test.each(MALFORMED_CHUNKS)("%s", async (_, bytes) => {
    for (const route of routes) {
      const id = crypto.randomUUID();
      const request = bytes.replace("/v1/chat/completions", route).replace("Host:", `X-Request-Id: ${id}\r\nHost:`);
      const { statuses } = await replyTo(request + SMUGGLED);
      expect(statuses).toHaveLength(1);
      expect([400, 413]).toContain(statuses[0] ?? 0);
      // A proxied upload has begun when it breaks off; no whole request of it arrives.
      const line = await started.gateway.logged((candidate) => candidate["request_id"] === id);
      expect(line["outcome"]).toBeOneOf(["failed", "client_gone"]);
      expect(started.takeCalls()).toEqual([]);
    }
    expect((await requestLines()).map((line) => line["route"]).sort()).toEqual([
      "/proxy/*",
      "/v1/chat/completions",
      "/v1/messages",
    ]);
  });
});

describe("what looks like a request within the body of another is its body", () => {
  const length = `Content-Length: ${SMUGGLED.length}`;
  const chunked = "Transfer-Encoding: chunked";
  const chunks = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
  const good = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  const next = `GET /health HTTP/1.1\r\n${good}Connection: close\r\n\r\n`;

  test.each([
    ["that was refused unread", `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n${length}\r\n\r\n${SMUGGLED}`, 401],
    ["in chunks, refused unread", `POST /v1/messages HTTP/1.1\r\nHost: x\r\n${chunked}\r\n\r\n${chunks}`, 401],
    ["of a GET", `GET /nowhere HTTP/1.1\r\n${good}${length}\r\n\r\n${SMUGGLED}`, 404],
    ["of a GET, in chunks", `GET /nowhere HTTP/1.1\r\n${good}${chunked}\r\n\r\n${chunks}`, 404],
    ["of a HEAD", `HEAD /nowhere HTTP/1.1\r\n${good}${length}\r\n\r\n${SMUGGLED}`, 404],
    ["of a health check", `GET /health HTTP/1.1\r\n${good}${length}\r\n\r\n${SMUGGLED}`, 200],
    [
      "of an upgrade",
      `GET /nowhere HTTP/1.1\r\n${good}Upgrade: x\r\nConnection: Upgrade\r\n${length}\r\n\r\n${SMUGGLED}`,
      404,
    ],
    ["of an unknown route", `PUT /nowhere HTTP/1.1\r\n${good}${length}\r\n\r\n${SMUGGLED}`, 404],
    ["of a method that is not allowed", `POST /v1/models HTTP/1.1\r\n${good}${length}\r\n\r\n${SMUGGLED}`, 405],
  ])("%s", async (_, bytes, status) => {
    const { statuses } = await replyTo(bytes + next);
    expect(statuses).toEqual([status, 200]);
    expect((await requestLines()).map((line) => line["route"])).not.toContain("/v1/models");
  });

  test("a body that is not JSON is refused, and not served", async () => {
    const { statuses } = await replyTo(
      `POST /v1/chat/completions HTTP/1.1\r\n${good}${length}\r\nConnection: close\r\n\r\n${SMUGGLED}`,
    );
    expect(statuses).toEqual([400]);
    expect((await requestLines()).map((line) => line["route"])).toEqual(["/v1/chat/completions"]);
  });

  test.each([
    ["two bytes and a request", `XX${SMUGGLED}`],
    ["a name and a request", `X:${SMUGGLED}`],
    ["fields", "Content-Length: 9\r\nHost: x\r\n\r\n"],
  ])("a trailer that holds %s ends the connection", async (_, trailer) => {
    const { statuses } = await replyTo(`GET /nowhere HTTP/1.1\r\n${good}${chunked}\r\n\r\n1\r\na\r\n0\r\n${trailer}`);
    expect(statuses).toEqual([404]);
    expect((await requestLines()).map((line) => line["route"])).not.toContain("/v1/models");
  });

  test("a request behind one that is not answered yet waits for that answer", async () => {
    const gate = createGate();
    started.answerWith(() => [wait(gate.opened), ...json(200, {})]);
    const body = '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}';
    const fields = `${good}X-Request-Id: not-answered-yet\r\nContent-Length: ${body.length}`;
    const replying = replyTo(`POST /v1/chat/completions HTTP/1.1\r\n${fields}\r\n\r\n${body}${next}`);
    await started.provider.nextRequest();
    gate.open();
    started.answerWith(json(200, {}));
    expect((await replying).statuses).toEqual([200, 200]);
    expect((await requestLines()).map((line) => line["route"])).toEqual(["/v1/chat/completions"]);
  });
});

describe("what stays allowed", () => {
  const good = `Host: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n`;
  const body = '{"model":"openai/m","messages":[{"role":"user","content":"hi"}]}';
  const chunk = (extension = ""): string => `${body.length.toString(16)}${extension}\r\n${body}\r\n0\r\n\r\n`;

  test.each([
    ["white space around a length", `Content-Length: \t${body.length} \r\n\r\n${body}`],
    ["a length with a zero before it", `Content-Length: 0${body.length}\r\n\r\n${body}`],
    ["chunked in capitals", `Transfer-Encoding: CHUNKED\r\n\r\n${chunk()}`],
    ["white space around chunked", `Transfer-Encoding: \t chunked \r\n\r\n${chunk()}`],
    ["zeros before the size of a chunk", `Transfer-Encoding: chunked\r\n\r\n000${chunk()}`],
    ["an extension of a chunk", `Transfer-Encoding: chunked\r\n\r\n${chunk(";a=b")}`],
    ["an extension that looks like the end of one", `Transfer-Encoding: chunked\r\n\r\n${chunk(';a="')}`],
    ["a body announced with Expect", `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
  ])("%s", async (_, rest) => {
    const { statuses } = await replyTo(`POST /v1/chat/completions HTTP/1.1\r\n${good}Connection: close\r\n${rest}`);
    expect(statuses.filter((status) => status !== 100)).toEqual([200]);
    expect(Buffer.from(started.takeCall().body).toString()).toBe(body.replace("openai/", ""));
  });

  test.each([
    "localhost",
    "LOCALHOST:8080",
    "a-b.example.org",
    "my_service:80",
    "127.0.0.1",
    "[::1]:8080",
    "x:",
    "a~b",
  ])("Host: %s", async (host) => {
    const bytes = `GET /nowhere HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`;
    expect((await replyTo(bytes)).statuses).toEqual([404]);
  });

  test("an absolute target, whose authority decides nothing: not even what the provider is told", async () => {
    const bytes = `GET http://evil.example:1/proxy/openai/files HTTP/1.1\r\n${good}Connection: close\r\n\r\n`;
    expect((await replyTo(bytes)).statuses).toEqual([200]);
    const call = started.takeCall();
    expect([call.target, call.header("host")]).toEqual(["/v1/files", `127.0.0.1:${started.provider.port}`]);
  });
});
