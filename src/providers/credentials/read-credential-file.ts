import { errorWordOf } from "../../core/error-code.ts";
import { isJsonObject, type JsonObject, parseBytes, toWellFormed } from "../../core/json/parse.ts";
import type { IssuingParts } from "./credential.ts";
import { invalidCredential } from "./credential-error.ts";

/**
 * Reads a file that holds a credential or says where it is.
 * @param what what it is called in errors
 * @throws CredentialError `credentials_invalid`, whose detail names the path
 */
export async function readCredentialFile(
  { readFile }: Pick<IssuingParts, "readFile">,
  path: string,
  what: string,
): Promise<string> {
  return readFile(path).catch((error: unknown) => {
    throw invalidCredential(`${what} cannot be read`, `${what} cannot be read: ${path} (${errorWordOf(error)})`);
  });
}

/** Like {@link readCredentialFile}, or undefined if there is no such file. */
export async function readFileIfThere(
  { readFile }: Pick<IssuingParts, "readFile">,
  path: string,
  what: string,
): Promise<string | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorWordOf(error))) return undefined;
    throw invalidCredential(`${what} cannot be read`, `${what} cannot be read: ${path} (${errorWordOf(error)})`);
  }
}

/** The token in a file that something else renews. */
export async function readTokenFile(
  parts: Pick<IssuingParts, "readFile">,
  path: string,
  what: string,
): Promise<string> {
  const token = (await readCredentialFile(parts, path, what)).trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw invalidCredential(`${what} holds no token`);
}

/** The JSON object in a text. */
export async function parseCredentialJson(text: string, what: string): Promise<JsonObject> {
  const parsed = await parseBytes(toWellFormed(Buffer.from(text)));
  if ("value" in parsed && isJsonObject(parsed.value)) return parsed.value;
  throw invalidCredential(`${what} is no JSON object`);
}
