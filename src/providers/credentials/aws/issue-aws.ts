import type { IssueCredential, IssuingParts } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import { containerKeys } from "./container-keys.ts";
import { instanceKeys } from "./instance-keys.ts";
import { profileKeys } from "./profile-keys.ts";
import type { AwsKeys, AwsMachineSource, AwsSettings, AwsSource } from "./aws-settings.ts";
import { createSignature } from "./sign-request.ts";
import { webIdentityKeys } from "./assume-role.ts";

/** Gets keys from the source that the settings name, to sign requests with. */
export const issueAws: IssueCredential<AwsSettings> = async ({ region, service, source }, parts) => {
  const keys = await keysOf(source, region, parts);
  const authorize = await createSignature(keys, { region, service }, parts.clock);
  const { expiresAt, renewAt, secretAccessKey, sessionToken } = keys;
  const secrets = [secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])];
  return { authorize, expiresAt, ...(renewAt !== undefined && { renewAt }), secrets };
};

function keysOf(source: AwsSource, region: string, parts: IssuingParts): AwsKeys | Promise<AwsKeys> {
  switch (source.from) {
    case "keys":
      return { ...source, expiresAt: Infinity };
    case "profile":
      return profileKeys(source, region, parts).then((keys) => keys ?? refuseProfile(source.name));
    case "web_identity":
      return webIdentityKeys(source, parts);
    case "container":
      return containerKeys(source, parts);
    case "machine":
      return machineKeys(source, region, parts);
  }
}

async function machineKeys(source: AwsMachineSource, region: string, parts: IssuingParts): Promise<AwsKeys> {
  const { files, stsUrl, metadataUrl } = source;
  const ofProfile = await profileKeys({ from: "profile", name: "default", files, stsUrl }, region, parts);
  if (ofProfile) return ofProfile;
  if (metadataUrl === undefined) {
    throw invalidCredential(
      "there are no AWS credentials",
      "no AWS credentials: set BEDROCK_API_KEY, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or BEDROCK_PROFILE; the metadata of the instance is not asked (AWS_EC2_METADATA_DISABLED)",
    );
  }
  return instanceKeys(metadataUrl, parts);
}

function refuseProfile(name: string): never {
  throw invalidCredential("the AWS profile has no credentials", `neither file of AWS profiles has keys for ${name}`);
}
