import { readTextFile } from "../../../core/read-files.ts";
import type { AwsContainerSource, AwsFiles, AwsSource } from "../../../providers/credentials/aws/aws-settings.ts";
import { mergeProfile } from "../../../providers/credentials/aws/profile.ts";
import { type Environment, readVariable } from "../../environment.ts";
import { problemLine } from "../../setting-problem.ts";
import { type Cloud, type CloudQuestion, isConfidential, ownVariable } from "./cloud.ts";

/** https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html */
export const AWS_VARIABLES = [
  ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"],
  ...["AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL_STS"],
  ...["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"],
  ...["AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
  ...["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME"],
  ...["AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT"],
] as const;

/** Signatures for all hosts of Bedrock name the same service. */
const SERVICE = "bedrock";

const REGION = /^[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}$/;
/** In host names such as `bedrock-runtime.eu-central-1.amazonaws.com`. */
const REGION_IN_HOST = /(?<=[.])[a-z]{2,3}(?:-[a-z]+)+-\d{1,2}(?=\.)/;

const CONTAINER_HOST = "http://169.254.170.2";
/** Addresses within the machine, to which tokens may be sent in the clear. */
const CONTAINER_HOSTS = /^http:\/\/(?:169\.254\.170\.2|169\.254\.170\.23|\[fd00:ec2::23\])(?::\d{1,5})?(?=[/?]|$)/;
const METADATA_URL = "http://169.254.169.254";

type Read = (name: string) => string | undefined;

/** Reads region and source of credentials as AWS's own tools do, once the operator has said that Bedrock is meant. */
export function readAws(question: CloudQuestion): Cloud {
  const { environment, id, url, ownUrl, hasKey, findings } = question;
  const read: Read = (name) => readVariable(environment, name);
  const names = { region: ownVariable(id, "REGION"), profile: ownVariable(id, "PROFILE") };
  const ownProfile = read(names.profile);
  const isConfigured = hasKey || [read(names.region), ownProfile, ownUrl].some((value) => value !== undefined);
  const files = filesOf(read);
  if (!isConfigured) return { url, missingVariables: [names.region], isConfigured, credential: undefined };
  const region = readRegion(question, names.region, read) ?? regionOf(ownProfile ?? read("AWS_PROFILE"), files);
  // A key needs no region but for the address.
  const isMissing = region === undefined && (!hasKey || ownUrl === undefined);
  if (isMissing && !hasKey) {
    findings.warnings.push(`${names.region} is not set, and nothing else says a region: ${id} cannot be called`);
  }
  return {
    url: region === undefined ? url : url.replaceAll("REGION", region),
    missingVariables: isMissing ? [names.region] : [],
    isConfigured,
    credential:
      hasKey || region === undefined
        ? undefined
        : { kind: "aws", region, service: SERVICE, source: sourceOf(ownProfile, region, files, question) },
  };
}

function readRegion({ ownUrl, findings }: CloudQuestion, own: string, read: Read): string | undefined {
  const name = [own, "AWS_REGION", "AWS_DEFAULT_REGION"].find((name) => read(name) !== undefined);
  const value = name && read(name);
  if (name === undefined || value === undefined) return ownUrl && REGION_IN_HOST.exec(ownUrl)?.[0];
  if (REGION.test(value)) return value;
  findings.problems.push(problemLine({ name, value, secret: false, expected: "a region of AWS, such as us-east-1" }));
  return undefined;
}

function filesOf(read: Read): AwsFiles {
  const home = read("HOME") ?? "";
  return {
    credentials: read("AWS_SHARED_CREDENTIALS_FILE") ?? `${home}/.aws/credentials`,
    config: read("AWS_CONFIG_FILE") ?? `${home}/.aws/config`,
  };
}

/** Files that cannot be read say no region; if a credential is looked for in them, that failure says why. */
function regionOf(profile: string | undefined, { credentials, config }: AwsFiles): string | undefined {
  const [ofCredentials, ofConfig] = [credentials, config].map((path) => {
    try {
      return readTextFile(path);
    } catch {
      return undefined;
    }
  });
  const region = mergeProfile(profile ?? "default", ofCredentials, ofConfig)?.get("region");
  return region !== undefined && REGION.test(region) ? region : undefined;
}

function sourceOf(
  ownProfile: string | undefined,
  region: string,
  files: AwsFiles,
  { environment, findings }: CloudQuestion,
): AwsSource {
  const read: Read = (name) => readVariable(environment, name);
  const stsUrl = readUrl("AWS_ENDPOINT_URL_STS", environment, isConfidential, findings.problems);
  const common = { files, stsUrl: stsUrl ?? `https://sts.${region}.amazonaws.com` };
  if (ownProfile !== undefined) return { from: "profile", name: ownProfile, ...common };
  const accessKeyId = read("AWS_ACCESS_KEY_ID");
  const secretAccessKey = read("AWS_SECRET_ACCESS_KEY");
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { from: "keys", accessKeyId, secretAccessKey, sessionToken: read("AWS_SESSION_TOKEN") };
  }
  const profile = read("AWS_PROFILE");
  if (profile !== undefined) return { from: "profile", name: profile, ...common };
  const roleArn = read("AWS_ROLE_ARN");
  const tokenFile = read("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (roleArn !== undefined && tokenFile !== undefined) {
    const sessionName = read("AWS_ROLE_SESSION_NAME") ?? "inference-gateway";
    return { from: "web_identity", roleArn, tokenFile, sessionName, stsUrl: common.stsUrl };
  }
  const isDisabled = read("AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true";
  const metadata = readUrl("AWS_EC2_METADATA_SERVICE_ENDPOINT", environment, () => true, findings.problems);
  return (
    readContainer(environment, findings.problems) ?? {
      from: "machine",
      ...common,
      metadataUrl: isDisabled ? undefined : (metadata ?? METADATA_URL),
    }
  );
}

function readContainer(environment: Environment, problems: string[]): AwsContainerSource | undefined {
  const read: Read = (name) => readVariable(environment, name);
  const relative = read("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const mayAsk = (url: string): boolean => CONTAINER_HOSTS.test(url) || isConfidential(url);
  const full = readUrl("AWS_CONTAINER_CREDENTIALS_FULL_URI", environment, mayAsk, problems);
  const url = relative === undefined ? full : `${CONTAINER_HOST}/${relative.replace(/^\//, "")}`;
  if (url === undefined) return undefined;
  const tokenFile = read("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token = read("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const authorization = tokenFile !== undefined ? { tokenFile } : token !== undefined ? { token } : undefined;
  return { from: "container", url, authorization };
}

/** A URL without a slash at its end. */
function readUrl(
  name: string,
  environment: Environment,
  isGood: (url: string) => boolean,
  problems: string[],
): string | undefined {
  const value = readVariable(environment, name);
  if (value === undefined || (/^https?:\/\//.test(value) && URL.canParse(value) && isGood(value))) {
    return value?.replace(/\/+$/, "");
  }
  const expected = "an https URL, or an http URL of this machine";
  problems.push(problemLine({ name, value: "***", secret: false, expected }));
  return undefined;
}
