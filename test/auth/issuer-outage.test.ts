import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createManualClock } from "../fixtures/manual-clock.ts";
import { createSigningKey, type SigningKey } from "../fixtures/signing-key.ts";
import type { RunningGateway } from "../fixtures/start-gateway.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from "../fixtures/token-issuer.ts";
import { ADMITTED, bearer, knock } from "./knock.ts";

let key: SigningKey;
let newKey: SigningKey;

beforeAll(async () => {
  [key, newKey] = await Promise.all([createSigningKey("ES256", "key-1"), createSigningKey("ES256", "key-2")]);
});

const STATIC_KEY = "static-key-0123456789";

/** The gateway's time, which decides when an issuer is asked again. */
const clock = createManualClock();

function startBehind(issuer: string, settings: Readonly<Record<string, string>> = {}): Promise<RunningGateway> {
  const environment = {
    AUTH_ENABLED: "true",
    AUTH_OIDC_ISSUER: issuer,
    AUTH_OIDC_CLIENT_ID: AUDIENCE,
    AUTH_API_KEYS: STATIC_KEY,
    ...settings,
  };
  return startGateway(environment, { now: clock.now });
}

const REACHABLE = "the issuer's keys are known";
const UNREACHABLE = "the issuer's keys cannot be fetched";

describe("an issuer that is down when the gateway starts", () => {
  test("costs tokens a 503, static keys and health nothing, and is found again without a restart", async () => {
    await using issuer = startTokenIssuer(key);
    issuer.breakDown(true);
    await using gateway = await startBehind(issuer.url);
    const warning = await gateway.logged((line) => line["msg"] === UNREACHABLE);
    expect(warning["problem"]).toBe("the issuer's discovery document was answered with status 500");
    const token = await issuer.sign(key);
    const { status, retryAfter, challenge, body, line } = await knock(gateway, bearer(token));
    expect([status, retryAfter, challenge]).toEqual([503, "5", null]);
    expect(body).toMatchObject({ error: "Authentication is not available at the moment" });
    expect(line["cause"]).toBe("the issuer's discovery document was answered with status 500");
    expect((await knock(gateway, bearer(STATIC_KEY))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer("wrong-key"))).status).toBe(401);
    expect((await knock(gateway, {})).status).toBe(401);
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
    issuer.breakDown(false);
    // The issuer is asked again by the first token that comes a second after the last attempt.
    await clock.advance(999);
    expect((await knock(gateway, bearer(token))).status).toBe(503);
    await clock.advance(1);
    expect((await knock(gateway, bearer(token))).status).toBe(ADMITTED);
    expect(gateway.log.filter((entry) => entry["msg"] === REACHABLE)).toHaveLength(1);
  });

  test("is asked little, however many tokens come", async () => {
    await using issuer = startTokenIssuer(key);
    issuer.breakDown(true);
    await using gateway = await startBehind(issuer.url);
    await gateway.logged((line) => line["msg"] === UNREACHABLE);
    const token = await issuer.sign(key);
    const answers = await Promise.all(Array.from({ length: 100 }, () => knock(gateway, bearer(token))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(issuer.asked.discovery).toBe(1);
    expect(gateway.log.filter((entry) => entry["msg"] === UNREACHABLE)).toHaveLength(1);
  });
});

describe("an issuer that changes its keys", () => {
  test("is not asked by tokens with unknown keys while it was asked just now", async () => {
    await using issuer = startTokenIssuer(key);
    await using gateway = await startBehind(issuer.url);
    expect((await knock(gateway, bearer(await issuer.sign(key)))).status).toBe(ADMITTED);
    issuer.publish(newKey);
    const tokens = await Promise.all(
      Array.from({ length: 100 }, (_, n) => issuer.sign(newKey, {}, { kid: `key-${n}` })),
    );
    const answers = await Promise.all(tokens.map((token) => knock(gateway, bearer(token))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
    expect((await knock(gateway, bearer(await issuer.sign(key)))).status).toBe(ADMITTED);
  });
});

describe("an issuer that goes down later", () => {
  let gateway: RunningGateway;
  let issuer: TokenIssuer;

  beforeAll(async () => {
    issuer = startTokenIssuer(key);
    gateway = await startBehind(issuer.url);
    expect((await knock(gateway, bearer(await issuer.sign(key)))).status).toBe(ADMITTED);
    issuer.breakDown(true);
  });
  afterAll(async () => {
    await gateway.stop();
    await issuer[Symbol.asyncDispose]();
  });

  test("leaves the tokens of its known keys as good as they were, and the bad ones as bad", async () => {
    expect((await knock(gateway, bearer(await issuer.sign(key)))).status).toBe(ADMITTED);
    expect((await knock(gateway, bearer(await issuer.sign(key, { exp: 1 })))).status).toBe(401);
    expect((await knock(gateway, bearer(await issuer.sign(newKey, {}, { kid: "key-1" })))).status).toBe(401);
  });
});

test("a discovery document of another issuer is not believed", async () => {
  await using issuer = startTokenIssuer(key);
  issuer.answer("discovery", () => Response.json({ issuer: "https://evil.test", jwks_uri: `${issuer.url}/keys` }));
  await using gateway = await startBehind(issuer.url);
  const { status, line } = await knock(gateway, bearer(await issuer.sign(key)));
  expect([status, line["cause"]]).toEqual([
    503,
    expect.stringContaining("the discovery document names another issuer: it says https://evil.test,"),
  ]);
  expect(issuer.asked.keys).toBe(0);
});

test("AUTH_OIDC_AUDIENCE is accepted instead of the client id, each of its entries", async () => {
  await using issuer = startTokenIssuer(key);
  await using gateway = await startBehind(issuer.url, { AUTH_OIDC_AUDIENCE: "api://one, api://two" });
  for (const [aud, status] of [
    ["api://one", ADMITTED],
    [["x", "api://two"], ADMITTED],
    [AUDIENCE, 401],
    ["api://one, api://two", 401],
  ] as const) {
    expect((await knock(gateway, bearer(await issuer.sign(key, { aud })))).status).toBe(status);
  }
});
