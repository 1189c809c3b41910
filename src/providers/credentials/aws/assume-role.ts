import type { Authorize, IssuingParts } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import { requestToken } from "../request-token.ts";
import type { AwsKeys, AwsWebIdentitySource } from "./aws-settings.ts";
import { readExpiration } from "./read-keys.ts";
import { readTokenFile } from "../read-credential-file.ts";

const TIMEOUT_MS = 5000;
const SERVER = "AWS STS";

/**
 * Asks AWS's Security Token Service for the keys of a role.
 * https://docs.aws.amazon.com/STS/latest/APIReference/CommonParameters.html
 * @param parameters of the request, with its `Action`
 * @param authorize signs it, if it is to be signed
 */
export async function assumeRole(
  url: string,
  parameters: Readonly<Record<string, string>>,
  authorize: Authorize | undefined,
  { fetch }: IssuingParts,
  secrets: readonly string[],
): Promise<AwsKeys> {
  const body = String(new URLSearchParams({ Version: "2011-06-15", ...parameters }));
  const signed = await authorize?.({ url, method: "POST", body: Buffer.from(body) });
  const { text } = await requestToken(fetch, {
    server: SERVER,
    url,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...signed },
    body,
    timeoutMs: TIMEOUT_MS,
    secrets,
  });
  const whose = `the answer of ${SERVER}`;
  // None of these values needs an escape in XML.
  const read = (name: string): string => {
    const [, value] = new RegExp(`<${name}>\\s*([\\x21-\\x3b\\x3d-\\x7e]+)\\s*</${name}>`).exec(text) ?? [];
    if (value === undefined) throw invalidCredential(`${whose} has no ${name}`);
    return value;
  };
  return {
    accessKeyId: read("AccessKeyId"),
    secretAccessKey: read("SecretAccessKey"),
    sessionToken: read("SessionToken"),
    expiresAt: readExpiration(read("Expiration"), whose),
  };
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
export async function webIdentityKeys(
  { roleArn, tokenFile, sessionName, stsUrl }: Omit<AwsWebIdentitySource, "from">,
  parts: IssuingParts,
): Promise<AwsKeys> {
  const token = await readTokenFile(parts, tokenFile, "the web identity token file");
  const action = {
    Action: "AssumeRoleWithWebIdentity",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    WebIdentityToken: token,
  };
  return assumeRole(stsUrl, action, undefined, parts, [token]);
}
