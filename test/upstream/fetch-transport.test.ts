import { describe, expect, test } from "bun:test";
import type { Provider } from "../../src/providers/provider.ts";
import type { Endpoint } from "../../src/upstream/endpoint.ts";
import { createFetchTransport, type Fetch } from "../../src/upstream/fetch-transport.ts";
import { createDeadlines } from "../../src/core/deadlines.ts";
import { createManualClock, settle } from "../fixtures/manual-clock.ts";
import { rejectionOf } from "../fixtures/rejection.ts";
import { createProvider, groq, REQUEST } from "./open-upstream.ts";
import { readAnswer } from "./http1/open-transport.ts";

const PROBE_AFTER_MS = 500;

const overHttp2 = (id: string): Provider => ({
  ...createProvider(id),
  endpointKey: `${id} over HTTP/2`,
  baseUrl: "https://upstream.example/v1",
  http2: true,
});

interface Sent {
  readonly url: string;
  readonly init: BunFetchRequestInit;
  readonly answer: (response?: Response) => void;
  readonly refuse: (error: unknown) => void;
}

/** A transport whose `fetch` and whose probe do nothing of themselves. */
function setUp() {
  const clock = createManualClock();
  const deadlines = createDeadlines(clock);
  const sent: Sent[] = [];
  const probes: { readonly provider: Endpoint; readonly resolve: (connects: boolean) => void }[] = [];
  const connected: Endpoint[] = [];
  const fetch: Fetch = (url, init) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    init.signal?.addEventListener("abort", () => reject(init.signal?.reason), { once: true });
    sent.push({ url, init, answer: (response = new Response("{}")) => resolve(response), refuse: reject });
    return promise;
  };
  const { send: transport, retain } = createFetchTransport({
    fetch,
    probe(provider) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      probes.push({ provider, resolve });
      return promise;
    },
    deadlines,
    now: clock.now,
    probeAfterMs: PROBE_AFTER_MS,
  });
  const send = (provider: Provider = groq, request: Parameters<typeof transport>[1] = REQUEST) =>
    transport(provider, request, () => void connected.push(provider));
  const last = (): Sent => {
    const found = sent.at(-1);
    if (!found) throw new Error("nothing was sent");
    return found;
  };
  return { clock, deadlines, sent, last, probes, connected, send, retain };
}

test.each([99, 600])("the status %p, which no response can have, is no answer", async (status) => {
  const { last, send, deadlines } = setUp();
  const { response: answer } = send(overHttp2("h2"));
  const response = new Response("{}");
  Object.defineProperty(response, "status", { value: status });
  last().answer(response);
  expect(await rejectionOf(answer)).toMatchObject({ code: "HTTP_INVALID_HEAD" });
  expect(last().init.signal?.aborted).toBe(true);
  expect(deadlines.size()).toBe(0);
});

describe("a body that only the end of its connection delimits", () => {
  const https: Provider = { ...groq, baseUrl: "https://upstream.example/v1" };

  test.each<[what: string, provider: Provider, body: string, headers: Record<string, string>, isWhole: boolean]>([
    ["has not ended over TLS", https, "hello", {}, false],
    ["has ended over TLS where it is JSON", https, '{"a":1}', {}, true],
    ["has a length", https, "hello", { "content-length": "5" }, true],
    ["came in chunks", https, "hello", { "transfer-encoding": "chunked" }, true],
    ["came over HTTP/2, which marks its end", overHttp2("h2"), "hello", {}, true],
    ["has ended without TLS", groq, "hello", {}, true],
  ])("%s", async (_, provider, body, headers, isWhole) => {
    const { last, send } = setUp();
    const { response: answer } = send(provider);
    last().answer(new Response(body, { headers: { "content-type": "text/plain", ...headers } }));
    const read = answer.then(readAnswer);
    if (isWhole) expect((await read).text).toBe(body);
    else expect(await rejectionOf(read)).toMatchObject({ code: "ECONNRESET" });
  });
});

describe("the probe", () => {
  test("is not made for an answer that comes soon", async () => {
    const { clock, deadlines, last, probes, send } = setUp();
    const { response: answer } = send();
    await clock.advance(PROBE_AFTER_MS - 1);
    last().answer();
    await answer;
    expect(deadlines.size()).toBe(0);
    await clock.advance(PROBE_AFTER_MS);
    expect(probes).toEqual([]);
  });

  test.each([
    [true, 1],
    [false, 0],
  ])("that says %s: told so %d times", async (connects, times) => {
    const { clock, probes, connected, send } = setUp();
    send().response.catch(() => {});
    await clock.advance(PROBE_AFTER_MS);
    expect(probes).toHaveLength(1);
    probes[0]?.resolve(connects);
    await settle();
    expect(connected).toHaveLength(times);
  });

  test("is one for all requests to a provider that wait, and one for each provider", async () => {
    const { clock, probes, connected, send } = setUp();
    const other = createProvider("other");
    for (let index = 0; index < 50; index++) send(index % 2 === 0 ? groq : other).response.catch(() => {});
    await clock.advance(PROBE_AFTER_MS);
    expect(probes.map(({ provider }) => provider)).toEqual([groq, other]);
    probes[0]?.resolve(true);
    await settle();
    expect(connected).toEqual(Array<Endpoint>(25).fill(groq));
  });

  test("is made anew once the one before has ended", async () => {
    const { clock, probes, send } = setUp();
    send().response.catch(() => {});
    await clock.advance(PROBE_AFTER_MS);
    probes[0]?.resolve(true);
    await settle();
    send().response.catch(() => {});
    await clock.advance(PROBE_AFTER_MS);
    expect(probes).toHaveLength(2);
  });

  test.each([
    ["refused", ({ last }: ReturnType<typeof setUp>) => last().refuse(new Error("refused"))],
    ["given up", (_: unknown, sending: ReturnType<ReturnType<typeof setUp>["send"]>) => sending.abort("given up")],
  ])("is not made for a request that is %s", async (_, end) => {
    const parts = setUp();
    const sending = parts.send();
    end(parts, sending);
    expect(await rejectionOf(sending.response)).toBeDefined();
    expect(parts.deadlines.size()).toBe(0);
    await parts.clock.advance(PROBE_AFTER_MS);
    expect(parts.probes).toEqual([]);
  });
});

describe("an answer to another request over HTTP/2", () => {
  const one = overHttp2("one");

  test("that came since tells that there is a connection, without a probe", async () => {
    const { clock, sent, probes, connected, send } = setUp();
    send(one).response.catch(() => {});
    await clock.advance(1);
    const { response: answer } = send(one);
    sent[1]?.answer();
    await answer;
    await clock.advance(PROBE_AFTER_MS - 1);
    expect([probes, connected]).toEqual([[], [one]]);
  });

  test.each([
    ["just before", 1, 0],
    ["before, as long as the connection is kept,", 299_000, 0],
    ["so long before that the connection is not kept any more", 300_500, 1],
  ])("that came %s: %d ms, %d probes", async (_, agoMs, count) => {
    const { clock, last, probes, connected, send } = setUp();
    const { response: answer } = send(one);
    last().answer();
    await answer;
    await clock.advance(agoMs);
    send(one).response.catch(() => {});
    await clock.advance(PROBE_AFTER_MS);
    expect(probes).toHaveLength(count);
    expect(connected).toHaveLength(1 - count);
  });

  test.each([
    ["of another provider", one, overHttp2("other")],
    ["that is over HTTP/1.1, where each has a connection of its own,", groq, groq],
  ])("%s does not", async (_, waiting, answered) => {
    const { clock, last, probes, connected, send } = setUp();
    send(waiting).response.catch(() => {});
    const { response: answer } = send(answered);
    last().answer();
    await answer;
    await clock.advance(1 + PROBE_AFTER_MS);
    expect(probes.map(({ provider }) => provider)).toEqual([waiting]);
    expect(connected).toEqual([]);
  });
});

describe("HTTP/2", () => {
  test("is asked for where the provider says so alone, on connections of its own", () => {
    const { sent, send } = setUp();
    const [one, two] = [overHttp2("one"), overHttp2("two")];
    for (const provider of [one, two, one, groq]) send(provider).response.catch(() => {});
    const [a, b, again, plain] = sent.map(({ init }) => init);
    expect([a?.protocol, b?.protocol]).toEqual(["http2", "http2"]);
    expect(a?.session).toBeInstanceOf(Bun.FetchSession);
    expect(again?.session).toBe(a?.session as Bun.FetchSession);
    expect(b?.session).not.toBe(a?.session as Bun.FetchSession);
    expect(plain).not.toHaveProperty("protocol");
    expect(plain).not.toHaveProperty("session");
  });

  test.each([
    ["EPROTO", "HTTP2_HANDSHAKE_FAILED"],
    ["ECONNRESET", "ECONNRESET"],
  ])("that ends in %s is %s", async (code, named) => {
    const { last, send } = setUp();
    const { response: answer } = send(overHttp2("one"));
    last().refuse(Object.assign(new Error("x"), { code }));
    expect(await rejectionOf(answer)).toMatchObject({ code: named });
  });

  test("is not blamed for a handshake that fails without it", async () => {
    const { last, send } = setUp();
    const { response: answer } = send();
    last().refuse(Object.assign(new Error("x"), { code: "EPROTO" }));
    expect(await rejectionOf(answer)).toMatchObject({ code: "EPROTO" });
  });
});

describe("what is sent", () => {
  test("is the request as given, without the runtime's redirects, proxies and time limit", () => {
    const { last, send } = setUp();
    const body = new TextEncoder().encode("{}");
    send(groq, { url: "http://upstream.example/v1/y?z", method: "PUT", headers: { a: "b" }, body }).response.catch(
      () => {},
    );
    expect(last().url).toBe("http://upstream.example/v1/y?z");
    expect(last().init).toMatchObject({ method: "PUT", headers: { a: "b" }, body });
    expect(last().init).toMatchObject({ redirect: "manual", proxy: false, timeout: false, decompress: true });
    expect(last().init).not.toHaveProperty("unix");
  });

  test("goes through the provider's unix socket, and keeps its encoding if that is asked for", () => {
    const { last, send } = setUp();
    send(createProvider("local", "/run/model.sock"), { ...REQUEST, keepEncoding: true }).response.catch(() => {});
    expect(last().init).toMatchObject({ unix: "/run/model.sock", decompress: false });
  });
});

describe("the answer", () => {
  test("has its status, its headers and its body", async () => {
    const { last, send } = setUp();
    const { response: answer } = send();
    last().answer(new Response("hello", { status: 418, headers: { "x-a": "1" } }));
    const { status, headers, text } = await readAnswer(await answer);
    expect([status, headers.get("x-a"), text]).toEqual([418, "1", "hello"]);
  });

  test("that can have no body has none", async () => {
    const { last, send } = setUp();
    const { response: answer } = send();
    last().answer(new Response(null, { status: 204 }));
    expect((await answer).body).toBeNull();
  });

  test("that is refused rejects with what the error means; one that is given up, with the reason", async () => {
    const { last, send } = setUp();
    const [givenUp, refused] = [send(), send()];
    const error = new Error("broken");
    last().refuse(error);
    expect(await rejectionOf(refused.response)).toMatchObject({ fault: "unreachable", phase: "header", code: "Error" });
    givenUp.abort(error);
    expect(await rejectionOf(givenUp.response)).toBe(error);
    expect(last().init.signal?.aborted).toBe(false);
  });

  test("that is given up amid its body: its taker hears the reason", async () => {
    const { last, send } = setUp();
    const { response: answer, abort } = send();
    const { signal } = last().init;
    const body = new ReadableStream({
      start(controller) {
        signal?.addEventListener("abort", () => controller.error(signal.reason));
        controller.enqueue(Buffer.from("a"));
      },
    });
    last().answer(new Response(body));
    const read = readAnswer(await answer).catch((error: unknown) => error);
    const reason = new Error("given up");
    abort(reason);
    expect(await read).toBe(reason);
  });
});

describe("a runtime that does not hear its signal", () => {
  const reason = new Error("given up");
  const deaf = (response: Promise<Response>) => {
    const clock = createManualClock();
    const deadlines = createDeadlines(clock);
    const fetch: Fetch = () => response;
    const probe = async (): Promise<boolean> => false;
    const { send } = createFetchTransport({ fetch, probe, deadlines, now: clock.now, probeAfterMs: PROBE_AFTER_MS });
    return { deadlines, ...send(groq, REQUEST, () => {}) };
  };
  /** A body of which so much comes, and then nothing, not even its end. */
  const unending = (...pieces: readonly string[]): Promise<Response> =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          start(controller) {
            for (const piece of pieces) controller.enqueue(Buffer.from(piece));
          },
        }),
      ),
    );

  test("still gives up the wait for a response, at once", async () => {
    const { response, abort, deadlines } = deaf(new Promise(() => {}));
    abort(reason);
    expect(await rejectionOf(response)).toBe(reason);
    expect(deadlines.size()).toBe(0);
  });

  test.each([
    ["before its first byte", []],
    ["amid it", ["a"]],
  ])("still gives up a body %s", async (_, pieces) => {
    const { response, abort } = deaf(unending(...pieces));
    const read = readAnswer(await response).catch((error: unknown) => error);
    await settle();
    abort(reason);
    expect(await read).toBe(reason);
  });

  test.each(["pause", "cancel"] as const)("a body whose taker said %s", async (said) => {
    const { response, abort } = deaf(unending("a", "b"));
    const { body } = await response;
    const heard: unknown[] = [];
    body?.consume({
      write(bytes) {
        heard.push(Buffer.from(bytes).toString());
        body[said]();
      },
      flush() {},
      end: () => heard.push("end"),
      fail: (error) => heard.push(error),
    });
    await settle();
    abort(reason);
    abort(undefined);
    await settle();
    expect(heard).toEqual(said === "pause" ? ["a", reason] : ["a"]);
  });
});

test("the HTTP/2 connections of keys that nothing refers to any more are let go of, and no others", () => {
  const { sent, send, retain } = setUp();
  const [one, two] = [overHttp2("one"), overHttp2("two")];
  for (const provider of [one, two]) send({ ...provider }).response.catch(() => {});
  retain(new Set([two.endpointKey]));
  for (const provider of [one, two]) send({ ...provider }).response.catch(() => {});
  const [first, second, firstAgain, secondAgain] = sent.map(({ init }) => init.session);
  expect(firstAgain).not.toBe(first as Bun.FetchSession);
  expect(secondAgain).toBe(second as Bun.FetchSession);
});
