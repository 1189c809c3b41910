import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSigningKey } from "../fixtures/signing-key.ts";
import { startGateway } from "../fixtures/start-gateway.ts";
import { AUDIENCE, startTokenIssuer } from "../fixtures/token-issuer.ts";
import { POST_ROUTES, SMALLEST } from "../routes/requests.ts";
import {
  KEY as PROVIDER_KEY,
  startBesideProvider,
  type StartedGateway,
  threeProviders,
} from "../routes/started-gateway.ts";
import { ADMITTED, bearer, knock, NOWHERE } from "./knock.ts";
import { scratchFolder } from "../fixtures/scratch-folder.ts";

const FIRST = "first-key-0123456789";
const SECOND = "second-key-0123456789";
const ANTHROPIC_ROUTES = ["/v1/messages", "/v1/messages/count_tokens"];

const folder = scratchFolder("gateway-keys");

describe("static keys", () => {
  let started: StartedGateway;

  beforeAll(async () => {
    started = await startBesideProvider((url) => ({
      ...threeProviders(url),
      AUTH_ENABLED: "true",
      AUTH_API_KEYS: `${FIRST},alice:${SECOND}`,
    }));
  });
  afterAll(() => started[Symbol.asyncDispose]());

  test("let their holders in, under their names in the log", async () => {
    const unnamed = await knock(started.gateway, bearer(FIRST));
    expect([unnamed.status, unnamed.line["identity"]]).toEqual([ADMITTED, "key-1"]);
    const named = await knock(started.gateway, { authorization: `bearer  ${SECOND}` });
    expect([named.status, named.line["identity"]]).toEqual([ADMITTED, "alice"]);
  });

  test.each([`${FIRST}x`, FIRST.slice(1), FIRST.toUpperCase(), `alice:${SECOND}`, "alice", "key-1", "%66irst"])(
    "let nobody in with %s",
    async (text) => {
      const { status, challenge, line } = await knock(started.gateway, bearer(text));
      expect([status, line["cause"], line["identity"]]).toEqual([401, "the key is not known", undefined]);
      expect(challenge).toBe('Bearer error="invalid_token", error_description="the key is not known"');
    },
  );

  test.each(POST_ROUTES)("reach %s as a bearer token, and never the provider", async (path) => {
    const response = await started.post(path, SMALLEST[path], bearer(SECOND));
    expect(response.status).toBe(200);
    const call = started.takeCall();
    expect(JSON.stringify(call.headers)).not.toContain(SECOND);
    expect([call.header("authorization"), call.header("x-api-key")]).toContain(
      ANTHROPIC_ROUTES.includes(path) ? PROVIDER_KEY : `Bearer ${PROVIDER_KEY}`,
    );
  });

  const headersOfKeys = ["x-api-key", "api-key"] as const;
  test.each(headersOfKeys)("in %s reach every route, and never the provider", async (name) => {
    for (const path of POST_ROUTES) {
      const response = await started.post(path, SMALLEST[path], { [name]: SECOND });
      expect([path, response.status]).toEqual([path, 200]);
      const call = started.takeCall();
      expect(JSON.stringify(call.headers)).not.toContain(SECOND);
      expect(call.header("api-key")).toBeUndefined();
    }
    for (const path of ["/proxy/anthropic/v1/messages", "/proxy/openai/x", "/v1/proxy/groq/x"]) {
      const response = await started.post(path, {}, { [name]: SECOND, ...bearer("sk-foreign") });
      expect([path, response.status]).toEqual([path, 200]);
      const sent = JSON.stringify(started.takeCall().headers);
      expect([sent.includes(SECOND), sent.includes("sk-foreign"), sent.includes('"api-key"')]).toEqual([
        false,
        false,
        false,
      ]);
    }
    for (const path of ["/v1/models", "/v1/mcp/tools", "/swagger/json", NOWHERE]) {
      const { status, line } = await knock(started.gateway, { [name]: SECOND }, path);
      expect([path, status === 401, line["identity"]]).toEqual([path, false, "alice"]);
    }
    started.takeCalls();
  });

  test("count wherever they are sent, beside whatever else", async () => {
    const good: readonly Readonly<Record<string, string>>[] = [
      { ...bearer("sk-ant-foreign"), "x-api-key": SECOND },
      { ...bearer("eyJhbGciOiJSUzI1NiJ9.e30.x"), "api-key": SECOND },
      { ...bearer(SECOND), "x-api-key": "sk-foreign", "api-key": "" },
      { "x-api-key": "sk-foreign", "api-key": SECOND },
      { "x-api-key": "", "api-key": SECOND },
      { authorization: "Basic eDp5", "x-api-key": SECOND },
      { authorization: "", "x-api-key": SECOND },
    ];
    for (const headers of good) {
      const { status, line } = await knock(started.gateway, headers);
      expect([headers, status, line["identity"]]).toEqual([headers, ADMITTED, "alice"]);
    }
    const bad: readonly (readonly [headers: Readonly<Record<string, string>>, cause: string])[] = [
      [{ "x-api-key": "wrong" }, "the key is not known"],
      [{ "x-api-key": "", "api-key": "" }, "no credential"],
      [{ "x-api-key": `Bearer ${SECOND}` }, "the credential is malformed"],
      [{ "x-api-key": `${SECOND},${SECOND}` }, "the credential is malformed"],
      [{ cookie: `x-api-key=${SECOND}` }, "no credential"],
      [{ ...bearer("a b"), "x-api-key": "wrong", "api-key": "wrong" }, "the credential is malformed"],
    ];
    for (const [headers, cause] of bad) {
      const { status, line } = await knock(started.gateway, headers);
      expect([headers, status, line["cause"]]).toEqual([headers, 401, cause]);
    }
  });

  test("are never written down", () => {
    const { stdout, stderr } = started.gateway.output();
    expect(stdout).toContain("alice");
    for (const key of [FIRST, SECOND]) expect(stdout + stderr).not.toContain(key);
  });
});

describe("refusals", () => {
  test("come in the envelope of their route and as ERROR_FORMAT asks", async () => {
    const settings = { AUTH_ENABLED: "true", AUTH_API_KEYS: FIRST };
    await using simple = await startGateway(settings);
    await using openai = await startGateway({ ...settings, ERROR_FORMAT: "openai" });
    for (const gateway of [simple, openai]) {
      for (const path of ANTHROPIC_ROUTES) {
        for (const headers of [{}, bearer("wrong"), { "x-api-key": "wrong" }]) {
          const { status, body, line } = await knock(gateway, headers, path, "POST");
          expect(status).toBe(401);
          expect(body).toEqual({
            type: "error",
            error: { type: "authentication_error", message: "unauthorized" },
            request_id: line["request_id"],
          });
        }
      }
    }
    const plain = await knock(simple, bearer("wrong"), "/v1/models");
    expect(plain.body).toEqual({
      error: "unauthorized",
      type: "authentication_error",
      code: "unauthorized",
      request_id: plain.line["request_id"],
    });
    const enveloped = await knock(openai, bearer("wrong"), "/v1/models");
    expect(enveloped.body).toEqual({
      error: { message: "unauthorized", type: "authentication_error", param: null, code: "unauthorized" },
    });
    expect([plain.challenge, enveloped.challenge]).toEqual([plain.challenge, plain.challenge]);
    expect(plain.challenge).toStartWith('Bearer error="invalid_token"');
  });
});

describe("a file of keys", () => {
  test("gives a name a new key before it loses the old one", async () => {
    const path = join(folder, "rotated");
    writeFileSync(path, `alice:${FIRST}\n`);
    await using gateway = await startGateway({ AUTH_ENABLED: "true", AUTH_API_KEYS: `@${path}` });
    const isReload = (line: Readonly<Record<string, unknown>>): boolean => line["msg"] === "reloaded";
    const steps = [
      [`alice:${FIRST}\nalice:${SECOND}\n`, [ADMITTED, ADMITTED]],
      [`alice:${SECOND}\n`, [401, ADMITTED]],
    ] as const;
    for (const [index, [content, expected]] of steps.entries()) {
      writeFileSync(path, content);
      gateway.process.kill("SIGHUP");
      await gateway.logged(() => gateway.log.filter(isReload).length === index + 1);
      const statuses = [FIRST, SECOND].map(async (key) => (await knock(gateway, bearer(key))).status);
      expect(await Promise.all(statuses)).toEqual([...expected]);
    }
  });

  test("is read again on SIGHUP; one that is bad then leaves the old keys in force", async () => {
    const path = join(folder, "keys");
    writeFileSync(path, `# team\nalice:${FIRST}\n`);
    await using gateway = await startGateway({ AUTH_ENABLED: "true", AUTH_API_KEYS: `@${path}` });
    const statuses = async () => [
      (await knock(gateway, bearer(FIRST))).status,
      (await knock(gateway, bearer(SECOND))).status,
    ];
    expect(await statuses()).toEqual([ADMITTED, 401]);
    writeFileSync(path, `bob:${SECOND}\n`);
    expect(await statuses()).toEqual([ADMITTED, 401]);
    gateway.process.kill("SIGHUP");
    await gateway.logged((line) => line["msg"] === "reloaded");
    expect(await statuses()).toEqual([401, ADMITTED]);
    const bad = [`key-2:${FIRST}\n${SECOND}`, "", `x:${FIRST} and more`, "x:"];
    for (const [index, content] of bad.entries()) {
      writeFileSync(path, content);
      gateway.process.kill("SIGHUP");
      const refused = (line: Readonly<Record<string, unknown>>) => String(line["msg"]).startsWith("not reloaded");
      await gateway.logged(() => gateway.log.filter(refused).length === index + 1);
      expect(gateway.log.findLast(refused)).toMatchObject({ level: "error" });
      expect(String(gateway.log.findLast(refused)?.["reason"])).toStartWith("AUTH_API_KEYS is not accepted: ");
    }
    rmSync(path);
    gateway.process.kill("SIGHUP");
    await gateway.logged((line) => String(line["reason"]).endsWith(`the file ${path} cannot be read (ENOENT)`));
    expect(await statuses()).toEqual([401, ADMITTED]);
    const { stdout, stderr } = gateway.output();
    for (const key of [FIRST, SECOND]) expect(stdout + stderr).not.toContain(key);
  });
});

test("static keys and tokens of an issuer are accepted side by side", async () => {
  const signingKey = await createSigningKey("EdDSA", "one");
  await using issuer = startTokenIssuer(signingKey);
  await using gateway = await startGateway({
    AUTH_ENABLED: "true",
    AUTH_API_KEYS: `robot:${FIRST}`,
    AUTH_OIDC_ISSUER: issuer.url,
    AUTH_OIDC_CLIENT_ID: AUDIENCE,
  });
  const robot = await knock(gateway, bearer(FIRST));
  const person = await knock(gateway, bearer(await issuer.sign(signingKey)));
  const nobody = await knock(gateway, bearer(SECOND));
  expect([robot, person, nobody].map(({ status }) => status)).toEqual([ADMITTED, ADMITTED, 401]);
  expect([robot.line["identity"], person.line["identity"]]).toEqual(["robot", "user-1"]);
  expect(nobody.line["cause"]).toBe("the token is malformed");
});
