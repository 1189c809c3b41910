import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSignature } from "../../../src/providers/credentials/aws/sign-request.ts";
import { findSignatureFault } from "../../fixtures/aws-signature.ts";
import { faultOf } from "./issuing-parts.ts";

const KEYS = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: undefined,
  expiresAt: Infinity,
};
const AT = Date.parse("2015-08-30T12:36:00Z");

async function sign(
  request: { url: string; method?: string; body?: Uint8Array | null },
  keys: typeof KEYS | object = {},
) {
  const all = { ...KEYS, ...keys };
  const authorize = await createSignature(all, { region: "us-east-1", service: "service" }, () => AT);
  return authorize({ method: "GET", body: null, ...request });
}

/** What the independent verifier says of a request as it goes on the wire. */
async function faultOfRequest(
  url: string,
  { method = "POST", body = null, ...keys }: { method?: string; body?: Uint8Array | null; sessionToken?: string } = {},
): Promise<string | undefined> {
  const { host } = new URL(url);
  const headers: Readonly<Record<string, string>> = { host, ...(await sign({ url, method, body }, keys)) };
  return findSignatureFault(
    {
      method,
      target: url.slice(url.indexOf("/", "https://".length)),
      header: (name) => headers[name],
      body: body ?? new Uint8Array(0),
    },
    {
      region: "us-east-1",
      service: "service",
      secrets: { [KEYS.accessKeyId]: KEYS.secretAccessKey },
      now: AT / 1000,
    },
  );
}

describe("signatures are those of AWS's own test suite", () => {
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-test-suite.html
  test.each([
    ["get-vanilla", "GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
    ["post-vanilla", "POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
    [
      "get-vanilla-query-order-key-case",
      "GET",
      "/?Param2=value2&Param1=value1",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ],
    [
      "get-vanilla-utf8-query",
      "GET",
      "/?%E1%88%B4=bar",
      "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ],
    [
      "get-vanilla-query-unreserved",
      "GET",
      "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
      "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ],
  ])("%s", async (_, method, target, signature) => {
    const { authorization } = await sign({ url: `https://example.amazonaws.com${target}`, method });
    expect(authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
    );
  });
});

describe("a server that knows the secret accepts", () => {
  test.each([
    "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/converse",
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude/converse-stream",
    "/model/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude/converse",
    "/model/m/converse?a=b&A=%2F%20x&a=a",
    "/foundation-models?byInferenceType=ON_DEMAND",
    "/it's(a)*test!/%E1%88%B4/%25",
  ])("%s", async (target) => {
    const body = Buffer.from('{"messages":[]}');
    expect(await faultOfRequest(`https://bedrock-runtime.us-east-1.amazonaws.com${target}`, { body })).toBeUndefined();
  });

  test("a session token, a port, and a body of bytes that are no text", async () => {
    const options = { body: Uint8Array.from([0, 255, 128, 10]), sessionToken: "IQoJ/+=token" };
    expect(await faultOfRequest("http://127.0.0.1:4000/model/m/invoke", options)).toBeUndefined();
  });

  test("names of any characters, encoded as one segment", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((name) => !/^\.{1,2}$/.test(name)),
        fc.uint8Array({ maxLength: 64 }),
        async (name, body) => {
          fc.pre(name.isWellFormed());
          const url = `https://bedrock-runtime.us-east-1.amazonaws.com/model/${encodeURIComponent(name)}/converse`;
          expect(await faultOfRequest(url, { body })).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});

test("headers are those of the signature, and nothing else", async () => {
  const signed = await sign({ url: "https://h.example/" }, { sessionToken: "token" });
  expect(Object.keys(signed).sort()).toEqual(["authorization", "x-amz-date", "x-amz-security-token"]);
  expect(signed["x-amz-date"]).toBe("20150830T123600Z");
});

test("a body that is a stream is not signed", async () => {
  const authorize = await createSignature(KEYS, { region: "us-east-1", service: "bedrock" }, () => AT);
  const request = { url: "https://h.example/", method: "POST", body: new ReadableStream<Uint8Array>() };
  expect((await faultOf(Promise.resolve(authorize(request)))).fault).toBe("credentials_invalid");
});
