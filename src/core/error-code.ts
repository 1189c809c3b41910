/**
 * The code of an error of the system or the runtime, such as `ENOENT` or `ECONNRESET`. It may be shown, unlike the message: those
 * of the runtime quote URLs, whose query may hold a key.
 * @returns undefined if it has none, or only a number, as a `DOMException` has, whose name says more
 */
export function errorCodeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** An error in a word that may be shown: its code, or its name. */
export const errorWordOf = (error: unknown): string =>
  errorCodeOf(error) ?? (error instanceof Error ? error.name : "unknown");
