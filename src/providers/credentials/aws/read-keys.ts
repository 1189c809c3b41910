import type { JsonObject } from "../../../core/json/parse.ts";
import { invalidCredential, unavailableCredential } from "../credential-error.ts";
import { requireToken } from "../request-token.ts";
import type { AwsKeys } from "./aws-settings.ts";

/**
 * Reads keys as the services of containers and instances give them.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
export function readKeys(answer: JsonObject, whose: string): AwsKeys {
  const { Code: code, Expiration: expiration } = answer;
  // The service of instances answers with 200 if it has none.
  if (code !== undefined && code !== "Success") throw unavailableCredential(`${whose} has no credentials`);
  return {
    accessKeyId: requireToken(answer, "AccessKeyId", whose),
    secretAccessKey: requireToken(answer, "SecretAccessKey", whose),
    sessionToken: answer["Token"] === undefined ? undefined : requireToken(answer, "Token", whose),
    expiresAt: readExpiration(expiration, whose),
  };
}

/** A date as ISO 8601 has it. */
export function readExpiration(value: unknown, whose: string): number {
  const time = typeof value === "string" && value.length <= 64 ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) throw invalidCredential(`${whose} has no Expiration`);
  return time;
}
