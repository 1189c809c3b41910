import { beforeAll, describe, expect, test } from "bun:test";
import { exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { issueGoogle } from "../../../src/providers/credentials/google/issue-google.ts";
import type { GoogleSource } from "../../../src/providers/credentials/google/google-settings.ts";
import { startTokenServer, type TokenServer } from "../../fixtures/token-server.ts";
import { faultOf, type Files, issuingParts, NOW } from "./issuing-parts.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
const TOKEN = { access_token: "ya29.first", expires_in: 3599, token_type: "Bearer" };
const REQUEST = { url: "https://h.example/", method: "POST", body: null };

let keys: CryptoKeyPair;
let pem: string;

beforeAll(async () => {
  keys = await generateKeyPair("RS256", { extractable: true });
  pem = await exportPKCS8(keys.privateKey);
});

const issue = (source: GoogleSource, files?: Files, more?: Parameters<typeof issuingParts>[1]) =>
  issueGoogle({ kind: "google", source }, issuingParts(files, more));

const serviceAccount = (server: TokenServer, more: object = {}): Files => ({
  "/key.json": JSON.stringify({
    type: "service_account",
    client_email: "gw@p.iam.gserviceaccount.com",
    private_key: pem,
    private_key_id: "kid-1",
    token_uri: `${server.url}/token`,
    ...more,
  }),
});
const FILE = { from: "file", path: "/key.json" } as const;

describe("a service account", () => {
  test("signs an assertion for the token server, and sends what it gets for it", async () => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const issued = await issue(FILE, serviceAccount(server));
    expect([await issued.authorize(REQUEST), issued.expiresAt]).toEqual([
      { authorization: "Bearer ya29.first" },
      NOW + 3_599_000,
    ]);
    const [call] = server.calls;
    const sent = new URLSearchParams(call?.body);
    expect(sent.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const assertion = sent.get("assertion") ?? "";
    const { payload, protectedHeader } = await jwtVerify(assertion, keys.publicKey, { currentDate: new Date(NOW) });
    expect(protectedHeader).toEqual({ alg: "RS256", typ: "JWT", kid: "kid-1" });
    expect(payload).toEqual({
      iss: "gw@p.iam.gserviceaccount.com",
      aud: `${server.url}/token`,
      scope: SCOPE,
      iat: NOW / 1000,
      exp: NOW / 1000 + 3600,
    });
    expect(issued.secrets).toEqual(["ya29.first", assertion]);
  });

  test("is refused without its assertion being said", async () => {
    await using server = startTokenServer(({ body }) =>
      Response.json({ error: "invalid_grant", said: new URLSearchParams(body).get("assertion") }, { status: 400 }),
    );
    const error = await faultOf(issue(FILE, serviceAccount(server)));
    expect([error.fault, error.message]).toEqual([
      "credentials_invalid",
      "Google's token server answered with status 400",
    ]);
    expect(error.detail).toContain("invalid_grant");
    expect(error.detail).not.toContain(new URLSearchParams(server.calls[0]?.body).get("assertion") ?? "");
  });

  test.each([
    [{ private_key: "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----" }, "private_key of the Google"],
    [{ private_key: "none" }, "private_key of the Google"],
    [{ client_email: 1 }, "the Google credentials file has no client_email"],
    [{ token_uri: "http://evil.example/token" }, "token_uri of the Google credentials file is no https URL"],
    [{ token_uri: 7 }, "token_uri of the Google credentials file is no https URL"],
    [{ type: "external_account" }, "the Google credentials file is of a type that is not supported"],
    [{ type: undefined }, "the Google credentials file is of a type that is not supported"],
  ])("%j is a fault of the file", async (more, message) => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const error = await faultOf(issue(FILE, serviceAccount(server, more)));
    expect(error.fault).toBe("credentials_invalid");
    expect(error.message).toStartWith(message);
    expect(server.calls).toEqual([]);
  });

  test.each([
    ["{", "the Google credentials file is no JSON object"],
    ["[]", "the Google credentials file is no JSON object"],
    [undefined, "the Google credentials file cannot be read"],
  ])("%j is none", async (text, message) => {
    const error = await faultOf(issue(FILE, text === undefined ? {} : { "/key.json": text }));
    expect([error.fault, error.message]).toEqual(["credentials_invalid", message]);
  });
});

describe("a person", () => {
  const user = (server: TokenServer) =>
    JSON.stringify({
      type: "authorized_user",
      client_id: "id",
      client_secret: "client-secret",
      refresh_token: "1//refresh",
      token_uri: `${server.url}/token`,
    });

  test("is spoken for by a refresh token", async () => {
    await using server = startTokenServer(() => Response.json({ ...TOKEN, expires_in: "120" }));
    const issued = await issue(FILE, { "/key.json": user(server) });
    expect(Object.fromEntries(new URLSearchParams(server.calls[0]?.body))).toEqual({
      grant_type: "refresh_token",
      client_id: "id",
      client_secret: "client-secret",
      refresh_token: "1//refresh",
    });
    expect([issued.expiresAt, issued.secrets]).toEqual([NOW + 120_000, ["ya29.first", "client-secret", "1//refresh"]]);
  });

  test("has a file of gcloud, which is looked at before the metadata server", async () => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const source = { from: "machine", path: "/gcloud.json", metadataUrl: "http://127.0.0.1:1" } as const;
    const issued = await issue(source, { "/gcloud.json": user(server) });
    expect(await issued.authorize(REQUEST)).toEqual({ authorization: "Bearer ya29.first" });
  });
});

describe("the metadata server", () => {
  const machine = (metadataUrl: string) => ({ from: "machine", path: "/none", metadataUrl }) as const;

  test("is asked past any proxy, with its own header", async () => {
    await using server = startTokenServer(() => Response.json(TOKEN));
    const issued = await issue(machine(server.url), {}, { fetch: () => Promise.reject(new Error("proxy")) });
    const [call] = server.calls;
    expect([call?.method, call?.target, call?.headers.get("metadata-flavor")]).toEqual([
      "GET",
      `/computeMetadata/v1/instance/service-accounts/default/token?scopes=${encodeURIComponent(SCOPE)}`,
      "Google",
    ]);
    expect(await issued.authorize(REQUEST)).toEqual({ authorization: "Bearer ya29.first" });
  });

  test.each([
    ["an answer that is no JSON", () => new Response("<html>"), "credentials_invalid", "is no JSON object"],
    ["no token", () => Response.json({}), "credentials_invalid", "has no access_token"],
    [
      "a token that fits into no header",
      () => Response.json({ access_token: "a\r\nb: c" }),
      "credentials_invalid",
      "is no token",
    ],
    ["a redirect", () => Response.redirect("http://127.0.0.1:1/"), "credentials_invalid", "status 302"],
    ["too many requests", () => new Response("", { status: 429 }), "credentials_unavailable", "status 429"],
    ["an answer that is too long", () => new Response("x".repeat(300_000)), "credentials_invalid", "too long"],
  ] as const)("%s is an error", async (_, answer, fault, message) => {
    await using server = startTokenServer(answer);
    const error = await faultOf(issue(machine(server.url)));
    expect(error.fault).toBe(fault);
    expect(error.message).toContain(message);
  });

  test("nobody there is an error with the reason in the log", async () => {
    const error = await faultOf(issue(machine("http://127.0.0.1:1")));
    expect([error.fault, error.message]).toEqual([
      "credentials_unavailable",
      "the metadata server of Google Cloud cannot be reached",
    ]);
    expect(error.detail).toMatch(/refused/i);
  });
});
