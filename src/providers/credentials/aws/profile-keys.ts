import type { IssuingParts } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import { readFileIfThere } from "../read-credential-file.ts";
import { assumeRole, webIdentityKeys } from "./assume-role.ts";
import type { AwsFiles, AwsKeys, AwsProfileSource } from "./aws-settings.ts";
import { mergeProfile, type Profile } from "./profile.ts";
import { createSignature } from "./sign-request.ts";

/** The files may be written anew; other tools look at them once only. */
const REREAD_MS = 5 * 60_000;

/** Roles that are assumed by roles that are assumed … */
const MAX_ROLES = 5;

/** What these need is another program, or a person. */
const UNSUPPORTED = [
  ...["credential_process", "credential_source", "login_session", "mfa_serial"],
  ...["sso_account_id", "sso_role_name", "sso_session", "sso_start_url"],
];

const readAwsFiles = async (files: AwsFiles, parts: Pick<IssuingParts, "readFile">) => {
  const [credentials, config] = await Promise.all([
    readFileIfThere(parts, files.credentials, "the AWS credentials file"),
    readFileIfThere(parts, files.config, "the AWS config file"),
  ]);
  return (name: string) => mergeProfile(name, credentials, config);
};

/**
 * The keys of a profile: those in the files, or those of a role that it assumes with another profile or a token.
 * @returns undefined if there is no such profile, or nothing about credentials in it
 */
export async function profileKeys(
  source: AwsProfileSource,
  region: string,
  parts: IssuingParts,
): Promise<AwsKeys | undefined> {
  const find = await readAwsFiles(source.files, parts);
  return keysOf(source.name, find, { region, stsUrl: source.stsUrl, parts, roles: 0 });
}

interface Reading {
  readonly region: string;
  readonly stsUrl: string;
  readonly parts: IssuingParts;
  /** How many are assumed with the keys that are looked for. */
  readonly roles: number;
}

async function keysOf(
  name: string,
  find: (name: string) => Profile | undefined,
  reading: Reading,
): Promise<AwsKeys | undefined> {
  const profile = find(name);
  if (!profile) return undefined;
  const { parts, stsUrl } = reading;
  const roleArn = profile.get("role_arn");
  const tokenFile = profile.get("web_identity_token_file");
  const sessionName = profile.get("role_session_name") ?? "inference-gateway";
  if (roleArn !== undefined && tokenFile !== undefined) {
    return webIdentityKeys({ roleArn, tokenFile, sessionName, stsUrl }, parts);
  }
  const sourceProfile = profile.get("source_profile");
  if (roleArn !== undefined && sourceProfile !== undefined) {
    requireSupported(name, profile);
    return roleOf({ roleArn, sessionName, externalId: profile.get("external_id") }, sourceProfile, find, reading);
  }
  const accessKeyId = profile.get("aws_access_key_id");
  const secretAccessKey = profile.get("aws_secret_access_key");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = profile.get("aws_session_token");
    const now = parts.clock();
    return { accessKeyId, secretAccessKey, sessionToken, expiresAt: Infinity, renewAt: now + REREAD_MS };
  }
  requireSupported(name, profile);
  return undefined;
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
async function roleOf(
  { roleArn, sessionName, externalId }: { roleArn: string; sessionName: string; externalId: string | undefined },
  sourceProfile: string,
  find: (name: string) => Profile | undefined,
  reading: Reading,
): Promise<AwsKeys> {
  if (reading.roles >= MAX_ROLES) throw invalidCredential("the AWS profiles assume each other's roles");
  const { region, stsUrl, parts } = reading;
  const keys = await keysOf(sourceProfile, find, { ...reading, roles: reading.roles + 1 });
  if (!keys) {
    throw invalidCredential("the AWS profile has no credentials", `source_profile ${sourceProfile} has no keys`);
  }
  const signature = await createSignature(keys, { region, service: "sts" }, parts.clock);
  const action = {
    Action: "AssumeRole",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    ...(externalId !== undefined && { ExternalId: externalId }),
  };
  return assumeRole(stsUrl, action, signature, parts, [keys.secretAccessKey, keys.sessionToken ?? ""]);
}

function requireSupported(name: string, profile: Profile): void {
  const found = UNSUPPORTED.filter((member) => profile.has(member));
  if (found.length === 0) return;
  throw invalidCredential(
    "the AWS profile needs what the gateway does not support",
    `profile ${name} has ${found.join(", ")}, which is not supported: use keys, role_arn with source_profile or web_identity_token_file, or put what \`aws configure export-credentials\` prints into the environment`,
  );
}
