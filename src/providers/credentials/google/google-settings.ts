/** Access tokens of Google Cloud. */
export interface GoogleSettings {
  readonly kind: "google";
  readonly source: GoogleSource;
}

/**
 * Where they come from, in the order of Application Default Credentials.
 * https://cloud.google.com/docs/authentication/application-default-credentials
 */
export type GoogleSource =
  /** The key of a service account, or what `gcloud auth application-default login` has written. Read at each renewal. */
  | { readonly from: "file"; readonly path: string }
  /** The file of gcloud if there is one, else the metadata server. */
  | { readonly from: "machine"; readonly path: string | undefined; readonly metadataUrl: string };

export const CLOUD_PLATFORM_SCOPE = "https://www.googleapis.com/auth/cloud-platform";
