import { type SecretPatterns, secretPatterns } from "../../core/redact/secret-patterns.ts";
import type { AwsSettings } from "./aws/aws-settings.ts";
import type { EntraSettings } from "./entra-settings.ts";
import type { GoogleSettings } from "./google/google-settings.ts";

/** What a credential is made from, as the operator set it. */
export type CredentialSettings = AwsSettings | GoogleSettings | EntraSettings;

/** Where a credential comes from, in a few words for the operator, to follow the word "with". Nothing of it is secret. */
export function describeCredential(settings: CredentialSettings): string {
  if (settings.kind === "entra") return "tokens of Microsoft Entra ID";
  const { source } = settings;
  switch (source.from) {
    case "keys":
      return "AWS access keys";
    case "profile":
      return `the AWS profile ${source.name}`;
    case "web_identity":
      return "an AWS role for a web identity";
    case "container":
      return "the AWS role of the container";
    case "file":
      return `the Google credentials in ${source.path}`;
    case "machine":
      return settings.kind === "aws" ? "the AWS credentials of this machine" : "the Google credentials of this machine";
  }
}

/** A credential that is made for each request, or renewed: what it is made from, and what must not be shown of it. */
export interface Credential {
  /** Plain data: two credentials with equal settings are one, and share what was issued. */
  readonly settings: CredentialSettings;
  readonly issued: IssuedSecrets;
}

/**
 * The secrets that a credential has at the moment, such as tokens. The only part of a provider that changes while the
 * gateway runs, which is why nothing of it counts when providers are compared.
 */
export class IssuedSecrets {
  #read: () => readonly SecretPatterns[] = () => [];

  get patterns(): readonly SecretPatterns[] {
    return this.#read();
  }

  /** From now on they are these. */
  follow(read: () => readonly SecretPatterns[]): void {
    this.#read = read;
  }
}

export const credentialOf = (settings: CredentialSettings): Credential =>
  Object.freeze({ settings: Object.freeze(settings), issued: new IssuedSecrets() });

/** Whether it takes bodies that are there as a whole: a signature that leaves the body out is refused by most services. */
export const signsBodies = ({ settings }: Credential): boolean => settings.kind === "aws";

/** A request, as far as a credential can depend on it. */
export interface UnauthorizedRequest {
  readonly url: string;
  readonly method: string;
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
}

/** What a request must carry to be accepted, names in lower case. */
export type AuthorizationHeaders = Readonly<Record<string, string>>;

/** Makes the headers that carry a credential. @throws CredentialError if this request cannot have one */
export type Authorize = (request: UnauthorizedRequest) => AuthorizationHeaders | Promise<AuthorizationHeaders>;

/** Finds what authorizes requests with a credential at the moment. Rejects with a `CredentialError`. */
export type FindAuthorize = (credential: Credential) => Authorize | Promise<Authorize>;

/** Something that authorizes requests, for as long as it is good. */
export interface IssuedCredential {
  readonly authorize: Authorize;
  /** Milliseconds since the epoch; `Infinity` if it does not expire. */
  readonly expiresAt: number;
  /** When to ask for another one, if not shortly before it expires. */
  readonly renewAt?: number;
  /** What must not be shown of it. */
  readonly secrets: readonly string[];
}

/** What credentials are issued with: the outside world. */
export interface IssuingParts {
  /** Through the operator's proxy, if there is one. */
  readonly fetch: CredentialFetch;
  /** Past any proxy: for services of the machine itself. */
  readonly fetchDirect: CredentialFetch;
  /** Reads a file as UTF-8. Rejects with the system's error. */
  readonly readFile: (path: string) => Promise<string>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export type CredentialFetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** Asks for a credential. @throws CredentialError */
export type IssueCredential<Settings> = (settings: Settings, parts: IssuingParts) => Promise<IssuedCredential>;

/** What may be said of a secret, for those that are printable; others cannot be looked for. */
export const patternsOf = (secrets: readonly string[]): readonly SecretPatterns[] =>
  secrets.filter((secret) => /^[\x20-\x7e]{8,}$/.test(secret)).map(secretPatterns);

/** A request that carries the token. */
export function bearerToken(token: string): Authorize {
  const headers = Object.freeze({ authorization: `Bearer ${token}` });
  return () => headers;
}
