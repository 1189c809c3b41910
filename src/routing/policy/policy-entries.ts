/** Whether a list holds a name. Both are folded. */
export type HoldsName = (name: string) => boolean;

/**
 * Reads entries of a list of models. In an entry `*` is any characters, slashes included, or none; in a name it is only
 * itself. Each entry is compared in one pass over the name.
 */
export function holdsAnyOf(entries: readonly string[]): HoldsName {
  const exact = new Set(entries.filter((entry) => !isPattern(entry)));
  const patterns = entries.filter(isPattern).map((entry) => entry.split("*"));
  if (patterns.length === 0) return (name) => exact.has(name);
  return (name) => exact.has(name) || patterns.some((parts) => matches(parts, name));
}

export const isPattern = (entry: string): boolean => entry.includes("*");

/** @param parts what is between the stars, in order */
function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
