import { beforeAll, describe, expect, test } from "bun:test";
import { createLocalJWKSet, type JWK } from "jose";
import type { IssuerKeys } from "../../src/auth/issuer-keys.ts";
import { authenticationUnavailable } from "../../src/auth/unauthorized.ts";
import { createTokenVerifier } from "../../src/auth/verify-token.ts";
import { Failure } from "../../src/core/errors.ts";
import { createSigningKey, type SigningKey, signToken, type TokenMembers } from "../fixtures/signing-key.ts";

const NOW_SECONDS = 1_900_000_000;
const CLAIMS = { iss: "https://issuer.test", aud: "gateway", sub: "user-1", exp: NOW_SECONDS + 60 };

const RULES = {
  issuer: CLAIMS.iss,
  audiences: ["gateway"],
  audienceClaims: ["aud"],
  types: ["JWT", "at+jwt"],
  clock: () => NOW_SECONDS * 1000,
};

let key: SigningKey;
let second: SigningKey;

beforeAll(async () => {
  [key, second] = await Promise.all([createSigningKey("ES256", "one"), createSigningKey("ES256", "two")]);
});

function keysOf(first: readonly JWK[], renewed?: readonly JWK[]): IssuerKeys {
  const lookup = (keys: readonly JWK[]) => createLocalJWKSet({ keys: [...keys] });
  return {
    current: () => Promise.resolve(lookup(first)),
    renewed: () => Promise.resolve(renewed && lookup(renewed)),
  };
}

const unreachable: IssuerKeys = {
  current: () => Promise.reject(authenticationUnavailable("down")),
  renewed: () => Promise.reject(authenticationUnavailable("down")),
};

function verifyWith(keys: IssuerKeys, audiences: readonly string[] = ["gateway"]) {
  return createTokenVerifier(keys, { ...RULES, audiences });
}

function sign(claims: TokenMembers = {}, header?: TokenMembers, signer = key): Promise<string> {
  return signToken(signer, { ...CLAIMS, ...claims }, header);
}

async function failureOf(verified: Promise<unknown>): Promise<readonly [code: string, cause: unknown]> {
  const failure = await verified.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Failure)) throw new Error("not refused with a failure", { cause: failure });
  return [failure.code, failure.details.cause];
}

describe("the clock tolerance is 30 seconds to the second", () => {
  test.each([
    ["exp", -30, "the token has expired"],
    ["exp", -29, undefined],
    ["nbf", 31, "the token is not valid yet"],
    ["nbf", 30, undefined],
  ] as const)("%s %i", async (claim, offset, cause) => {
    const verify = verifyWith(keysOf([key.publicJwk]));
    const verified = verify(await sign({ [claim]: NOW_SECONDS + offset }));
    if (cause) expect(await failureOf(verified)).toEqual(["unauthorized", cause]);
    else expect((await verified).identity).toEqual({ kind: "token", name: "user-1", issuer: "https://issuer.test" });
  });
});

describe("audiences", () => {
  test.each([
    ["gateway", true],
    ["second", true],
    [["x", "second"], true],
    ["third", false],
    ["", false],
    [[""], false],
    [["gateway,second"], false],
  ] as const)("of two that are accepted, %p is one: %p", async (aud, isAccepted) => {
    const verified = verifyWith(keysOf([key.publicJwk]), ["gateway", "second"])(await sign({ aud }));
    if (isAccepted) expect((await verified).expiresAt).toBe(CLAIMS.exp);
    else expect(await failureOf(verified)).toEqual(["unauthorized", "the token is for another audience"]);
  });
});

describe("the claims that say whom a token is for", () => {
  const verify = (audienceClaims: readonly string[]) =>
    createTokenVerifier(keysOf([key.publicJwk]), { ...RULES, audienceClaims });

  test.each([
    [["client_id"], { aud: undefined, client_id: "gateway" }],
    [["azp"], { aud: ["account"], azp: "gateway" }],
    [["aud", "client_id"], { aud: undefined, client_id: "gateway" }],
    [["aud", "client_id"], { aud: "gateway", client_id: "other" }],
    [["aud", "cid"], { aud: "api://default", cid: "gateway" }],
    [["urn:x:for"], { aud: undefined, "urn:x:for": ["other", "gateway"] }],
  ] as const)("%j let in %j", async (claims, token) => {
    expect((await verify(claims)(await sign(token))).identity.name).toBe("user-1");
  });

  test.each([
    [["client_id"], { client_id: undefined }, "the token has no client_id: its aud would do"],
    [["client_id"], { client_id: "other" }, "the token is for another audience: its aud would do"],
    [["aud"], { aud: undefined, client_id: "gateway" }, "the token has no aud: its client_id would do"],
    [["aud"], { aud: "other", azp: "gateway" }, "the token is for another audience: its azp would do"],
    [["azp", "client_id"], { aud: "other" }, "the token has no azp or client_id"],
    [["client_id"], { aud: "other", client_id: { gateway: 1 } }, "the token is for another audience"],
    [["client_id"], { aud: "other", client_id: "gateway2" }, "the token is for another audience"],
    [["azp"], { aud: "other", azp: null }, "the token is for another audience"],
  ] as const)("%j refuse %j", async (claims, token, cause) => {
    const advice = cause.includes("would do") ? ", see AUTH_OIDC_AUDIENCE_CLAIM" : "";
    expect(await failureOf(verify(claims)(await sign(token)))).toEqual(["unauthorized", cause + advice]);
  });
});

describe("types", () => {
  const verify = (types: readonly string[]) => createTokenVerifier(keysOf([key.publicJwk]), { ...RULES, types });

  test.each([
    [["application/okta-internal-at+jwt"], "application/okta-internal-at+jwt"],
    [["application/okta-internal-at+jwt"], "okta-internal-at+jwt"],
    [["okta-internal-at+jwt"], "application/OKTA-internal-at+jwt"],
    [["JWT", "at+jwt"], "application/at+jwt"],
    [["x+jwt"], undefined],
  ] as const)("%j let in %p", async (types, typ) => {
    expect((await verify(types)(await sign({}, { typ }))).identity.name).toBe("user-1");
  });

  test.each([
    [["at+jwt"], "JWT", "its typ is JWT"],
    [["JWT"], "application/okta-internal-at+jwt", "its typ is application/okta-internal-at+jwt"],
    [["JWT"], "application/application/jwt", "its typ is application/application/jwt"],
    [["JWT"], "\n", "its typ is no media type"],
  ] as const)("%j refuse %p", async (types, typ, detail) => {
    const failure = await failureOf(verify(types)(await sign({}, { typ })));
    expect(failure).toEqual(["unauthorized", `the token is of another type: ${detail}, see AUTH_OIDC_TOKEN_TYPES`]);
  });
});

describe("keys", () => {
  test("a token without a key id is tried with every key that may fit", async () => {
    const stranger = await createSigningKey("ES256", "three");
    const verify = verifyWith(keysOf([stranger.publicJwk, key.publicJwk, second.publicJwk]));
    expect((await verify(await sign({}, { kid: undefined }, second))).identity.name).toBe("user-1");
    const failure = verifyWith(keysOf([stranger.publicJwk, second.publicJwk]))(await sign({}, { kid: undefined }));
    expect(await failureOf(failure)).toEqual(["unauthorized", "the token's signature is wrong"]);
  });

  test("a token without a key id that has expired is said to have expired, whichever key signed it", async () => {
    const verify = verifyWith(keysOf([second.publicJwk, key.publicJwk]));
    const failure = verify(await sign({ exp: 1 }, { kid: undefined }));
    expect(await failureOf(failure)).toEqual(["unauthorized", "the token has expired"]);
  });

  test("a token that names an unknown key is judged by renewed keys", async () => {
    const token = await sign({}, {}, second);
    const known = [key.publicJwk];
    expect((await verifyWith(keysOf(known, [...known, second.publicJwk]))(token)).identity.name).toBe("user-1");
    const cause = "the token names an unknown key";
    expect(await failureOf(verifyWith(keysOf(known, known))(token))).toEqual(["unauthorized", cause]);
    expect(await failureOf(verifyWith(keysOf(known))(token))).toEqual(["unauthorized", cause]);
  });

  test("a token is refused, not an error, if the issuer's key is of no use", async () => {
    const weak = await crypto.subtle.generateKey(
      { name: "RSASSA-PKCS1-v1_5", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      true,
      ["sign", "verify"],
    );
    const weakJwk = (await crypto.subtle.exportKey("jwk", weak.publicKey)) as JWK;
    const unusable: JWK[] = [
      { ...weakJwk, kid: "one", alg: "RS256", key_ops: ["verify"] },
      { kty: "RSA", kid: "one", alg: "RS256", n: "!", e: "AQAB" },
      { kty: "RSA", kid: "one", alg: "RS256" },
    ];
    const token = `${btoa('{"alg":"RS256","kid":"one"}')}.e30.AAAA`.replaceAll("=", "");
    for (const jwk of unusable) {
      expect(await failureOf(verifyWith(keysOf([jwk]))(token))).toEqual([
        "unauthorized",
        "the token's key is unusable",
      ]);
    }
    const privately = verifyWith(keysOf([key.privateJwk]))(await sign());
    expect((await failureOf(privately))[0]).toBe("unauthorized");
  });

  test("a shared secret among them is never used", async () => {
    const secret: JWK = { kty: "oct", kid: "one", k: Buffer.from("x".repeat(32)).toString("base64url") };
    const unsigned = `${btoa('{"alg":"HS256","kid":"one"}')}.${btoa(JSON.stringify(CLAIMS))}`.replaceAll("=", "");
    const signature = new Bun.CryptoHasher("sha256", "x".repeat(32)).update(unsigned).digest("base64url");
    const failure = verifyWith(keysOf([secret]))(`${unsigned}.${signature}`);
    expect(await failureOf(failure)).toEqual(["unauthorized", "the token's algorithm is not allowed"]);
  });
});

describe("while the issuer cannot be asked", () => {
  test("a token that may be good cannot be judged", async () => {
    expect(await failureOf(verifyWith(unreachable)(await sign()))).toEqual(["authentication_unavailable", "down"]);
  });

  test("what is no token, or of a kind that is never accepted, is refused all the same", async () => {
    const verify = verifyWith(unreachable);
    for (const text of ["a-wrong-key", "a.b.c", "..", ""]) {
      expect(await failureOf(verify(text))).toEqual(["unauthorized", "the token is malformed"]);
    }
    const unsigned = (await sign()).replace(/^[^.]*/, btoa('{"alg":"none"}').replaceAll("=", ""));
    expect(await failureOf(verify(unsigned))).toEqual(["unauthorized", "the token's algorithm is not allowed"]);
  });
});
