import type { CredentialSettings } from "../../../providers/credentials/credential.ts";
import type { Environment } from "../../environment.ts";
import type { Findings } from "../provider-variables.ts";

/** What the settings of a cloud say of a provider in it. */
export interface Cloud {
  /** The row's base URL, with account and region filled in. */
  readonly url: string;
  /** The variables to be set before it can be called. */
  readonly missingVariables: readonly string[];
  /** The operator means this provider to be used: variables of the cloud alone, which other programs read too, do not. */
  readonly isConfigured: boolean;
  /** What requests are authorized with; undefined if they carry a key, or if the provider is not configured. */
  readonly credential: CredentialSettings | undefined;
}

/** What a cloud is asked about. */
export interface CloudQuestion {
  readonly environment: Environment;
  readonly id: string;
  /** The base URL of the row. */
  readonly url: string;
  /** The base URL that the operator set. */
  readonly ownUrl: string | undefined;
  /** Requests carry a key. */
  readonly hasKey: boolean;
  readonly findings: Findings;
}

/** `BEDROCK_REGION` of `bedrock`. */
export const ownVariable = (id: string, name: string): string => `${id.toUpperCase().replaceAll("-", "_")}_${name}`;

const LOOPBACK = /^http:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])(?=[:/]|$)/;

/** Whether what is sent to that address cannot be read on the way. */
export const isConfidential = (url: string): boolean =>
  URL.canParse(url) && (/^https:\/\//.test(url) || LOOPBACK.test(url)) && !/[\s@#]/.test(url);
