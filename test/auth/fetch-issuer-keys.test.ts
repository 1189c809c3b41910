import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { fetchIssuerKeys } from "../../src/auth/fetch-issuer-keys.ts";
import { createSigningKey, type SigningKey } from "../fixtures/signing-key.ts";
import { startTokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.ts";

let key: SigningKey;
let issuer: TokenIssuer;

beforeAll(async () => {
  key = await createSigningKey("ES256", "one");
});
beforeEach(() => {
  issuer = startTokenIssuer(key);
});
afterEach(() => issuer[Symbol.asyncDispose]());

/** Long enough for every proper answer on a busy machine. */
const TIMEOUT_MS = 4000;

function fetchKeys(url = issuer.url) {
  return fetchIssuerKeys(url, fetch, TIMEOUT_MS);
}

const MEGABYTE = 1024 * 1024;

/** Content that goes on until nobody reads it. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
    },
  });
}

describe("keys are not had from an issuer", () => {
  const bad: readonly (readonly [what: string, answer: () => Response | Promise<Response>, problem: string])[] = [
    ["that redirects", () => Response.redirect("/elsewhere"), "was answered with status 302"],
    ["that finds nothing", () => new Response("", { status: 404 }), "was answered with status 404"],
    ["that has no content", () => new Response(null, { status: 204 }), "is not JSON"],
    ["that sends a page", () => new Response("<html>"), "is not JSON"],
    ["that sends broken JSON", () => new Response('{"issuer":'), "is not JSON"],
    ["that sends a list", () => Response.json([]), "is not a JSON object"],
    ["that sends null", () => Response.json(null), "is not a JSON object"],
    ["that sends too much", () => new Response(new Uint8Array(MEGABYTE + 1)), "broke off or is too long"],
    ["that sends for ever", () => new Response(endless()), "broke off or is too long"],
    [
      "that sends little, and much behind its compression",
      () => new Response(Bun.gzipSync(new Uint8Array(50 * MEGABYTE)), { headers: { "content-encoding": "gzip" } }),
      "broke off or is too long",
    ],
    ["that does not answer", () => new Promise<Response>(() => {}), "cannot be fetched"],
    [
      "that does not end its answer",
      () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([0x7b])) })),
      "broke off or is too long",
    ],
  ];
  for (const document of ["discovery", "keys"] as const) {
    const name = document === "keys" ? "key set" : "discovery document";
    test.each(bad)(`%s instead of its ${name}`, async (_, answer, problem) => {
      issuer.answer(document, answer);
      await expect(fetchKeys()).rejects.toThrow(new Error(`the issuer's ${name} ${problem}`));
    });
  }

  test("that is not there", async () => {
    await issuer[Symbol.asyncDispose]();
    await expect(fetchKeys()).rejects.toThrow(new Error("the issuer's discovery document cannot be fetched"));
  });

  test.each(["https://other.test", "", undefined, "/", ["x"]])("that calls itself %p", async (name) => {
    const named = name === "/" ? `${issuer.url}/` : name;
    issuer.answer("discovery", () => Response.json({ issuer: named, jwks_uri: `${issuer.url}/keys` }));
    await expect(fetchKeys()).rejects.toThrow(new Error("the discovery document names another issuer"));
    expect(issuer.asked.keys).toBe(0);
  });

  test.each([
    undefined,
    5,
    "",
    "keys",
    "/keys",
    "file:///etc/passwd",
    "data:application/json,{}",
    "blob:x",
    "s3://bucket/keys",
  ])("whose keys are said to be at %p", async (address) => {
    issuer.answer("discovery", () => Response.json({ issuer: issuer.url, jwks_uri: address }));
    await expect(fetchKeys()).rejects.toThrow(new Error("the discovery document has no acceptable jwks_uri"));
  });

  test("that is asked by HTTPS and sends plain HTTP for its keys", async () => {
    const asked: string[] = [];
    const answer = (url: string) => {
      asked.push(url);
      return Promise.resolve(Response.json({ issuer: "https://issuer.test", jwks_uri: "http://issuer.test/keys" }));
    };
    const attempt = fetchIssuerKeys("https://issuer.test", answer);
    await expect(attempt).rejects.toThrow(new Error("the discovery document has no acceptable jwks_uri"));
    expect(asked).toEqual(["https://issuer.test/.well-known/openid-configuration"]);
  });

  test("whose discovery document is nested too deeply", async () => {
    issuer.answer("discovery", () => new Response(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`));
    await expect(fetchKeys()).rejects.toThrow(
      new Error("the issuer's discovery document is nested too deeply or too large"),
    );
  });

  test.each([undefined, "x", { "0": {} }])("whose key set holds %p as keys", async (keys) => {
    issuer.answer("keys", () => Response.json({ keys }));
    await expect(fetchKeys()).rejects.toThrow(new Error("the key set holds no keys"));
  });
});

describe("keys are had", () => {
  test("as published, without what cannot be a key", async () => {
    issuer.answer("keys", () => Response.json({ keys: [1, null, "x", key.publicJwk, [], { kty: "new" }] }));
    expect(await fetchKeys()).toEqual({ keys: [key.publicJwk, { kty: "new" } as never] });
    expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
  });

  test("of an issuer whose name has a path, or a slash at its end", async () => {
    for (const [name, expected] of [
      ["https://issuer.test/realms/a", "https://issuer.test/realms/a/.well-known/openid-configuration"],
      ["https://issuer.test/", "https://issuer.test/.well-known/openid-configuration"],
    ] as const) {
      const asked: string[] = [];
      const answer = (url: string) => {
        asked.push(url);
        return Promise.resolve(Response.json({ issuer: name, jwks_uri: "https://keys.test/", keys: [] }));
      };
      expect(await fetchIssuerKeys(name, answer)).toEqual({ keys: [] });
      expect(asked).toEqual([expected, "https://keys.test/"]);
    }
  });

  test("without proxies, redirects, and credentials", async () => {
    const requests: BunFetchRequestInit[] = [];
    await fetchIssuerKeys("https://issuer.test", (_, init) => {
      requests.push(init);
      return Promise.resolve(Response.json({ issuer: "https://issuer.test", jwks_uri: "https://x.test", keys: [] }));
    });
    for (const init of requests) {
      expect([init.redirect, init.proxy]).toEqual(["manual", false as never]);
      expect(init.headers).toEqual({ accept: "application/json" });
    }
  });
});
