import type { CredentialSettings } from "./credential.ts";

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
