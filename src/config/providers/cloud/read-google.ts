import type { GoogleSource } from "../../../providers/credentials/google/google-settings.ts";
import { readVariable } from "../../environment.ts";
import { problemLine } from "../../setting-problem.ts";
import { type Cloud, type CloudQuestion, ownVariable } from "./cloud.ts";

/** https://cloud.google.com/docs/authentication/application-default-credentials */
export const GOOGLE_VARIABLES = ["GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "GCE_METADATA_HOST"] as const;

const GLOBAL = "global";
const PROJECT = /^[a-z0-9][a-z0-9.:-]*$/;
const LOCATION = /^[a-z][a-z0-9-]*$/;
const HOST = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const METADATA_HOST = "169.254.169.254";

/** Reads project, location and source of tokens, once the operator has said that Vertex AI is meant. */
export function readGoogle(question: CloudQuestion): Cloud {
  const { environment, id, url, ownUrl, hasKey } = question;
  const projectName = ownVariable(id, "PROJECT");
  const project = readWord(question, projectName, PROJECT, "the id of a project");
  const location = readWord(question, ownVariable(id, "LOCATION"), LOCATION, "a location, such as europe-west1");
  const isConfigured = hasKey || project !== undefined || ownUrl !== undefined;
  const isMissing = project === undefined && ownUrl === undefined;
  const credentials = readVariable(environment, ownVariable(id, "CREDENTIALS"));
  return {
    url: fillUrl(url, project, location ?? GLOBAL),
    missingVariables: isMissing ? [projectName] : [],
    isConfigured,
    credential: hasKey || !isConfigured ? undefined : { kind: "google", source: sourceOf(credentials, question) },
  };
}

/** `global` has no host of its own, and regions that are several have another domain. */
function fillUrl(url: string, project: string | undefined, location: string): string {
  const host =
    location === GLOBAL
      ? "aiplatform"
      : /^(?:us|eu)$/.test(location)
        ? `aiplatform.${location}.rep`
        : `${location}-aiplatform`;
  return url
    .replace("LOCATION-aiplatform", host)
    .replaceAll("LOCATION", location)
    .replaceAll("PROJECT", project ?? "PROJECT");
}

function sourceOf(own: string | undefined, { environment, findings }: CloudQuestion): GoogleSource {
  const path = own ?? readVariable(environment, "GOOGLE_APPLICATION_CREDENTIALS");
  if (path !== undefined) return { from: "file", path };
  const home = readVariable(environment, "HOME");
  const folder = readVariable(environment, "CLOUDSDK_CONFIG") ?? (home && `${home}/.config/gcloud`);
  const name = "GCE_METADATA_HOST";
  const host = readVariable(environment, name);
  if (host !== undefined && !HOST.test(host)) {
    findings.problems.push(problemLine({ name, value: host, secret: false, expected: "a host, or host:port" }));
  }
  return {
    from: "machine",
    path: folder && `${folder}/application_default_credentials.json`,
    metadataUrl: `http://${host ?? METADATA_HOST}`,
  };
}

function readWord(
  { environment, findings }: CloudQuestion,
  name: string,
  pattern: RegExp,
  expected: string,
): string | undefined {
  const value = readVariable(environment, name);
  if (value === undefined || pattern.test(value)) return value;
  findings.problems.push(problemLine({ name, value, secret: false, expected }));
  return undefined;
}
