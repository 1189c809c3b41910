import { Failure } from "../core/errors.ts";
import { MAX_MODEL_NAME_LENGTH } from "./model-name.ts";
import { isModelMember, type ModelNames } from "./model-names.ts";

/** A method of Google's APIs behind the name of a resource, `:generateContent`; no tag is written like it. */
const RESOURCE_METHOD = /:(?:predict|[a-z]+[A-Z][A-Za-z]*)$/;

/**
 * What follows the name of a model in the paths of hosts that put an API of their own below each model: Hugging Face,
 * Replicate, DeepInfra, and servers of the Open Inference Protocol.
 */
const MODEL_API =
  /(?:(?:\/versions\/[^/]+)?(?:\/v\d+)?\/(?:chat\/completions|completions|embeddings|images\/generations|predictions|infer|generate|generate_stream)|\/pipeline\/[a-z-]+)$/;

/** APIs below `/models` itself, whose models are in the body. https://learn.microsoft.com/azure/ai-foundry/model-inference */
const MODELS_API = /^(?:chat\/completions|(?:images\/)?embeddings)$/;

/** A name of more segments is read whole only. */
const MAX_SEGMENTS = 8;

/**
 * Finds the models that an address names: `/models/<id>`, `/models/<id>:generateContent` (Google),
 * `/model/<id>/converse` (Bedrock), `/deployments/<id>/…` (Azure), `/engines/<id>/…`, `/ai/run/@cf/…` (Cloudflare),
 * `/pipeline/<task>/<id>` (Hugging Face), `/serving-endpoints/<id>/invocations` (Databricks), and the parameters of its query whose names say so, as `?model=` of realtime connections.
 * @param url as it is sent; its path is validly percent-encoded.
 */
export function findUrlModels(url: string, found: ModelNames): void {
  const { pathname, search } = new URL(url);
  findPathModels(pathname, found);
  findQueryModels(search, found);
}

/** Below which segment of a path the name of a model is, and whether it may span several segments. */
const COLLECTIONS: ReadonlyMap<string, "rest" | "one"> = new Map([
  ["models", "rest"],
  ["tunedmodels", "rest"],
  ["run", "rest"],
  ["pipeline", "rest"],
  ["model", "one"],
  ["foundation-models", "one"],
  ["custom-models", "one"],
  ["serving-endpoints", "one"],
  ["deployments", "one"],
  ["engines", "one"],
]);

function findPathModels(path: string, found: ModelNames): void {
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map(decodeFully);
  let collections = 0;
  for (const [index, segment] of segments.entries()) {
    const collection = collectionOf(segment);
    const extent = COLLECTIONS.get(collection);
    // A pipeline has its task first.
    const behind = segments.slice(collection === "pipeline" ? index + 2 : index + 1);
    const [next] = behind;
    if (extent === undefined || next === undefined) continue;
    if (collection === "run" && segments[index - 1]?.toLowerCase() !== "ai" && !next.startsWith("@")) continue;
    if (collection === "models" && MODELS_API.test(behind.join("/"))) continue;
    if (++collections > MAX_SEGMENTS) refuse(`it names more than ${MAX_SEGMENTS} models`);
    const prefix = collection === "tunedmodels" ? "tunedModels/" : "";
    addName(extent === "one" ? [next] : behind, behind, prefix, found);
  }
}

/** Lower-case name of the segment. Throws `path_not_allowed` if a collection hides behind an encoded slash. */
function collectionOf(segment: string): string {
  const pieces = segment.toLowerCase().split(/[/\\]/);
  // Some servers take what follows a semicolon for parameters of the segment.
  const names = pieces.map((piece) => piece.split(";", 1)[0] ?? "");
  if (names.length > 1 && names.some((name) => COLLECTIONS.has(name))) refuse("it must not contain encoded slashes");
  return names[0] ?? "";
}

function refuse(reason: string): never {
  throw new Failure("path_not_allowed", { message: `Path is not allowed: ${reason}` });
}

/** Adds a name, and, as other readings, each beginning of what is behind its collection. */
function addName(segments: readonly string[], behind: readonly string[], prefix: string, found: ModelNames): void {
  const whole = segments.join("/");
  const beginnings = behind.slice(0, MAX_SEGMENTS).map((_, index) => segments.slice(0, index + 1).join("/"));
  const readings = [...beginnings, whole].flatMap((reading) => [
    reading,
    reading.replace(/[;:][^/;:]*$/, ""),
    reading.split(";", 1)[0] ?? "",
  ]);
  found.add(
    prefix + whole.replace(MODEL_API, "").replace(RESOURCE_METHOD, ""),
    true,
    [...new Set(readings)].map((reading) => prefix + reading),
  );
}

/** @param search the query with its `?`, or nothing. */
export function findQueryModels(search: string, found: ModelNames): void {
  if (search.length > 1) findParameterModels(search.slice(1), found);
}

/**
 * Finds the models among parameters written as a query or an HTML form writes them.
 * @param members further names, in lower case, that name a model.
 */
export function findParameterModels(encoded: string, found: ModelNames, members?: ReadonlySet<string>): void {
  // Some readers take a semicolon for the sign between two parameters, as HTML 4 did.
  const readings = encoded.includes(";") ? [encoded, encoded.replaceAll(";", "&")] : [encoded];
  for (const reading of readings) {
    for (const [name, value] of new URLSearchParams(reading)) {
      if (isModelMember(name) || members?.has(name.toLowerCase())) addParameter(value, found);
    }
  }
}

/**
 * Adds the value of a parameter, or of a field of a form, that names a model or several. One that no model's name is as
 * long as is refused whatever it may be taken for, and not taken apart.
 */
export function addParameter(value: string, found: ModelNames): void {
  const mayBeSeveral = value.length <= MAX_MODEL_NAME_LENGTH && value.includes(",");
  if (value !== "") found.add(value, true, mayBeSeveral ? value.split(",") : undefined);
}

/** More decodings than any chain of servers does. */
const MAX_DECODINGS = 8;

/** Undoes percent-encoding until nothing changes, because some servers decode twice. */
function decodeFully(segment: string): string {
  let decoded = segment;
  for (let round = 0; round < MAX_DECODINGS && decoded.includes("%"); round++) {
    try {
      const next = decodeURIComponent(decoded);
      if (next === decoded) break;
      decoded = next;
    } catch {
      break;
    }
  }
  return decoded;
}
