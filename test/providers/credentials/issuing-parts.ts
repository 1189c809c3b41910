import type { IssuingParts } from "../../../src/providers/credentials/credential.ts";
import { CredentialError } from "../../../src/providers/credentials/credential-error.ts";

/** When it is in the tests of credentials, in milliseconds since the epoch. */
export const NOW = Date.parse("2026-03-01T12:00:00Z");

/** Files that there are in the tests, by path. */
export type Files = Readonly<Record<string, string>>;

/** The outside world of a test: its files, and fetch straight to servers on this machine. */
export function issuingParts(files: Files = {}, more: Partial<IssuingParts> = {}): IssuingParts {
  return {
    fetch: (url, init) => fetch(url, init),
    fetchDirect: (url, init) => fetch(url, init),
    readFile: (path) => {
      const text = files[path];
      return text === undefined
        ? Promise.reject(Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" }))
        : Promise.resolve(text);
    },
    clock: () => NOW,
    ...more,
  };
}

/** The error with which a promise is rejected, which must be one of a credential. */
export async function faultOf(promise: Promise<unknown>): Promise<CredentialError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CredentialError) return error;
  throw new Error(`no error of a credential: ${String(error)}`);
}
