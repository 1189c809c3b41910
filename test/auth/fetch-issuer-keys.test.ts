import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { fetchIssuerKeys, type IssuerSource } from "../../src/auth/fetch-issuer-keys.ts";
import { outcomeOf } from "../fixtures/rejection.ts";
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

async function fetchKeys(source: Partial<IssuerSource> = {}) {
  return fetchIssuerKeys({ issuer: issuer.url, ...source }, fetch, TIMEOUT_MS);
}

const of = (issuer: string): IssuerSource => ({ issuer });

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
    ["that does not answer", () => new Promise<Response>(() => {}), "did not come within 4 s"],
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
      expect(await outcomeOf(fetchKeys())).toThrow(new Error(`the issuer's ${name} ${problem}`));
    });
  }

  test("that is not there", async () => {
    await issuer[Symbol.asyncDispose]();
    expect(await outcomeOf(fetchKeys())).toThrow(
      new Error("the issuer's discovery document cannot be fetched (ECONNREFUSED)"),
    );
  });

  test.each(["https://other.test", "", undefined, "/", ["x"]])("that calls itself %p", async (name) => {
    const named = name === "/" ? `${issuer.url}/` : name;
    issuer.answer("discovery", () => Response.json({ issuer: named, jwks_uri: `${issuer.url}/keys` }));
    expect(await outcomeOf(fetchKeys())).toThrow("the discovery document names another issuer: ");
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
    expect(await outcomeOf(fetchKeys())).toThrow(new Error("the discovery document has no acceptable jwks_uri"));
  });

  test("that is asked by HTTPS and sends plain HTTP for its keys", async () => {
    const asked: string[] = [];
    const answer = (url: string) => {
      asked.push(url);
      return Promise.resolve(Response.json({ issuer: "https://issuer.test", jwks_uri: "http://issuer.test/keys" }));
    };
    const attempt = fetchIssuerKeys(of("https://issuer.test"), answer);
    expect(await outcomeOf(attempt)).toThrow(new Error("the discovery document has no acceptable jwks_uri"));
    expect(asked).toEqual(["https://issuer.test/.well-known/openid-configuration"]);
  });

  test("whose discovery document is nested too deeply", async () => {
    issuer.answer("discovery", () => new Response(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`));
    expect(await outcomeOf(fetchKeys())).toThrow(
      new Error("the issuer's discovery document is nested too deeply or too large"),
    );
  });

  test("whose key set holds more keys than any has", async () => {
    const holding = (count: number) => () => Response.json({ keys: Array.from({ length: count }, () => ({})) });
    issuer.answer("keys", holding(1000));
    expect((await fetchKeys()).keySet.keys).toHaveLength(1000);
    issuer.answer("keys", holding(1001));
    expect(await outcomeOf(fetchKeys())).toThrow(new Error("the key set holds 1001 keys; at most 1000 are accepted"));
  });

  test.each([undefined, "x", { "0": {} }])("whose key set holds %p as keys", async (keys) => {
    issuer.answer("keys", () => Response.json({ keys }));
    expect(await outcomeOf(fetchKeys())).toThrow(new Error("the key set holds no keys"));
  });
});

describe("keys are had", () => {
  test("as published, without what cannot be a key", async () => {
    issuer.answer("keys", () => Response.json({ keys: [1, null, "x", key.publicJwk, [], { kty: "new" }] }));
    expect((await fetchKeys()).keySet).toEqual({ keys: [key.publicJwk, { kty: "new" } as never] });
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
      expect(await fetchIssuerKeys(of(name), answer)).toEqual({ keySet: { keys: [] }, otherName: undefined });
      expect(asked).toEqual([expected, "https://keys.test/"]);
    }
  });

  test("without proxies, redirects, and credentials", async () => {
    const requests: BunFetchRequestInit[] = [];
    await fetchIssuerKeys(of("https://issuer.test"), (_, init) => {
      requests.push(init);
      return Promise.resolve(Response.json({ issuer: "https://issuer.test", jwks_uri: "https://x.test", keys: [] }));
    });
    for (const init of requests) {
      expect([init.redirect, init.proxy]).toEqual(["manual", false as never]);
      expect(init.headers).toEqual({ accept: "application/json" });
    }
  });
});

describe("an issuer that is reached by another name", () => {
  test("is told with both names, and what to set", async () => {
    issuer.answer("discovery", () => Response.json({ issuer: "https://outer.test/realm", jwks_uri: "x" }));
    expect(await outcomeOf(fetchKeys())).toThrow(
      new Error(
        `the discovery document names another issuer: it says https://outer.test/realm, AUTH_OIDC_ISSUER is ${issuer.url}. AUTH_OIDC_ISSUER must be what the tokens say; if the issuer is reached by another name, set AUTH_OIDC_DISCOVERY_URL`,
      ),
    );
  });

  test("is told if only a slash at the end differs", async () => {
    issuer.answer("discovery", () => Response.json({ issuer: `${issuer.url}/`, jwks_uri: "x" }));
    expect(await outcomeOf(fetchKeys())).toThrow("they differ by the slash at the end only, and must be the same");
  });

  test.each([
    "https://u:marked@x.test",
    "https://x.test/?key=marked",
    "x\u001b[31mmarked",
    `https://x.test/${"marked".repeat(99)}`,
  ])("is not repeated where its name is odd: %j", async (name) => {
    issuer.answer("discovery", () => Response.json({ issuer: name, jwks_uri: "x" }));
    const problem = await fetchKeys().catch(String);
    expect(problem).toContain("its name is not a plain URL");
    expect(problem).not.toContain("marked");
  });

  test("is asked where the operator says, and its other name is told", async () => {
    const discoveryUrl = `${issuer.url}/.well-known/openid-configuration`;
    const outer = await fetchKeys({ issuer: "https://outer.test", discoveryUrl });
    expect([outer.otherName, outer.keySet.keys.length]).toEqual([issuer.url, 1]);
    const same = await fetchKeys({ discoveryUrl: `${discoveryUrl}?p=policy` });
    expect([same.otherName, same.keySet.keys.length]).toEqual([undefined, 1]);
    issuer.answer("discovery", () => Response.json({ jwks_uri: `${issuer.url}/keys` }));
    expect(await outcomeOf(fetchKeys({ discoveryUrl }))).toThrow("names another issuer");
  });

  test("is asked for its keys alone, where the operator says where they are", async () => {
    const { keySet } = await fetchKeys({ issuer: "https://outer.test", keysUrl: `${issuer.url}/keys` });
    expect(keySet.keys).toHaveLength(1);
    expect(issuer.asked).toEqual({ discovery: 0, keys: 1 });
  });
});

describe("redirects", () => {
  test("are told and not followed, unless the operator allows it", async () => {
    for (const document of ["discovery", "keys"] as const) {
      issuer.answer(document, () => Response.redirect("/elsewhere?key=marked"));
      const name = document === "keys" ? "key set" : "discovery document";
      expect(await outcomeOf(fetchKeys())).toThrow(
        new Error(
          `the issuer's ${name} was answered with status 302, a redirect to ${issuer.url}/elsewhere, which AUTH_OIDC_FOLLOW_REDIRECTS=true follows`,
        ),
      );
      issuer.answer(document);
    }
  });

  test.each([301, 302, 303, 307, 308])("with status %i are followed if the operator allows it", async (status) => {
    const { keySet } = await fetchIssuerKeys({ ...of(issuer.url), followsRedirects: true }, (url, init) => {
      if (url === `${issuer.url}/moved`) return fetch(`${issuer.url}/keys`, init);
      if (url !== `${issuer.url}/keys`) return fetch(url, init);
      return Promise.resolve(new Response(null, { status, headers: { location: "/moved" } }));
    });
    expect(keySet.keys).toHaveLength(1);
  });

  test("are not followed for ever, to an unsafe place, or to none", async () => {
    const follow = (name: string, location: string) =>
      fetchIssuerKeys({ ...of(name), followsRedirects: true }, () =>
        Promise.resolve(new Response(null, { status: 302, headers: { location } })),
      );
    const again = "a redirect to https://issuer.test/again, after 3 others";
    expect(await outcomeOf(follow("https://issuer.test", "/again"))).toThrow(again);
    expect(await outcomeOf(follow("https://issuer.test", "http://issuer.test/"))).toThrow("which is not as safe");
    expect(await outcomeOf(follow("http://issuer.test", "file:///etc/passwd"))).toThrow("which is not as safe");
    expect(await outcomeOf(follow("http://issuer.test", "http://"))).toThrow("was answered with status 302");
  });
});
