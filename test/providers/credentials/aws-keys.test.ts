import { describe, expect, test } from "bun:test";
import { issueAws } from "../../../src/providers/credentials/aws/issue-aws.ts";
import type { AwsSource } from "../../../src/providers/credentials/aws/aws-settings.ts";
import { findSignatureFault } from "../../fixtures/aws-signature.ts";
import { startTokenServer, type TokenCall } from "../../fixtures/token-server.ts";
import { faultOf, type Files, issuingParts, NOW } from "./issuing-parts.ts";

const EXPIRATION = "2026-03-01T13:00:00Z";
const FILES = { credentials: "/home/.aws/credentials", config: "/home/.aws/config" };
const STS_ANSWER = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
  <AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role/secret+key</SecretAccessKey>
  <SessionToken>role//token==</SessionToken><Expiration>${EXPIRATION}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;
const JSON_KEYS = {
  Code: "Success",
  AccessKeyId: "ASIAROLE",
  SecretAccessKey: "role/secret+key",
  Token: "role//token==",
  Expiration: EXPIRATION,
};

const issue = (source: AwsSource, files?: Files, more?: Parameters<typeof issuingParts>[1]) =>
  issueAws({ kind: "aws", region: "eu-west-1", service: "bedrock", source }, issuingParts(files, more));

/** With which keys what was issued signs, by the independent verifier. */
async function signsWith(issued: Awaited<ReturnType<typeof issue>>, secrets: Readonly<Record<string, string>>) {
  const body = Buffer.from("{}");
  const url = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/converse";
  const headers = { host: new URL(url).host, ...(await issued.authorize({ url, method: "POST", body })) };
  const header = (name: string): string | undefined => Object.entries(headers).find(([key]) => key === name)?.[1];
  const callers = { region: "eu-west-1", service: "bedrock", secrets, now: NOW / 1000 };
  const fault = findSignatureFault({ method: "POST", target: "/model/m/converse", header, body }, callers);
  return fault ?? header("x-amz-security-token") ?? "no token";
}

test("static keys sign for ever", async () => {
  const source = {
    from: "keys",
    accessKeyId: "AKIA1",
    secretAccessKey: "s3cret/key",
    sessionToken: undefined,
  } as const;
  const issued = await issue(source);
  expect([issued.expiresAt, issued.secrets]).toEqual([Infinity, ["s3cret/key"]]);
  expect(await signsWith(issued, { AKIA1: "s3cret/key" })).toBe("no token");
  const withToken = await issue({ ...source, sessionToken: "session/token" });
  expect(withToken.secrets).toEqual(["s3cret/key", "session/token"]);
  expect(await signsWith(withToken, { AKIA1: "s3cret/key" })).toBe("session/token");
});

describe("web identity", () => {
  const source = (stsUrl: string) =>
    ({
      from: "web_identity",
      roleArn: "arn:aws:iam::1:role/r",
      tokenFile: "/token",
      sessionName: "gw",
      stsUrl,
    }) as const;

  test("asks STS with the token in the file, without a signature", async () => {
    await using sts = startTokenServer(() => new Response(STS_ANSWER));
    const issued = await issue(source(sts.url), { "/token": "eyJ.web.token\n" });
    const [call] = sts.calls;
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      Action: "AssumeRoleWithWebIdentity",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::1:role/r",
      RoleSessionName: "gw",
      WebIdentityToken: "eyJ.web.token",
    });
    expect([call?.method, call?.headers.get("authorization")]).toEqual(["POST", null]);
    expect(issued.expiresAt).toBe(Date.parse(EXPIRATION));
    expect(await signsWith(issued, { ASIAROLE: "role/secret+key" })).toBe("role//token==");
  });

  test("says what STS refuses, without the token, and not to clients", async () => {
    const refusal = "<Code>AccessDenied</Code><Message>Not authorized: eyJ.web.token</Message>";
    await using sts = startTokenServer(() => new Response(refusal, { status: 403 }));
    const error = await faultOf(issue(source(sts.url), { "/token": "eyJ.web.token" }));
    expect([error.fault, error.message]).toEqual(["credentials_invalid", "AWS STS answered with status 403"]);
    expect(error.detail).toContain("AccessDenied");
    expect(error.detail).not.toContain("eyJ.web.token");
  });

  test.each([
    ["no file", {}, "the web identity token file cannot be read"],
    ["a file with something else in it", { "/token": "two words" }, "the web identity token file holds no token"],
  ])("%s is a fault of the settings", async (_, files, message) => {
    const error = await faultOf(issue(source("http://127.0.0.1:1"), files));
    expect([error.fault, error.message]).toEqual(["credentials_invalid", message]);
  });

  test("an answer without keys is one", async () => {
    await using sts = startTokenServer(() => new Response("<html></html>"));
    const error = await faultOf(issue(source(sts.url), { "/token": "t" }));
    expect(error.message).toBe("the answer of AWS STS has no AccessKeyId");
  });
});

describe("container", () => {
  test.each([
    ["a token", { token: "Bearer abc" }, "Bearer abc"],
    ["the token in a file", { tokenFile: "/agent-token" }, "from-file"],
    ["no token", undefined, null],
  ] as const)("asks the agent with %s, past any proxy", async (_, authorization, sent) => {
    await using agent = startTokenServer(() => Response.json(JSON_KEYS));
    const issued = await issue(
      { from: "container", url: `${agent.url}/v1/credentials?id=1`, authorization },
      { "/agent-token": "from-file\n" },
      { fetch: () => Promise.reject(new Error("through the proxy")) },
    );
    expect(agent.calls.map(({ target, headers }) => [target, headers.get("authorization")])).toEqual([
      ["/v1/credentials?id=1", sent],
    ]);
    expect(await signsWith(issued, { ASIAROLE: "role/secret+key" })).toBe("role//token==");
  });

  test("is unavailable if the agent is", async () => {
    await using agent = startTokenServer(() => new Response("busy", { status: 503 }));
    const error = await faultOf(issue({ from: "container", url: agent.url, authorization: undefined }));
    expect(error.fault).toBe("credentials_unavailable");
  });
});

describe("machine", () => {
  const ROLES = "/latest/meta-data/iam/security-credentials/";

  function metadata(call: TokenCall): Response {
    if (call.target === "/latest/api/token") return new Response("imds-token");
    if (call.headers.get("x-aws-ec2-metadata-token") !== "imds-token") return new Response("", { status: 401 });
    if (call.target === ROLES) return new Response("the-role");
    return call.target === `${ROLES}the-role` ? Response.json(JSON_KEYS) : new Response("", { status: 404 });
  }
  const machine = (metadataUrl: string | undefined) =>
    ({ from: "machine", files: FILES, stsUrl: "http://127.0.0.1:1", metadataUrl }) as const;

  test("asks the metadata service of the instance, by version 2 only", async () => {
    await using imds = startTokenServer(metadata);
    const issued = await issue(machine(imds.url));
    expect(imds.calls.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "PUT /latest/api/token",
      `GET ${ROLES}`,
      `GET ${ROLES}the-role`,
    ]);
    expect(imds.calls[0]?.headers.get("x-aws-ec2-metadata-token-ttl-seconds")).toBe("60");
    expect(await signsWith(issued, { ASIAROLE: "role/secret+key" })).toBe("role//token==");
  });

  test("an instance without a role, and one whose role has failed", async () => {
    await using imds = startTokenServer((call) => (call.target === ROLES ? new Response("") : metadata(call)));
    expect((await faultOf(issue(machine(imds.url)))).message).toBe("the instance has no role");
    imds.answer((call) =>
      call.target.endsWith("the-role") ? Response.json({ Code: "AssumeRoleUnauthorizedAccess" }) : metadata(call),
    );
    expect((await faultOf(issue(machine(imds.url)))).fault).toBe("credentials_unavailable");
  });

  test("takes the default profile first, and says what there might be if there is nothing", async () => {
    const files = { [FILES.credentials]: "[default]\naws_access_key_id = AKIA2\naws_secret_access_key = two/secret\n" };
    expect(await signsWith(await issue(machine(undefined), files), { AKIA2: "two/secret" })).toBe("no token");
    const error = await faultOf(issue(machine(undefined)));
    expect([error.fault, error.message]).toEqual(["credentials_invalid", "there are no AWS credentials"]);
    expect(error.detail).toContain("BEDROCK_PROFILE");
  });
});

describe("profile", () => {
  const profile = (name: string, stsUrl = "http://127.0.0.1:1") =>
    ({ from: "profile", name, files: FILES, stsUrl }) as const;
  const CONFIG = `
# a comment
[default]
region = us-east-2
[profile dev]
region=eu-central-1 ; another comment
aws_access_key_id = AKIACONFIG
aws_secret_access_key = config/secret
s3 =
  max_concurrent_requests = 2
[profile "two words"]
role_arn = arn:aws:iam::1:role/r
source_profile = base
external_id = ext
[profile sso]
sso_session = corp
[profile process]
credential_process = /bin/true
[profile mfa]
role_arn = arn:aws:iam::1:role/r
source_profile = base
mfa_serial = arn:aws:iam::1:mfa/u
[profile circle]
role_arn = arn:aws:iam::1:role/r
source_profile = circle
[profile web]
role_arn = arn:aws:iam::1:role/w
web_identity_token_file = /token
[sso-session corp]
aws_access_key_id = AKIANOT
`;
  const CREDENTIALS = `
[base]
aws_access_key_id=AKIABASE
aws_secret_access_key=base/secret
[dev]
aws_access_key_id=AKIADEV
aws_secret_access_key=dev/secret
aws_session_token=dev/token
`;
  const files = { [FILES.config]: CONFIG, [FILES.credentials]: CREDENTIALS, "/token": "web.token" };

  test("has keys in the file of credentials, which counts before that of settings, and is read again", async () => {
    const issued = await issue(profile("dev"), files);
    expect(await signsWith(issued, { AKIADEV: "dev/secret" })).toBe("dev/token");
    expect([issued.expiresAt, issued.renewAt]).toEqual([Infinity, NOW + 300_000]);
    const ofConfig = await issue(profile("dev"), { [FILES.config]: CONFIG });
    expect(await signsWith(ofConfig, { AKIACONFIG: "config/secret" })).toBe("no token");
  });

  test("assumes a role with another profile, signed", async () => {
    await using sts = startTokenServer(() => new Response(STS_ANSWER));
    const issued = await issue(profile("two words", sts.url), files);
    const [call] = sts.calls;
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: "arn:aws:iam::1:role/r",
      RoleSessionName: "inference-gateway",
      ExternalId: "ext",
    });
    const request = {
      method: "POST",
      target: "/",
      header: (name: string) => call?.headers.get(name) ?? undefined,
      body: Buffer.from(call?.body ?? ""),
    };
    const callers = { region: "eu-west-1", service: "sts", secrets: { AKIABASE: "base/secret" }, now: NOW / 1000 };
    expect(findSignatureFault(request, callers)).toBeUndefined();
    expect(await signsWith(issued, { ASIAROLE: "role/secret+key" })).toBe("role//token==");
  });

  test("assumes a role with a token", async () => {
    await using sts = startTokenServer(() => new Response(STS_ANSWER));
    await issue(profile("web", sts.url), files);
    expect(new URLSearchParams(sts.calls[0]?.body).get("WebIdentityToken")).toBe("web.token");
  });

  test.each([
    ["sso", "sso_session", "the AWS profile needs what the gateway does not support"],
    ["process", "credential_process", "the AWS profile needs what the gateway does not support"],
    ["mfa", "mfa_serial", "the AWS profile needs what the gateway does not support"],
    ["circle", "", "the AWS profiles assume each other's roles"],
    ["nobody", "nobody", "the AWS profile has no credentials"],
    ["default", "default", "the AWS profile has no credentials"],
  ])("%s is refused, and it is said why", async (name, named, message) => {
    const error = await faultOf(issue(profile(name), files));
    expect([error.fault, error.message]).toEqual(["credentials_invalid", message]);
    expect(error.detail).toContain(named);
  });
});
