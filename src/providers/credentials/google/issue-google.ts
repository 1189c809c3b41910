import type { JsonObject } from "../../../core/json/parse.ts";
import { bearerToken, type IssueCredential, type IssuedCredential, type IssuingParts } from "../credential.ts";
import { invalidCredential } from "../credential-error.ts";
import { parseCredentialJson, readCredentialFile, readFileIfThere } from "../read-credential-file.ts";
import { expiryOf, requestJson, requireText, requireToken, type TokenRequest } from "../request-token.ts";
import { CLOUD_PLATFORM_SCOPE, type GoogleSettings } from "./google-settings.ts";
import { signAssertion } from "./service-account.ts";

const TIMEOUT_MS = 5000;
const METADATA_TIMEOUT_MS = 2000;
const FILE = "the Google credentials file";
const TOKEN_URL = "https://oauth2.googleapis.com/token";

/** Gets an access token from the source that the settings name. */
export const issueGoogle: IssueCredential<GoogleSettings> = async ({ source }, parts) => {
  if (source.from === "file") return tokenOfFile(await readCredentialFile(parts, source.path, FILE), parts);
  const text = source.path === undefined ? undefined : await readFileIfThere(parts, source.path, FILE);
  return text === undefined ? tokenOfMachine(source.metadataUrl, parts) : tokenOfFile(text, parts);
};

/** Its `type` says what a file holds. https://google.aip.dev/auth/4110 */
async function tokenOfFile(text: string, parts: IssuingParts): Promise<IssuedCredential> {
  const file = await parseCredentialJson(text, FILE);
  switch (file["type"]) {
    case "service_account":
      return tokenOfServiceAccount(file, parts);
    case "authorized_user":
      return tokenOfUser(file, parts);
    default:
      throw invalidCredential(
        `${FILE} is of a type that is not supported`,
        `${FILE} is of the type ${JSON.stringify(file["type"])?.slice(0, 80)}; service_account and authorized_user are supported`,
      );
  }
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#httprest */
async function tokenOfServiceAccount(file: JsonObject, parts: IssuingParts): Promise<IssuedCredential> {
  const url = tokenUrlOf(file);
  const assertion = await signAssertion(
    {
      email: requireText(file, "client_email", FILE),
      privateKey: requireText(file, "private_key", FILE),
      keyId: requireText(file, "private_key_id", FILE),
      audience: url,
      scope: CLOUD_PLATFORM_SCOPE,
    },
    parts.clock(),
  );
  return requestAccessToken(
    url,
    { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion },
    [assertion],
    parts,
  );
}

/** https://developers.google.com/identity/protocols/oauth2/web-server#offline */
function tokenOfUser(file: JsonObject, parts: IssuingParts): Promise<IssuedCredential> {
  const secret = requireText(file, "client_secret", FILE);
  const refreshToken = requireText(file, "refresh_token", FILE);
  const client = { client_id: requireText(file, "client_id", FILE), client_secret: secret };
  return requestAccessToken(
    tokenUrlOf(file),
    { grant_type: "refresh_token", ...client, refresh_token: refreshToken },
    [secret, refreshToken],
    parts,
  );
}

async function requestAccessToken(
  url: string,
  parameters: Readonly<Record<string, string>>,
  secrets: readonly string[],
  parts: IssuingParts,
): Promise<IssuedCredential> {
  return readToken(parts, parts.fetch, secrets, {
    server: "Google's token server",
    url,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: String(new URLSearchParams(parameters)),
    timeoutMs: TIMEOUT_MS,
  });
}

/** https://cloud.google.com/compute/docs/metadata/querying-metadata */
function tokenOfMachine(metadataUrl: string, parts: IssuingParts): Promise<IssuedCredential> {
  const path = "/computeMetadata/v1/instance/service-accounts/default/token";
  return readToken(parts, parts.fetchDirect, [], {
    server: "the metadata server of Google Cloud",
    url: `${metadataUrl}${path}?scopes=${encodeURIComponent(CLOUD_PLATFORM_SCOPE)}`,
    headers: { "metadata-flavor": "Google" },
    timeoutMs: METADATA_TIMEOUT_MS,
  });
}

async function readToken(
  { clock }: IssuingParts,
  fetch: IssuingParts["fetch"],
  secrets: readonly string[],
  request: TokenRequest,
): Promise<IssuedCredential> {
  const answer = await requestJson(fetch, { ...request, secrets });
  const token = requireToken(answer, "access_token", `the answer of ${request.server}`);
  return { authorize: bearerToken(token), expiresAt: expiryOf(answer, clock()), secrets: [token, ...secrets] };
}

/** Where the file says tokens are got: over TLS, or on this machine. */
function tokenUrlOf({ token_uri: written = TOKEN_URL }: JsonObject): string {
  if (typeof written === "string" && /^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])[:/]/.test(written)) {
    return written;
  }
  throw invalidCredential(`token_uri of ${FILE} is no https URL`);
}
