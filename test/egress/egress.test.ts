import { describe, expect, test } from "bun:test";
import { createEgress } from "../../src/upstream/egress.ts";
import { rejectionOf } from "../fixtures/rejection.ts";

const PROXY = "http://user:pass@proxy.example:3128";

function setUp(answer: () => Promise<Response> = async () => new Response("ok"), direct: readonly string[] = []) {
  const inits: BunFetchRequestInit[] = [];
  const probed: string[] = [];
  const egress = createEgress({
    proxy: PROXY,
    direct,
    fetch: (_url, init) => {
      inits.push(init);
      return answer();
    },
    probe: async ({ baseUrl }) => {
      probed.push(baseUrl);
      return true;
    },
  });
  return { egress, inits, probed };
}

const DIRECT = { proxy: false } as const;

describe("the way out", () => {
  test.each([
    ["https://api.openai.com/v1", true],
    ["http://10.0.0.1/v1", true],
    ["http://localhost.example.com/v1", true],
    ["http://127.example.com/v1", true],
    ["http://notexample.org/v1", true],
    ["http://[fd00::2]/v1", true],
    ["http://localhost:8000/v1", false],
    ["http://LOCALHOST/v1", false],
    ["http://vllm.localhost/v1", false],
    ["http://127.0.0.1/v1", false],
    ["http://127.9.9.9:1/v1", false],
    ["http://0x7f.1/v1", false],
    ["http://[::1]:8000/v1", false],
    ["http://example.org/v1", false],
    ["http://EXAMPLE.org:81/v1", false],
    ["http://a.b.example.org/v1", false],
    ["http://sub.dotted.example/v1", false],
    ["http://sub.starred.example/v1", false],
    ["http://[fd00::1]/v1", false],
    ["http://[FD00:0::1]/v1", false],
    ["http://vllm/v1", false],
  ])("to %s is through the proxy: %p, for the probe too", async (url, isProxied) => {
    const exempt = ["Example.org", ".dotted.example", "*.starred.example", "fd00::1", "vllm"];
    const { egress, inits, probed } = setUp(undefined, exempt);
    await egress.fetch(url, DIRECT);
    expect(inits[0]?.proxy).toEqual(isProxied ? { url: PROXY, respectNoProxy: false } : false);
    expect(await egress.probe({ baseUrl: url, unixSocket: undefined })).toBe(true);
    expect(probed).toEqual([isProxied ? PROXY : url]);
  });

  test("to a unix socket is direct, whatever its URL says", async () => {
    const { egress, inits, probed } = setUp();
    await egress.fetch("http://api.example/v1", { ...DIRECT, unix: "/run/x.sock" });
    await egress.probe({ baseUrl: "http://api.example/v1", unixSocket: "/run/x.sock" });
    expect([inits[0]?.proxy, probed]).toEqual([false, ["http://api.example/v1"]]);
  });

  test("is what it was if there is no proxy: not even a layer in between", () => {
    const fetch = async () => new Response();
    const probe = async () => true;
    const egress = createEgress({ proxy: undefined, direct: ["x"], fetch, probe });
    expect([egress.fetch, egress.probe]).toEqual([fetch, probe]);
  });
});

describe("a call that fails", () => {
  const fail = async (error: unknown): Promise<unknown> => {
    const { egress } = setUp(() => Promise.reject(error));
    return egress.fetch("http://api.example/v1", DIRECT).catch((thrown: unknown) => thrown);
  };
  const coded = (code: string, more: object = {}) =>
    Object.assign(new TypeError(`${code} http://h?key=x`), { code, ...more });

  test.each(["ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"])(
    "with %s failed at the proxy",
    async (code) => {
      expect(await fail(coded(code))).toMatchObject({ code: `PROXY_${code}`, message: `PROXY_${code}` });
    },
  );

  test("because the proxy opened no tunnel says with which status", async () => {
    expect(await fail(coded("ERR_PROXY_TUNNEL", { status: 503 }))).toMatchObject({ code: "PROXY_STATUS_503" });
  });

  test("for another reason, an abort too, is rejected with it", async () => {
    for (const error of [coded("ECONNRESET"), coded("CERT_HAS_EXPIRED"), new DOMException("x", "AbortError"), "text"]) {
      expect(await fail(error)).toBe(error);
    }
  });

  test("with status 407 lets go of the answer", async () => {
    let cancelled = 0;
    const body = () =>
      new ReadableStream({
        cancel() {
          cancelled += 1;
        },
      });
    const { egress } = setUp(async () => new Response(body(), { status: 407 }));
    expect(await rejectionOf(egress.fetch("http://api.example/v1", DIRECT))).toMatchObject({
      code: "PROXY_STATUS_407",
    });
    expect(cancelled).toBe(1);
    const direct = await egress.fetch("http://127.0.0.1/v1", DIRECT);
    expect([direct.status, cancelled]).toEqual([407, 1]);
  });
});
