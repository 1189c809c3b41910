/** Where a path or an address names the model. */
export const MODEL_PLACE = "{model}";
const ALTERNATIVES = /\{([^|{}]*)\|([^{}]*)\}/;

/** The two paths or addresses of which one with alternatives speaks, see `ApiPaths`. */
export const expandPath = (path: string): { readonly whole: string; readonly stream: string } => ({
  whole: path.replace(ALTERNATIVES, "$1"),
  stream: path.replace(ALTERNATIVES, "$2"),
});

/**
 * What matches the path of a request for an API whose path has placeholders, and all below it.
 * @returns undefined if it has none
 */
export function templatePattern(path: string): RegExp | undefined {
  if (!path.includes("{")) return undefined;
  const { whole, stream } = expandPath(path);
  const sources = [whole, stream].map((each) =>
    (each.split("?", 1)[0] ?? "").split(MODEL_PLACE).map(RegExp.escape).join("[^/?]+"),
  );
  return new RegExp(`^(?:${sources.join("|")})(?=[/?]|$)`);
}
