import type { Authorize } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import type { AwsKeys } from "./aws-settings.ts";

/** `20250102T030405Z` */
const timestamp = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/[:-]|\.\d{3}/g, "");

/** Keys derived from a day, a region and a service. */
const MAX_DERIVED_KEYS = 4;

/**
 * Makes what signs requests: Signature Version 4, over host, date, session token and body. Other headers are left out of
 * it: what an egress proxy changes of them does no harm.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @param clock milliseconds since the epoch
 */
export async function createSignature(
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
  { region, service }: { readonly region: string; readonly service: string },
  clock: () => number,
): Promise<Authorize> {
  const { AwsV4Signer } = await import("aws4fetch");
  const cache = new Map<string, ArrayBuffer>();

  return async ({ url, method, body }) => {
    if (body instanceof ReadableStream) {
      throw invalidCredential("a body that is not read whole cannot be signed");
    }
    if (cache.size >= MAX_DERIVED_KEYS) cache.clear();
    const signer = new AwsV4Signer({
      url,
      method,
      accessKeyId,
      secretAccessKey,
      region,
      service,
      cache,
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      ...(sessionToken !== undefined && { sessionToken }),
      datetime: timestamp(clock()),
    });
    const { headers } = await signer.sign();
    return Object.fromEntries(headers);
  };
}
