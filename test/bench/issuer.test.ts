import { afterAll, expect, test } from "bun:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { AUDIENCE, startIssuer } from "../../bench/issuer.ts";

const issuer = startIssuer();
afterAll(() => issuer.stop());

test("minted tokens all differ, and are good by the published key", async () => {
  const tokens = [...issuer.mint(3), ...issuer.mint(2)];
  expect(new Set(tokens).size).toBe(5);
  const discovery = await fetch(`${issuer.url}/.well-known/openid-configuration`);
  const { issuer: name, jwks_uri: keys } = (await discovery.json()) as { issuer: string; jwks_uri: string };
  expect(name).toBe(issuer.url);
  const lookUp = createRemoteJWKSet(new URL(keys));
  for (const token of tokens) await jwtVerify(token, lookUp, { issuer: issuer.url, audience: AUDIENCE });
});
