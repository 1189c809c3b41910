import type { IssuingParts } from "../credential.ts";
import { readTokenFile } from "../read-credential-file.ts";
import { requestJson } from "../request-token.ts";
import type { AwsContainerSource, AwsKeys } from "./aws-settings.ts";
import { readKeys } from "./read-keys.ts";

const TIMEOUT_MS = 2000;

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
export async function containerKeys({ url, authorization }: AwsContainerSource, parts: IssuingParts): Promise<AwsKeys> {
  const server = "the credentials service of the container";
  const token =
    authorization === undefined
      ? undefined
      : "token" in authorization
        ? authorization.token
        : await readTokenFile(parts, authorization.tokenFile, "the authorization token file of the container");
  const answer = await requestJson(parts.fetchDirect, {
    server,
    url,
    headers: { accept: "application/json", ...(token !== undefined && { authorization: token }) },
    timeoutMs: TIMEOUT_MS,
    secrets: token === undefined ? [] : [token],
  });
  return readKeys(answer, `the answer of ${server}`);
}
