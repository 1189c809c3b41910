import { Failure } from "../core/errors.ts";
import { findHarm } from "./check-path.ts";

const MODEL_PLACE = "{model}";
const ALTERNATIVES = /\{([^|{}]*)\|([^{}]*)\}/;

/** The two paths or addresses of which one with alternatives speaks, see {@link ApiPaths}. */
export const expandPath = (path: string): { readonly whole: string; readonly stream: string } => ({
  whole: path.replace(ALTERNATIVES, "$1"),
  stream: path.replace(ALTERNATIVES, "$2"),
});

/**
 * Puts the model into an address that names it, as one segment.
 * @throws Failure `invalid_request` if a server could take its name for a path, encoded or not
 */
export function fillModel(template: string, model: string): string {
  return template.includes(MODEL_PLACE) ? template.replace(MODEL_PLACE, () => modelSegment(model)) : template;
}

function modelSegment(model: string): string {
  const segment = model.isWellFormed() ? encodeURIComponent(model) : "";
  const harm = segment === "" ? "it is no text" : findHarm(segment, true);
  if (harm === undefined) return segment;
  throw new Failure("invalid_request", { message: `model cannot be a part of a path: ${harm}`, param: "model" });
}

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
