/** Requests to AWS, signed with keys that one of its sources of credentials gives. */
export interface AwsSettings {
  readonly kind: "aws";
  readonly region: string;
  /** As signatures name it: `bedrock` for all of its hosts. */
  readonly service: string;
  readonly source: AwsSource;
}

/**
 * Where the keys come from, in the order in which AWS's own tools look.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export type AwsSource = AwsKeySource | AwsProfileSource | AwsWebIdentitySource | AwsContainerSource | AwsMachineSource;

export interface AwsKeySource {
  readonly from: "keys";
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** The files that the AWS CLI writes, and what they are read with. */
export interface AwsProfileSource {
  readonly from: "profile";
  readonly name: string;
  readonly files: AwsFiles;
  /** Where roles are assumed. */
  readonly stsUrl: string;
}

/** A role that a token of the platform stands for, as on EKS. The file is read at each renewal. */
export interface AwsWebIdentitySource {
  readonly from: "web_identity";
  readonly roleArn: string;
  readonly tokenFile: string;
  readonly sessionName: string;
  readonly stsUrl: string;
}

/** The agent beside a container of ECS, or of EKS with pod identities. */
export interface AwsContainerSource {
  readonly from: "container";
  readonly url: string;
  readonly authorization: { readonly token: string } | { readonly tokenFile: string } | undefined;
}

/** What there is without any setting: the default profile if its files have one, else the metadata of the instance. */
export interface AwsMachineSource {
  readonly from: "machine";
  readonly files: AwsFiles;
  readonly stsUrl: string;
  /** Base URL of the instance's metadata service; undefined if it is not to be asked. */
  readonly metadataUrl: string | undefined;
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
export interface AwsFiles {
  readonly credentials: string;
  readonly config: string;
}

/** Keys as one of the sources gives them. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  /** Milliseconds since the epoch; `Infinity` if they do not expire. */
  readonly expiresAt: number;
  /** When to look again whether there are others. */
  readonly renewAt?: number;
}
