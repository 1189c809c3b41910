import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadConfig } from "../fixtures/load-config.ts";
import { authenticationOptions } from "../../src/config/module-options.ts";
import { createSigningKey, type SigningKey } from "../fixtures/signing-key.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.ts";
import { ADMITTED, bearer, knock } from "./knock.ts";

let key: SigningKey;
let otherKey: SigningKey;
let first: TokenIssuer;
let second: TokenIssuer;

beforeAll(async () => {
  [key, otherKey] = await Promise.all([createSigningKey("ES256", "one"), createSigningKey("ES256", "two")]);
  first = startTokenIssuer(key);
  second = startTokenIssuer(otherKey);
});
afterAll(async () => {
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

const start = (settings: Readonly<Record<string, string>>) =>
  startGateway({ AUTH_ENABLED: "true", AUTH_OIDC_CLIENT_ID: AUDIENCE, ...settings });

describe("several issuers", () => {
  test("each sign their own tokens, with their own keys", async () => {
    await using gateway = await start({ AUTH_OIDC_ISSUER: `${first.url},${second.url}` });
    expect((await knock(gateway, bearer(await first.sign(key)))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(await second.sign(otherKey)))).status).toBe(ADMITTED);
    const crossed = await knock(gateway, bearer(await first.sign(otherKey)));
    expect([crossed.status, crossed.line["cause"]]).toEqual([401, "the token names an unknown key"]);
    const stranger = await knock(gateway, bearer(await first.sign(key, { iss: "https://x.test" })));
    expect(stranger.line["cause"]).toBe(
      `the token is of another issuer: it says https://x.test, AUTH_OIDC_ISSUER is ${first.url}, ${second.url}`,
    );
  });

  test("do not wait for each other", async () => {
    second.breakDown(true);
    await using gateway = await start({ AUTH_OIDC_ISSUER: `${first.url},${second.url}` });
    const warning = await gateway.logged(({ msg }) => msg === "the issuer's keys cannot be fetched");
    expect(warning["issuer"]).toBe(second.url);
    expect((await knock(gateway, bearer(await first.sign(key)))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(await second.sign(otherKey)))).status).toBe(503);
    second.breakDown(false);
  });

  test("may have audiences of their own", async () => {
    await using gateway = await start({
      AUTH_OIDC_ISSUER: `${first.url},${second.url}`,
      AUTH_OIDC_AUDIENCE: `${AUDIENCE},${second.url}=special`,
    });
    expect((await knock(gateway, bearer(await first.sign(key)))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(await first.sign(key, { aud: "special" })))).status).toBe(401);
    expect((await knock(gateway, bearer(await second.sign(otherKey)))).status).toBe(401);
    expect((await knock(gateway, bearer(await second.sign(otherKey, { aud: "special" })))).status).toBe(ADMITTED);
  });
});

describe("tokens of real issuers", () => {
  test("Cognito's access token names the client in client_id, and has no audience", async () => {
    const token = await first.sign(key, { aud: undefined, client_id: AUDIENCE, token_use: "access" });
    await using usual = await start({ AUTH_OIDC_ISSUER: first.url });
    expect((await knock(usual, bearer(token))).line["cause"]).toBe(
      "the token has no aud: its client_id would do, see AUTH_OIDC_AUDIENCE_CLAIM",
    );
    await using gateway = await start({ AUTH_OIDC_ISSUER: first.url, AUTH_OIDC_AUDIENCE_CLAIM: "client_id" });
    expect((await knock(gateway, bearer(token))).status).toBe(ADMITTED);
  });

  test("Okta's access token has a type of its own", async () => {
    const token = await first.sign(key, {}, { typ: "application/okta-internal-at+jwt" });
    await using gateway = await start({
      AUTH_OIDC_ISSUER: first.url,
      AUTH_OIDC_TOKEN_TYPES: "application/okta-internal-at+jwt",
    });
    expect((await knock(gateway, bearer(token))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(await first.sign(key, {}, { typ: "JWT" })))).status).toBe(401);
  });

  test("Keycloak is called by an inner host, and its tokens name the outer one", async () => {
    const outer = "https://id.example.com/realms/main";
    const token = await first.sign(key, { iss: outer });
    await using named = await start({
      AUTH_OIDC_ISSUER: outer,
      AUTH_OIDC_DISCOVERY_URL: `${first.url}/.well-known/openid-configuration`,
    });
    expect((await knock(named, bearer(token))).status).toBe(ADMITTED);
    const told = await named.logged(({ msg }) => String(msg).includes("has another name for it"));
    expect(told).toMatchObject({ level: "warn", issuer: outer, discovery_document: first.url });
    expect((await knock(named, bearer(await first.sign(key)))).status).toBe(401);
    await using keysOnly = await start({ AUTH_OIDC_ISSUER: outer, AUTH_OIDC_JWKS_URL: `${first.url}/keys` });
    expect((await knock(keysOnly, bearer(token))).status).toBe(ADMITTED);
  });
});

describe("settings for issuers", () => {
  const A = "https://a.test";
  const B = "https://b.test";
  const load = (settings: Readonly<Record<string, string>>) =>
    loadConfig({ AUTH_ENABLED: "true", AUTH_OIDC_CLIENT_ID: "gateway", ...settings });
  const problemsOf = (settings: Readonly<Record<string, string>>): readonly string[] => {
    const loaded = load(settings);
    return loaded.ok ? [] : loaded.problems;
  };

  test("name the issuer if there are several", () => {
    const loaded = load({
      AUTH_OIDC_ISSUER: `${A},${B}`,
      AUTH_OIDC_JWKS_URL: `${B}=http://b.inner/keys?p=1`,
      AUTH_OIDC_DISCOVERY_URL: `${A}=http://a.inner/d`,
    });
    if (!loaded.ok) throw new Error(loaded.problems.join("\n"));
    expect(authenticationOptions(loaded.config.settings).issuers).toMatchObject([
      { issuer: A, audiences: ["gateway"], discoveryUrl: "http://a.inner/d", keysUrl: undefined },
      { issuer: B, audiences: ["gateway"], discoveryUrl: undefined, keysUrl: "http://b.inner/keys?p=1" },
    ]);
  });

  test.each([
    [{ AUTH_OIDC_ISSUER: `${A},${B}`, AUTH_OIDC_JWKS_URL: "http://x/keys" }, "must say for which issuer"],
    [
      { AUTH_OIDC_ISSUER: `${A},${B}`, AUTH_OIDC_JWKS_URL: "https://c.test=http://x/keys" },
      "must say for which issuer",
    ],
    [{ AUTH_OIDC_ISSUER: A, AUTH_OIDC_JWKS_URL: "http://x/1,http://x/2" }, "has several URLs for one issuer"],
    [{ AUTH_OIDC_ISSUER: A, AUTH_OIDC_DISCOVERY_URL: "file:///etc/passwd" }, "AUTH_OIDC_DISCOVERY_URL must be an http"],
    [{ AUTH_OIDC_ISSUER: A, AUTH_OIDC_JWKS_URL: "https://u:p@x/keys" }, "AUTH_OIDC_JWKS_URL must be an http"],
    [{ AUTH_API_KEYS: "key-0123456789", AUTH_OIDC_JWKS_URL: "https://x/keys" }, "needs AUTH_OIDC_ISSUER"],
    [{ AUTH_OIDC_ISSUER: `${A},not a url` }, "AUTH_OIDC_ISSUER must be an http or https URL"],
    [{ AUTH_OIDC_ISSUER: A, AUTH_OIDC_AUDIENCE_CLAIM: "," }, "AUTH_OIDC_AUDIENCE_CLAIM must list names"],
    [{ AUTH_OIDC_ISSUER: A, AUTH_OIDC_AUDIENCE_CLAIM: 'a"b' }, "AUTH_OIDC_AUDIENCE_CLAIM must list names"],
    [
      { AUTH_OIDC_ISSUER: `${A},${B}`, AUTH_OIDC_AUDIENCE: `${A}=x` },
      "needs AUTH_OIDC_CLIENT_ID or AUTH_OIDC_AUDIENCE",
    ],
  ])("%j are refused: %s", (settings, problem) => {
    const problems = problemsOf(settings);
    expect([problems.length, problems[0]]).toEqual([1, expect.stringContaining(problem)]);
  });
});
