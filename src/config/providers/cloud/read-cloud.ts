import type { ProviderRow } from "../../../providers/provider-row.ts";
import { readVariable } from "../../environment.ts";
import type { Cloud, CloudQuestion } from "./cloud.ts";
import { AWS_VARIABLES, readAws } from "./read-aws.ts";
import { ENTRA_VARIABLES, readEntra } from "./read-entra.ts";
import { GOOGLE_VARIABLES, readGoogle } from "./read-google.ts";

/** The variables of clouds' own tools that are read too. */
export const CLOUD_VARIABLES: readonly string[] = [...AWS_VARIABLES, ...GOOGLE_VARIABLES, ...ENTRA_VARIABLES];

const READERS = { aws: readAws, google: readGoogle, entra: readEntra };

/** Reads them; undefined for a provider that is in none. */
export function readCloud(
  row: Pick<ProviderRow, "credential" | "url">,
  question: Omit<CloudQuestion, "url" | "ownUrl">,
  urlVariable: string,
): Cloud | undefined {
  const asked = { ...question, url: row.url, ownUrl: readVariable(question.environment, urlVariable) };
  return row.credential && READERS[row.credential](asked);
}
