import type { IssuingParts } from "../credential.ts";
import { readTokenFile } from "../read-credential-file.ts";
import { assumeRole } from "./assume-role.ts";
import type { AwsKeys, AwsWebIdentitySource } from "./aws-settings.ts";

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
