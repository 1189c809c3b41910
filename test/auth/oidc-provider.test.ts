import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { decodeProtectedHeader } from "jose";
import { type OidcIssuer, OIDC_CLIENT, startOidcIssuer } from "../fixtures/oidc-issuer.ts";
import { createSigningKey } from "../fixtures/signing-key.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { ADMITTED, bearer, knock } from "./knock.ts";

const ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];
const RESOURCE = "https://gateway.test/api";

let issuer: OidcIssuer;
let gateway: RunningGateway;

beforeAll(async () => {
  issuer = await startOidcIssuer(
    ...(await Promise.all(ALGORITHMS.map((name) => createSigningKey(name, `${name}-key`)))),
  );
  gateway = await startGateway({ AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: issuer.url, AUTH_OIDC_CLIENT_ID: RESOURCE });
});
afterAll(async () => {
  await gateway.stop();
  await issuer[Symbol.asyncDispose]();
});

describe("access tokens of a certified OpenID Connect provider", () => {
  test.each(ALGORITHMS)("one signed with %s is let in, and its subject is in the log", async (algorithm) => {
    const token = await issuer.token(RESOURCE, algorithm);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: algorithm, typ: "at+jwt" });
    const { status, line } = await knock(gateway, bearer(token));
    expect([status, line["identity"]]).toEqual([ADMITTED, OIDC_CLIENT]);
  });

  test("one for another audience is refused", async () => {
    const { status, line } = await knock(gateway, bearer(await issuer.token("https://other.test/", "RS256")));
    expect([status, line["cause"]]).toEqual([401, "the token is for another audience"]);
  });

  test("one of another provider is refused", async () => {
    await using stranger = await startOidcIssuer(await createSigningKey("ES256", "ES256-key"));
    const { status, line } = await knock(gateway, bearer(await stranger.token(RESOURCE, "ES256")));
    expect(status).toBe(401);
    expect(String(line["cause"])).toMatch(/signature|issuer/);
  });
});
