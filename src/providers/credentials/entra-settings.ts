/** An application that gets tokens of Microsoft Entra ID for itself. */
export interface EntraSettings {
  readonly kind: "entra";
  /** Base URL of the authority, without a slash at its end. */
  readonly authority: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** A secret of the application, or the file with the token of a workload identity, which is read at each renewal. */
  readonly proof: { readonly clientSecret: string } | { readonly tokenFile: string };
  readonly scope: string;
}

/** Of Azure OpenAI and the other AI services. */
export const AZURE_AI_SCOPE = "https://cognitiveservices.azure.com/.default";

export const ENTRA_AUTHORITY = "https://login.microsoftonline.com";
