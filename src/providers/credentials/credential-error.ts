/**
 * Why there is no credential. `credentials_invalid`: what the operator set is wrong or was refused, and asking again will
 * not help; `credentials_unavailable`: whoever issues it cannot be asked at the moment.
 */
export type CredentialFault = "credentials_invalid" | "credentials_unavailable";

/** A credential cannot be had. Its message goes to clients: no secrets, no paths, no names of accounts. */
export class CredentialError extends Error {
  readonly fault: CredentialFault;
  /** What else is known, for the log: still without secrets. */
  readonly detail: string;

  constructor(fault: CredentialFault, message: string, detail: string = message) {
    super(message);
    this.name = "CredentialError";
    this.fault = fault;
    this.detail = detail;
  }
}

export const invalidCredential = (message: string, detail?: string): CredentialError =>
  new CredentialError("credentials_invalid", message, detail);

export const unavailableCredential = (message: string, detail?: string): CredentialError =>
  new CredentialError("credentials_unavailable", message, detail);

/** Whatever was thrown; the unforeseen without its message, which may quote what was read. */
export function toCredentialError(thrown: unknown): CredentialError {
  if (thrown instanceof CredentialError) return thrown;
  const name = thrown instanceof Error ? thrown.name : "unknown";
  return unavailableCredential("an unexpected error occurred", `unexpected ${name}`);
}
