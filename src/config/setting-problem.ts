const SHORTEST_SHOWN_LENGTH = 12;
const SHOWN_CHARACTERS = 4;

/** Replaces a secret in output: `***`, with the last four characters if they reveal little of the rest. */
export function maskSecret(secret: string): string {
  return secret.length < SHORTEST_SHOWN_LENGTH ? "***" : `***${secret.slice(-SHOWN_CHARACTERS)}`;
}

const LONGEST_SHOWN_VALUE = 80;
// JSON leaves these as they are, and each can end a line or confuse a terminal.
const LEFT_BY_JSON = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]/g;

function quote(value: string): string {
  const shown = value.length > LONGEST_SHOWN_VALUE ? `${value.slice(0, LONGEST_SHOWN_VALUE)}…` : value;
  return JSON.stringify(shown).replace(
    LEFT_BY_JSON,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What is wrong with the value of one variable. */
export interface BadValue {
  readonly name: string;
  readonly value: string;
  /** True if `value` must not be shown. */
  readonly secret: boolean;
  /** Why it was refused, if `expected` does not already say so. */
  readonly reason?: string;
  /** What would have been accepted. */
  readonly expected: string;
}

/** The one line that reports a bad value to the operator. Never holds a line break or an unmasked secret. */
export function problemLine({ name, value, secret, reason, expected }: BadValue): string {
  const because = reason === undefined ? "" : ` (${reason})`;
  return `${name}=${quote(secret ? maskSecret(value) : value)} is not accepted${because}: expected ${expected}`;
}
