import type { IssuingParts } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import { requestJson, requestToken } from "../request-token.ts";
import type { AwsKeys } from "./aws-settings.ts";
import { readKeys } from "./read-keys.ts";

const TIMEOUT_MS = 1000;
const TOKEN_SECONDS = "60";
const SERVER = "the metadata service of the instance";

/**
 * The keys of the role that an EC2 instance has, by version 2 of its metadata service alone.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
 */
export async function instanceKeys(baseUrl: string, { fetchDirect }: IssuingParts): Promise<AwsKeys> {
  const { text: token } = await requestToken(fetchDirect, {
    server: SERVER,
    url: `${baseUrl}/latest/api/token`,
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": TOKEN_SECONDS },
    timeoutMs: TIMEOUT_MS,
  });
  const headers = { "x-aws-ec2-metadata-token": token.trim() };
  const roles = `${baseUrl}/latest/meta-data/iam/security-credentials/`;
  const asked = { server: SERVER, headers, timeoutMs: TIMEOUT_MS, secrets: [token.trim()] };
  const { text } = await requestToken(fetchDirect, { ...asked, url: roles });
  const [role = ""] = text.trim().split("\n");
  if (!/^[\w+=,.@-]+$/.test(role)) throw invalidCredential("the instance has no role");
  const answer = await requestJson(fetchDirect, { ...asked, url: roles + encodeURIComponent(role) });
  return readKeys(answer, `the answer of ${SERVER}`);
}
