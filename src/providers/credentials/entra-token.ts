import { bearerToken, type IssueCredential } from "./credential.ts";
import type { EntraSettings } from "./entra-settings.ts";
import { readTokenFile } from "./read-credential-file.ts";
import { expiryOf, requestJson, requireToken } from "./request-token.ts";

const TIMEOUT_MS = 5000;

/**
 * Gets a token by client credentials.
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 */
export const issueEntraToken: IssueCredential<EntraSettings> = async (settings, parts) => {
  const { authority, tenantId, clientId, proof, scope } = settings;
  const secret =
    "clientSecret" in proof
      ? proof.clientSecret
      : await readTokenFile(parts, proof.tokenFile, "the token file of the workload identity");
  const shown =
    "clientSecret" in proof
      ? { client_secret: secret }
      : {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: secret,
        };
  const answer = await requestJson(parts.fetch, {
    server: "Microsoft Entra ID",
    url: `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: String(new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, scope, ...shown })),
    timeoutMs: TIMEOUT_MS,
    secrets: [secret],
  });
  const token = requireToken(answer, "access_token", "the answer of Microsoft Entra ID");
  return { authorize: bearerToken(token), expiresAt: expiryOf(answer, parts.clock()), secrets: [token, secret] };
};
