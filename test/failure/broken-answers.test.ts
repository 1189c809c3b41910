import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { closeWithoutAnswer, dataEvent, json, redirect, resetWithoutAnswer, sse } from "../fixtures/answers.ts";
import { freePort } from "../fixtures/free-port.ts";
import { createGate } from "../fixtures/gate.ts";
import { type MockProvider, startMockProvider } from "../fixtures/mock-provider.ts";
import { chunk, close, end, flood, head, raw, reset, stall, type Step, wait } from "../fixtures/script.ts";
import { createSelfSignedCertificate } from "../fixtures/self-signed-certificate.ts";
import { RIG_KEY, type Rig, startRig } from "../fixtures/start-rig.ts";
import { byTransport, IS_OVER_FETCH } from "../fixtures/transport-differences.ts";

let rig: Rig;
let selfSigned: MockProvider;
beforeAll(async () => {
  selfSigned = await startMockProvider({ tls: await createSelfSignedCertificate() });
  const gone = await freePort();
  rig = await startRig({
    CUSTOM_PROVIDERS: "gone,nameless,selfsigned,plain",
    GONE_API_URL: `http://127.0.0.1:${gone}/v1`,
    NAMELESS_API_URL: "http://no-such-host.invalid/v1",
    SELFSIGNED_API_URL: `${selfSigned.url}/v1`,
    PLAIN_API_URL: `https://127.0.0.1:${gone}/v1`,
  });
});
afterAll(async () => {
  await rig.finish();
  await rig[Symbol.asyncDispose]();
  await selfSigned.stop();
});

const CHUNKED_JSON = { "content-type": "application/json", "transfer-encoding": "chunked" };
const EVENT_STREAM = { "content-type": "text/event-stream", "transfer-encoding": "chunked" };

/** The routes with a dialect of their own, and whether a stream is asked for. */
const CALLS = [
  ["chat", "/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] }],
  ["chat stream", "/v1/chat/completions", { stream: true, messages: [{ role: "user", content: "hi" }] }],
  ["messages stream", "/v1/messages", { stream: true, max_tokens: 1, messages: [{ role: "user", content: "hi" }] }],
  ["responses stream", "/v1/responses", { stream: true, input: "hi" }],
  ["embeddings", "/v1/embeddings", { input: "hi" }],
  ["proxy", "/proxy/PROVIDER/x", {}],
] as const;

type Call = (typeof CALLS)[number];

/** Asks, and gives back what the client sees: the status, and the error however its dialect wraps it. */
async function ask([, target, body]: Call, provider = target === "/v1/messages" ? "anthropic" : "openai", on = rig) {
  const isProxy = target.startsWith("/proxy");
  const query = `key=${RIG_KEY}`;
  const { client, id } = await on.call({
    target: `${target.replace("PROVIDER", provider)}?${isProxy ? query : `provider=${provider}&${query}`}`,
    body: { model: "m", ...body },
  });
  const { status, header } = await client.head(5000);
  const answer = await client.body();
  client.leave();
  return {
    status,
    type: header("content-type"),
    requestId: header("x-request-id"),
    text: answer.text,
    complete: answer.complete,
    line: await on.settled(id),
  };
}

function messageOf(text: string): unknown {
  const { error } = JSON.parse(text) as { error: string | { message: string } };
  return typeof error === "string" ? error : error.message;
}

/** What an error says of who answered; the envelopes of Anthropic and OpenAI have no place for that. */
function providerIn(text: string): unknown {
  const { error, provider } = JSON.parse(text) as { error: unknown; provider?: unknown };
  return typeof error === "string" ? provider : "openai";
}

const RESET = "The upstream server closed the connection before its answer was complete";
const INVALID = "The upstream server sent an invalid response";
const EMPTY = "The upstream server sent an empty response";

type Broken = readonly [string, () => Step[], string, string];

const BROKEN: readonly Broken[] = [
  ["resets the connection, unanswered", resetWithoutAnswer, "upstream_reset", RESET],
  ["closes the connection, unanswered", closeWithoutAnswer, "upstream_reset", RESET],
  ["closes the connection amid the head", () => [raw("HTTP/1.1 200 OK\r\ncontent-"), close()], "upstream_reset", RESET],
  ["resets the connection amid the head", () => [raw("HTTP/1.1 200 OK\r\ncontent-"), reset()], "upstream_reset", RESET],
  [
    "speaks another protocol",
    () => [raw("SSH-2.0-OpenSSH_9.9\r\n\r\n"), close()],
    "upstream_invalid_response",
    INVALID,
  ],
  [
    "sends a status that is no number",
    () => [raw("HTTP/1.1 abc OK\r\n\r\n"), close()],
    "upstream_invalid_response",
    INVALID,
  ],
  [
    "sends two lengths",
    () => [raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}"), close()],
    "upstream_invalid_response",
    INVALID,
  ],
];

const LINE_FEEDS: Broken = [
  "ends its lines with line feeds alone, and waits,",
  () => [raw("HTTP/1.1 200 OK\nconnection: close\ncontent-type: application/json\ncontent-length: 2\n\n{}"), stall()],
  "upstream_invalid_response",
  INVALID,
];

const MALFORMED: readonly Broken[] = [
  ...[600, 999].map((status): Broken => [
    `sends the status ${status}, which no response can have,`,
    () => [raw(`HTTP/1.1 ${status} x\r\ncontent-length: 2\r\n\r\n{}`), stall()],
    "upstream_invalid_response",
    INVALID,
  ]),
  [
    "sends more fields than any answer has",
    () => [raw(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n${"x: y\r\n".repeat(6500)}\r\n{}`), stall()],
    "upstream_invalid_response",
    INVALID,
  ],
  [
    "sends interim heads without end",
    () => [raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100)), stall()],
    "upstream_invalid_response",
    INVALID,
  ],
];

const REFUSED: readonly Broken[] = [
  ...BROKEN,
  ...byTransport("lineFeeds", [LINE_FEEDS], []),
  ...byTransport("malformedHead", MALFORMED, []),
];

describe.each(CALLS)("%s: a provider that", (...call) => {
  test.each(REFUSED)("%s gives 502", async (_, script, code, message) => {
    rig.provider.answer(script());
    const asked = rig.provider.requests.length;
    const { status, type, requestId, text, complete, line } = await ask(call);
    expect([status, type, complete, messageOf(text)]).toEqual([502, "application/json", true, message]);
    expect(line).toMatchObject({ status: 502, outcome: "failed", failure: code });
    expect(requestId).toBe(line["request_id"] as string);
    expect(rig.provider.requests.length).toBe(asked + 1);
  });
});

if (IS_OVER_FETCH) {
  describe("over fetch, a provider that", () => {
    let impatient: Rig;
    // One for each test, because a connection on which such a response has come may carry the next call.
    beforeEach(async () => {
      impatient = await startRig({ CLIENT_RESPONSE_HEADER_TIMEOUT: "1s" });
    });
    afterEach(() => impatient[Symbol.asyncDispose]());

    test.each([LINE_FEEDS])("%s has answered", async (_, script) => {
      for (const call of CALLS) {
        rig.provider.answer(script());
        expect(await ask(call)).toMatchObject({ status: 200, text: "{}" });
      }
    });

    test.each(MALFORMED)("%s keeps nobody waiting for longer than a head may take", async (_, script) => {
      impatient.provider.answerAlways(script);
      const answers = await Promise.all(CALLS.map((call) => ask(call, undefined, impatient)));
      for (const { status, type, complete, line } of answers) {
        expect([502, 504]).toContain(status);
        expect([type, complete]).toEqual(["application/json", true]);
        expect(line).toMatchObject({ status, outcome: "failed" });
      }
    });
  });
}

/** The other two dialects are spoken by the built-in providers only. */
const ANY_PROVIDER = CALLS.filter(([, target]) => target !== "/v1/messages" && target !== "/v1/responses");

describe.each(ANY_PROVIDER)("%s: a provider that", (...call) => {
  test("is not there gives 502", async () => {
    const { status, text, line } = await ask(call, "gone");
    expect([status, messageOf(text)]).toEqual([502, "Failed to reach upstream server"]);
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_unreachable" });
  });

  test("has a name that no one knows gives 502", async () => {
    const { status, text, line } = await ask(call, "nameless");
    const message = "Failed to reach upstream server: its host name could not be resolved";
    expect([status, messageOf(text)]).toEqual([502, message]);
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_dns_failure" });
  });

  test("has a certificate that no one vouches for gives 502", async () => {
    const { status, text, line } = await ask(call, "selfsigned");
    const message = "Failed to reach upstream server: the TLS connection could not be established";
    expect([status, messageOf(text)]).toEqual([502, message]);
    expect(line).toMatchObject({ outcome: "failed", failure: "upstream_tls_failure" });
    expect(selfSigned.requests).toEqual([]);
  });
});

const DIALECTS = CALLS.filter(([name]) => name !== "proxy");

describe.each(DIALECTS)("%s: an answer that", (...call) => {
  const LENGTH = { "content-type": "application/json", "content-length": "100" };
  const ROWS: readonly (readonly [string, () => Step[], string, string])[] = [
    ["is shorter than its length", () => [head(200, LENGTH), chunk("{"), close()], "upstream_reset", RESET],
    ["is reset amid its body", () => [head(200, LENGTH), chunk("{"), reset()], "upstream_reset", RESET],
    ["lacks its last chunk", () => [head(200, CHUNKED_JSON), chunk("{}"), close()], "upstream_reset", RESET],
    [
      "has broken chunks",
      () => [head(200, CHUNKED_JSON), raw("zz\r\n{}\r\n"), close()],
      "upstream_invalid_response",
      INVALID,
    ],
    ["is empty", () => json(200, ""), "upstream_empty_response", EMPTY],
    ["is empty, in chunks", () => [head(200, CHUNKED_JSON), end()], "upstream_empty_response", EMPTY],
    ["is an empty stream", () => sse([]), "upstream_empty_response", EMPTY],
    ["is a stream cut before its first byte", () => [head(200, EVENT_STREAM), reset()], "upstream_reset", RESET],
    [
      "leads elsewhere",
      () => redirect(`${rig.provider.url}/elsewhere?key=${RIG_KEY}`, 307),
      "upstream_redirect",
      "The upstream server answered with a redirect, which is not followed",
    ],
  ];

  test.each(ROWS)("%s gives 502", async (_, script, code, message) => {
    rig.provider.answer(script());
    const asked = rig.provider.requests.length;
    const { status, type, text, complete, line } = await ask(call);
    expect([status, type, complete, messageOf(text)]).toEqual([502, "application/json", true, message]);
    expect(providerIn(text)).toBe("openai");
    expect(line).toMatchObject({ status: 502, outcome: "failed", failure: code });
    expect(rig.provider.requests.length).toBe(asked + 1);
  });

  test("is a proxy's page in HTML keeps its status and gives a JSON error", async () => {
    const page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
    rig.provider.answer([
      head(502, { "content-type": "text/html", "content-length": String(page.length) }),
      chunk(page),
      end(),
    ]);
    const { status, type, text } = await ask(call);
    expect([status, type]).toEqual([502, "application/json"]);
    expect(String(messageOf(text))).not.toContain("<");
  });

  test("is an error whose body breaks off keeps its status", async () => {
    rig.provider.answer([head(429, { ...LENGTH, "retry-after": "7" }), chunk('{"error":'), reset()]);
    const { status, text, line } = await ask(call);
    expect(status).toBe(429);
    expect(String(messageOf(text))).toBeTruthy();
    expect(line).toMatchObject({ outcome: "answered", failure: "provider_error" });
  });
});

test("an answer too long to be held gives 502, and the provider need not go on", async () => {
  let connection = 0;
  const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
  rig.provider.answer((request) => {
    ({ connection } = request);
    return [head(200, headers), flood(256 * 1024 * 1024), end()];
  });
  const { status, text, line } = await ask(CALLS[0]);
  expect([status, messageOf(text)]).toEqual([502, "The upstream server's answer is too long"]);
  expect(providerIn(text)).toBe("openai");
  expect(line).toMatchObject({ outcome: "failed", failure: "upstream_invalid_response" });
  expect((await rig.provider.connectionClosed(connection)).by).toBe("peer");
});

describe("what passes as it is", () => {
  const streams = CALLS.filter(([name]) => name.endsWith("stream"));

  test.each(streams.map((call) => [call[0], call] as const))("%s: an error inside of a stream", async (_, call) => {
    const events = [dataEvent({ a: 1 }), dataEvent({ error: { message: "overloaded", code: 503 } })];
    rig.provider.answer(sse(events));
    const { status, text, complete, line } = await ask(call);
    expect([status, text, complete]).toEqual([200, events.join(""), true]);
    expect(line).toMatchObject({ outcome: "answered" });
  });

  test.each(streams.map((call) => [call[0], call] as const))(
    "%s: JSON where a stream was asked for",
    async (_, call) => {
      rig.provider.answer(json(200, '{"no":"stream", "n":1.0}'));
      const { status, type, text } = await ask(call);
      expect([status, type, text]).toEqual([200, "application/json", '{"no":"stream", "n":1.0}']);
    },
  );

  test("proxy: an empty body, an HTML page, a redirect", async () => {
    const [proxy] = CALLS.filter(([name]) => name === "proxy");
    if (!proxy) throw new Error("there is a proxy call");
    rig.provider.answer(json(200, ""));
    expect(await ask(proxy)).toMatchObject({ status: 200, text: "", complete: true });
    rig.provider.answer(json(503, "<html>", { "x-odd": "1" }));
    expect(await ask(proxy)).toMatchObject({ status: 503, text: "<html>", line: { outcome: "answered" } });
    rig.provider.answer(redirect("/elsewhere", 308));
    expect(await ask(proxy)).toMatchObject({ status: 308, text: "" });
  });
});

describe("proxy: an answer that breaks off", () => {
  const LONG = { "content-type": "x/y", "content-length": "1000000" };
  const ROWS: readonly (readonly [string, Step, readonly Step[]])[] = [
    ["amid a stream of events", head(200, EVENT_STREAM), [close()]],
    ["amid a stream of events, by a reset", head(200, EVENT_STREAM), [reset()]],
    ["by a broken chunk", head(200, EVENT_STREAM), [raw("zz\r\nx\r\n"), close()]],
    ["amid a long body", head(200, LONG), [close()]],
  ];

  test.each(ROWS)("%s: the bytes before it arrive, and the connection breaks off too", async (_, begin, breakOff) => {
    const gate = createGate();
    rig.provider.answer([begin, chunk("data: 1\n\n"), wait(gate), ...breakOff]);
    const { client, id } = await rig.call({ target: `/proxy/openai/x?key=${RIG_KEY}`, body: {} });
    expect(Buffer.from((await client.nextBytes()) ?? []).toString()).toBe("data: 1\n\n");
    gate.open();
    expect(await client.body()).toMatchObject({ text: "", complete: false });
    expect((await client.untilClosed()).by).toBe("peer");
    expect(await rig.settled(id)).toMatchObject({ outcome: "cut", status: 200, bytes_out: 9 });
  });

  test("within its short, announced length: 502, since nothing was sent yet", async () => {
    rig.provider.answer([head(200, { "content-type": "x/y", "content-length": "100" }), chunk("data"), close()]);
    expect(await ask(CALLS[5])).toMatchObject({ status: 502, line: { outcome: "failed", failure: "upstream_reset" } });
  });
});
