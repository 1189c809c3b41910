import { AZURE_AI_SCOPE, ENTRA_AUTHORITY } from "../../../providers/credentials/entra-settings.ts";
import { readVariable } from "../../environment.ts";
import { problemLine } from "../../setting-problem.ts";
import { type Cloud, type CloudQuestion, isConfidential, ownVariable } from "./cloud.ts";

/** https://learn.microsoft.com/en-us/azure/developer/javascript/sdk/authentication/credential-chains */
export const ENTRA_VARIABLES = [
  ...["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"],
  "AZURE_AUTHORITY_HOST",
] as const;

const WORD = /^[A-Za-z0-9.-]+$/;

/** Reads the application whose tokens are sent if there is no key, once the operator has said what is called. */
export function readEntra({ environment, id, url, ownUrl, hasKey, findings }: CloudQuestion): Cloud {
  const none: Cloud = { url, missingVariables: [], isConfigured: false, credential: undefined };
  const read = (name: string): string | undefined => readVariable(environment, name);
  const tenantId = read("AZURE_TENANT_ID");
  const clientId = read("AZURE_CLIENT_ID");
  const isAddressed = ownUrl !== undefined || read(ownVariable(id, "RESOURCE")) !== undefined;
  if (hasKey || !isAddressed || tenantId === undefined || clientId === undefined) return none;
  const clientSecret = read("AZURE_CLIENT_SECRET");
  const tokenFile = read("AZURE_FEDERATED_TOKEN_FILE");
  const proof = clientSecret !== undefined ? { clientSecret } : tokenFile !== undefined ? { tokenFile } : undefined;
  if (!proof) return none;
  const authority = (read("AZURE_AUTHORITY_HOST") ?? ENTRA_AUTHORITY).replace(/\/+$/, "");
  const checks = [
    ["AZURE_TENANT_ID", tenantId, WORD.test(tenantId), "the id or the domain of a tenant"],
    ["AZURE_CLIENT_ID", clientId, WORD.test(clientId), "the id of an application"],
    ["AZURE_AUTHORITY_HOST", authority, isConfidential(authority), "an https URL"],
  ] as const;
  const problems = checks.flatMap(([name, value, isGood, expected]) =>
    isGood ? [] : [problemLine({ name, value, secret: true, expected })],
  );
  findings.problems.push(...problems);
  if (problems.length > 0) return none;
  return {
    ...none,
    isConfigured: true,
    credential: { kind: "entra", authority, tenantId, clientId, proof, scope: AZURE_AI_SCOPE },
  };
}
