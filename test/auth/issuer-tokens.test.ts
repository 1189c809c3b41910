import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exportSPKI, importJWK } from "jose";
import { openRawClient } from "../fixtures/raw-http-client.ts";
import { createSigningKey, type SigningKey, signToken, type TokenMembers } from "../fixtures/signing-key.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.ts";
import { ADMITTED, bearer, knock, NOWHERE } from "./knock.ts";

let issuer: TokenIssuer;
let gateway: RunningGateway;
let key: SigningKey;
let otherKey: SigningKey;
let rsaKey: SigningKey;

beforeAll(async () => {
  [key, otherKey, rsaKey] = await Promise.all([
    createSigningKey("ES256", "key-1"),
    createSigningKey("ES256", "key-1"),
    createSigningKey("RS256", "key-rsa"),
  ]);
  issuer = startTokenIssuer(key, rsaKey);
  gateway = await startGateway({
    AUTH_ENABLED: "true",
    AUTH_OIDC_ISSUER: issuer.url,
    AUTH_OIDC_CLIENT_ID: AUDIENCE,
  });
});
afterAll(async () => {
  await gateway.stop();
  await issuer[Symbol.asyncDispose]();
});

const seconds = (): number => Math.floor(Date.now() / 1000);

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A token with one of its three parts replaced. */
function withPart(token: string, index: 0 | 1 | 2, part: string): string {
  return token.split(".").with(index, part).join(".");
}

/** @param detail what the log says beyond that */
async function expectRefused(token: string, cause: string, detail = ""): Promise<void> {
  const { status, challenge, body, line } = await knock(gateway, bearer(token));
  expect([status, line["cause"]]).toEqual([401, detail === "" ? cause : `${cause}: ${detail}`]);
  expect(challenge).toBe(`Bearer error="invalid_token", error_description="${cause}"`);
  expect(body).toMatchObject({ error: "unauthorized" });
  expect(line["identity"]).toBeUndefined();
}

describe("a token is refused", () => {
  const claims: readonly (readonly [what: string, claims: () => TokenMembers, cause: string])[] = [
    ["expired", () => ({ exp: seconds() - 45 }), "the token has expired"],
    ["that expired in 1970", () => ({ exp: 0 }), "the token has expired"],
    ["not valid yet", () => ({ nbf: seconds() + 45 }), "the token is not valid yet"],
    ["without exp", () => ({ exp: undefined }), "the token has no exp"],
    ["with an exp of text", () => ({ exp: "9999999999" }), "the token's exp is malformed"],
    ["of no issuer", () => ({ iss: undefined }), "the token has no iss"],
    ["for another audience", () => ({ aud: "other" }), "the token is for another audience"],
    ["for other audiences", () => ({ aud: ["other", "gateway2"] }), "the token is for another audience"],
    ["whose audience only begins well", () => ({ aud: `${AUDIENCE}.evil` }), "the token is for another audience"],
    ["for no audience", () => ({ aud: [] }), "the token is for another audience"],
    ["without audience", () => ({ aud: undefined }), "the token has no aud"],
  ];
  test.each(claims)("%s", async (_, claim, cause) => {
    await expectRefused(await issuer.sign(key, claim()), cause);
  });

  test("of another issuer, and the log says which", async () => {
    for (const [iss, detail] of [
      ["https://other.test", `it says https://other.test, AUTH_OIDC_ISSUER is ${issuer.url}`],
      [
        `${issuer.url}/`,
        `it says ${issuer.url}/, AUTH_OIDC_ISSUER is ${issuer.url}; they differ by the slash at the end only, and must be the same`,
      ],
      ["https://x.test?key=marked", "its name is not a plain URL"],
      [5, "its name is not a plain URL"],
    ] as const) {
      await expectRefused(await issuer.sign(key, { iss }), "the token is of another issuer", detail);
    }
  });

  const UNTYPED = "the token is of another type";
  const headers: readonly (readonly [what: string, header: TokenMembers, cause: string, detail: string])[] = [
    ["for logging out", { typ: "logout+jwt" }, UNTYPED, "its typ is logout+jwt, see AUTH_OIDC_TOKEN_TYPES"],
    ["for identification of a device", { typ: "dpop+jwt" }, UNTYPED, "its typ is dpop+jwt, see AUTH_OIDC_TOKEN_TYPES"],
    ["whose type is no text", { typ: 1 }, UNTYPED, "its typ is no media type, see AUTH_OIDC_TOKEN_TYPES"],
    ["with an unknown key", { kid: "key-9" }, "the token names an unknown key", ""],
  ];
  test.each(headers)("%s", async (_, header, cause, detail) => {
    await expectRefused(await issuer.sign(key, {}, header), cause, detail);
  });

  test("that demands an extension which nobody knows", async () => {
    // jose signs no such token, so its header is exchanged: it must be refused for that, before its signature is looked at.
    const header = encode({ alg: "ES256", kid: key.id, crit: ["urn:x"], "urn:x": true });
    await expectRefused(withPart(await issuer.sign(key), 0, header), "the token is malformed");
  });

  test("whose algorithm is none, with and without a signature", async () => {
    const token = await issuer.sign(key);
    for (const alg of ["none", "None", "NONE", ""]) {
      const unsigned = withPart(token, 0, encode({ alg, typ: "JWT", kid: key.id }));
      const cause = alg === "" ? "the token is malformed" : "the token's algorithm is not allowed";
      await expectRefused(unsigned, cause);
      await expectRefused(withPart(unsigned, 2, ""), cause);
    }
  });

  test("whose shared secret is the public key", async () => {
    const publicKey = (await importJWK(rsaKey.publicJwk, "RS256")) as CryptoKey;
    const pem = await exportSPKI(publicKey);
    const now = seconds();
    const unsigned = [
      encode({ alg: "HS256", typ: "JWT", kid: rsaKey.id }),
      encode({ iss: issuer.url, aud: AUDIENCE, sub: "user-1", iat: now, exp: now + 300 }),
    ].join(".");
    for (const secret of [pem, pem.trim(), JSON.stringify(rsaKey.publicJwk), rsaKey.publicJwk.n ?? ""]) {
      const signature = new Bun.CryptoHasher("sha256", secret).update(unsigned).digest("base64url");
      await expectRefused(`${unsigned}.${signature}`, "the token's algorithm is not allowed");
    }
  });

  test("that another key signed under the id of a known one", async () => {
    await expectRefused(await issuer.sign(otherKey), "the token's signature is wrong");
  });

  test("that brings its own key, or an address to fetch one from", async () => {
    const { asked, url } = issuer;
    const before = { ...asked };
    const addresses = { jku: `${url}/keys`, x5u: `${url}/keys` };
    const header = { ...addresses, jwk: otherKey.publicJwk };
    await expectRefused(await issuer.sign(otherKey, {}, header), "the token's signature is wrong");
    expect(asked).toEqual(before);
    expect((await knock(gateway, bearer(await issuer.sign(key, {}, header)))).status).toBe(ADMITTED);
    expect(asked).toEqual(before);
  });

  test("that was tampered with in its claims, its header or its signature", async () => {
    const token = await issuer.sign(key);
    const [, payload = "", signature = ""] = token.split(".");
    const claimed = JSON.parse(Buffer.from(payload, "base64url").toString()) as TokenMembers;
    const wrong = "the token's signature is wrong";
    await expectRefused(withPart(token, 1, encode({ ...claimed, sub: "admin" })), wrong);
    await expectRefused(withPart(token, 0, encode({ alg: "ES256", kid: key.id, typ: "JWT", x: 1 })), wrong);
    const flipped = `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    await expectRefused(withPart(token, 2, flipped), wrong);
    await expectRefused(withPart(token, 2, ""), wrong);
    await expectRefused(withPart(token, 2, encode([0])), wrong);
  });

  test.each(["not-a-token", "a.b", "a.b.c", "..", "a.b.c.d.e", "eyJ.eyJ.eyJ", `${"a".repeat(4000)}.b.c`])(
    "that is none: %s",
    (text) => expectRefused(text, "the token is malformed"),
  );

  test("whose claims are no object", async () => {
    for (const part of [encode([1]), encode("x"), encode(null), Buffer.from("{").toString("base64url")]) {
      const unsigned = `${encode({ alg: "ES256", kid: key.id })}.${part}`;
      const signature = await crypto.subtle.sign(
        { name: "ECDSA", hash: "SHA-256" },
        key.privateKey,
        new TextEncoder().encode(unsigned),
      );
      await expectRefused(`${unsigned}.${Buffer.from(signature).toString("base64url")}`, "the token is malformed");
    }
  });
});

describe("a token is let in", () => {
  const good: readonly (readonly [what: string, claims: () => TokenMembers, header: TokenMembers])[] = [
    ["of type JWT", () => ({}), { typ: "JWT" }],
    ["of type at+jwt", () => ({}), { typ: "at+jwt" }],
    ["of type application/at+jwt", () => ({}), { typ: "application/at+jwt" }],
    ["whose type is in another case", () => ({}), { typ: "AT+JWT" }],
    ["that says no type", () => ({}), { typ: undefined }],
    ["that says no key", () => ({}), { kid: undefined }],
    ["for this audience among others", () => ({ aud: ["other", AUDIENCE] }), {}],
    ["that expired a moment ago", () => ({ exp: seconds() - 15 }), {}],
    ["that becomes valid in a moment", () => ({ nbf: seconds() + 15 }), {}],
    ["that is good for a thousand years", () => ({ exp: 4e10 }), {}],
  ];
  test.each(good)("%s", async (_, claims, header) => {
    const { status, line } = await knock(gateway, bearer(await issuer.sign(key, claims(), header)));
    expect([status, line["identity"], line["cause"]]).toEqual([ADMITTED, "user-1", undefined]);
  });

  test("under the name of its client, if it has no subject", async () => {
    const named = await issuer.sign(key, { sub: undefined, client_id: "robot" });
    expect((await knock(gateway, bearer(named))).line["identity"]).toBe("robot");
    const odd = await issuer.sign(key, { sub: { toString: 1 } });
    expect((await knock(gateway, bearer(odd))).line["identity"]).toBe("unknown");
  });
});

describe("the Authorization header", () => {
  test.each(["Bearer", "bearer", "BEARER", "bEaReR"])("may say %s, and blanks after it", async (scheme) => {
    const token = await issuer.sign(key);
    expect((await knock(gateway, { authorization: `${scheme} ${token}` })).status).toBe(ADMITTED);
    expect((await knock(gateway, { authorization: `${scheme}   ${token}` })).status).toBe(ADMITTED);
  });

  test("is refused without a challenge's error if it holds no bearer token", async () => {
    const token = await issuer.sign(key);
    const texts = [token, `Bearer${token}`, `Basic ${btoa(`x:${token}`)}`, `Token ${token}`, "Bearer", "Bearer ", ""];
    for (const authorization of texts) {
      const { status, challenge, line } = await knock(gateway, { authorization });
      expect([authorization, status, challenge]).toEqual([authorization, 401, "Bearer"]);
      expect(line["cause"]).toBe("no credential");
    }
  });

  test("is refused if there are two, whichever is good", async () => {
    const token = await issuer.sign(key);
    for (const [first, second] of [
      [token, token],
      [token, "x"],
      ["x", token],
    ]) {
      await using client = await openRawClient(gateway.port);
      const headers = [
        ["authorization", `Bearer ${first}`],
        ["Authorization", `Bearer ${second}`],
      ] as const;
      await client.request("GET", NOWHERE, { headers });
      const head = await client.head();
      expect(head.status).toBe(401);
      expect(head.header("www-authenticate")).toContain('error="invalid_request"');
    }
  });

  test.each(["a b", "a,b", "a\u00e9", '"quoted token"'])(
    "is refused where the token cannot be one: %s",
    async (text) => {
      const { status, challenge } = await knock(gateway, bearer(text));
      expect([status, challenge]).toEqual([
        401,
        'Bearer error="invalid_request", error_description="the credential is malformed"',
      ]);
    },
  );

  test("is the only place: neither query, body nor cookies count", async () => {
    const token = await issuer.sign(key);
    for (const name of ["access_token", "token", "bearer", "Bearer", "authorization"]) {
      expect((await knock(gateway, {}, `${NOWHERE}?${name}=${token}`)).status).toBe(401);
      expect((await knock(gateway, { authorization: "Bearer" }, `${NOWHERE}?${name}=${token}`)).status).toBe(401);
    }
    expect((await knock(gateway, { cookie: `access_token=${token}` })).status).toBe(401);
    const body = new URLSearchParams({ access_token: token });
    const response = await fetch(`${gateway.url}/v1/embeddings`, { method: "POST", body });
    expect(response.status).toBe(401);
  });

  test("may have 16 KiB, and not a byte more", async () => {
    const large = await issuer.sign(key, { padding: "x".repeat(11_000) });
    expect((await knock(gateway, bearer(large))).status).toBe(ADMITTED);
    await expectRefused(`${large}x`, "the token's signature is wrong");
    const longest = await knock(gateway, bearer("x".repeat(16 * 1024)));
    expect([longest.status, longest.line["cause"]]).toEqual([401, "the token is malformed"]);
    const { status, challenge, line } = await knock(gateway, bearer("x".repeat(16 * 1024 + 1)));
    expect([status, line["cause"]]).toEqual([401, "the token is too long"]);
    expect(challenge).toBe('Bearer error="invalid_request", error_description="the token is too long"');
  });
});

test("nothing of a token is ever written down", async () => {
  const token = await issuer.sign(key, { secret: "x" });
  const forged = await signToken(otherKey, { iss: issuer.url, aud: AUDIENCE, exp: 4e10 });
  for (const secret of [token, forged, "marked-secret-key"]) {
    const { body, challenge } = await knock(gateway, bearer(secret));
    const { stdout, stderr } = gateway.output();
    const written = stdout + stderr + JSON.stringify(body) + challenge;
    for (const part of secret.split(".")) expect(written).not.toContain(part);
  }
});
