const SHORTEST_SHOWN_LENGTH = 12;
const SHOWN_CHARACTERS = 4;

/** Stands in for a secret in output: `***`, with the last four characters where they say little about the rest. */
export function maskSecret(secret: string): string {
  return secret.length < SHORTEST_SHOWN_LENGTH ? "***" : `***${secret.slice(-SHOWN_CHARACTERS)}`;
}
