import { afterEach, expect, test } from "bun:test";
import { json } from "../../fixtures/answers.ts";
import { createSigningKey } from "../../fixtures/signing-key.ts";
import { type Rig, startRig } from "../../fixtures/start-rig.ts";
import { AUDIENCE, startTokenIssuer, type TokenIssuer } from "../../fixtures/token-issuer.ts";
import { METRICS, metricsUrl, readMetrics } from "./read-metrics.ts";

let rig: Rig | undefined;
let issuer: TokenIssuer | undefined;
afterEach(async () => {
  await rig?.[Symbol.asyncDispose]();
  await issuer?.[Symbol.asyncDispose]();
});

test("the team of a token is a label, if the claim that says it is named; nobody is in a team otherwise", async () => {
  const key = await createSigningKey("ES256", "one");
  issuer = startTokenIssuer(key);
  const own = "sk-own-key-0123456789";
  rig = await startRig({
    ...METRICS,
    ...{ AUTH_ENABLED: "true", AUTH_OIDC_ISSUER: issuer.url, AUTH_OIDC_CLIENT_ID: AUDIENCE, AUTH_API_KEYS: own },
    TELEMETRY_TEAM_CLAIM: "department",
  });
  rig.provider.answerAlways(() => json(200, { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }));
  const tokens = await Promise.all([
    ...["search", "search", "sales"].map((department) => issuer?.sign(key, { department })),
    issuer.sign(key, { department: ["not", "a", "text"] }),
    issuer.sign(key),
    own,
  ]);
  for (const token of tokens) {
    const { client, id } = await rig.call({
      target: "/v1/chat/completions",
      headers: { authorization: `Bearer ${token}` },
      body: { model: "openai/m", messages: [{ role: "user", content: "hi" }] },
    });
    expect((await client.head()).status).toBe(200);
    await client.body();
    await rig.settled(id);
  }
  const metrics = await readMetrics(await metricsUrl(rig.gateway));
  const tokensOf = (team: string) => metrics.sum("gen_ai_client_token_usage_sum", { team, gen_ai_token_type: "input" });
  expect([tokensOf("search"), tokensOf("sales"), tokensOf("")]).toEqual([6, 3, 9]);
});
