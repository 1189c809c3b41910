import { Failure } from "../core/errors.ts";
import { findHarm } from "./check-path.ts";

const MODEL_PLACE = "{model}";
/** The collection in which a path has its model, with its slash: `models/`. */
const COLLECTION = /([^/]+\/)\{model\}/;
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
  if (!template.includes(MODEL_PLACE)) return template;
  // Google names a model with its collection, `models/gemini-2.5-pro`, which the path has already.
  const collection = COLLECTION.exec(template)?.[1] ?? "";
  const name = model.startsWith(collection) ? model.slice(collection.length) : model;
  return template.replace(MODEL_PLACE, () => modelSegment(name));
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
