import { afterAll } from "bun:test";
import { createSigningKey } from "../fixtures/signing-key.ts";
import { AUDIENCE, startTokenIssuer } from "../fixtures/token-issuer.ts";
import { type AbuseCase, numbered, repeated, requestBytes } from "./abuse-case.ts";
import { describeCases } from "./describe-cases.ts";
import { SIDE_KEY } from "./measured-gateway.ts";

const KIB = 1024;
const key = await createSigningKey("ES256", "key-1");
const issuer = startTokenIssuer(key);
afterAll(() => issuer[Symbol.asyncDispose]());

const settings = () => ({
  AUTH_ENABLED: "true",
  AUTH_OIDC_ISSUER: issuer.url,
  AUTH_OIDC_CLIENT_ID: AUDIENCE,
  AUTH_API_KEYS: SIDE_KEY,
});

const HEADER = Buffer.from('{"alg":"ES256","typ":"JWT","kid":"key-1"}').toString("base64url");
const SIGNATURE = Buffer.alloc(64).toString("base64url");
const knock = (token: string): Uint8Array =>
  requestBytes("GET", "/v1/models", undefined, [`authorization: Bearer ${token}`]);
const encoded = (text: string): string => Buffer.from(text).toString("base64url");
const ofHeader = (json: string): string => `${encoded(json)}.${encoded("{}")}.${SIGNATURE}`;
const ofClaims = (json: string): string => `${HEADER}.${encoded(json)}.${SIGNATURE}`;

/** Tokens of about so many bytes. Base64 makes four characters of three. */
const TOKENS: readonly (readonly [name: string, token: (bytes: number) => string])[] = [
  ["of many dots", (bytes) => ".".repeat(bytes)],
  ["of a long header", (bytes) => ofHeader(`{"alg":"ES256","kid":"${"k".repeat(bytes * 0.7)}"}`)],
  [
    "of a deep header",
    (bytes) => ofHeader(`{"alg":"ES256","x":${"[".repeat(bytes * 0.35)}${"]".repeat(bytes * 0.35)}}`),
  ],
  ["of critical names", (bytes) => ofHeader(`{"alg":"ES256","crit":[${numbered(bytes / 16, (n) => `"name ${n}"`)}]}`)],
  ["of long claims", (bytes) => ofClaims(`{"sub":"${"s".repeat(bytes * 0.7)}"}`)],
  ["of deep claims", (bytes) => ofClaims(`{"x":${"[".repeat(bytes * 0.35)}${"]".repeat(bytes * 0.35)}}`)],
  ["of many claims", (bytes) => ofClaims(`{${numbered(bytes / 16, (n) => `"claim ${n}":0`)}}`)],
  ["of many audiences", (bytes) => ofClaims(`{"aud":[${numbered(bytes / 8, (n) => `"${n}"`)}]}`)],
  ["of a long signature", (bytes) => `${HEADER}.${encoded("{}")}.${"s".repeat(bytes)}`],
  ["of what is no base64", (bytes) => `${HEADER}.${"%".repeat(bytes)}.${SIGNATURE}`],
];
const AT_ONCE = 8;

describeCases(
  "a token costs what it weighs",
  TOKENS.map(([name, token]): AbuseCase => ({
    name,
    size: 6 * KIB,
    build(bytes) {
      const request = knock(token(bytes));
      return { requests: Array.from({ length: AT_ONCE }, () => request), bytes: bytes * AT_ONCE };
    },
    statuses: [401],
  })),
  { settings },
);

/** Documents of an issuer that has been taken over, or has gone mad. */
const DOCUMENTS: readonly (readonly [name: string, document: "discovery" | "keys", json: (bytes: number) => string])[] =
  [
    ["many equal keys", "keys", (bytes) => `{"keys":[${numbered(bytes / 180, () => JSON.stringify(key.publicJwk))}]}`],
    ["many keys of nothing", "keys", (bytes) => `{"keys":[${repeated("{},", bytes)}{}]}`],
    [
      "a long key",
      "keys",
      (bytes) => `{"keys":[{"kty":"RSA","alg":"RS256","kid":"key-1","n":"${"n".repeat(bytes)}","e":"AQAB"}]}`,
    ],
    ["deep keys", "keys", (bytes) => `{"keys":[${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}]}`],
    ["a discovery of many keys", "discovery", (bytes) => `{${numbered(bytes / 16, (n) => `"key ${n}":0`)}}`],
  ];

describeCases(
  "a document of the issuer costs what it weighs",
  DOCUMENTS.map(([name, document, json]): AbuseCase => ({
    name,
    size: 224 * KIB,
    build(bytes) {
      const text = json(bytes);
      issuer.answer("keys");
      issuer.answer("discovery");
      issuer.answer(document, () => new Response(text));
      const claims = encoded(JSON.stringify({ iss: issuer.url, aud: AUDIENCE, exp: 4_000_000_000 }));
      const token = `${HEADER}.${claims}.${SIGNATURE}`;
      return { requests: [knock(token), knock(`${token}x`)], bytes: text.length };
    },
    statuses: [401, 503],
  })),
  { settings, isFresh: true },
);
