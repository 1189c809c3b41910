import { Failure } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json/parse.ts";
import { isContentRoot, USUAL_ROOTS } from "./visual-signs.ts";

/** How a member of a message, of a content part or of an input item is read. One without a row is looked into. */
type Reading =
  /** Holds what the model wrote for a program, or what a program wrote for the client: arguments, identifiers, notes. */
  | "opaque"
  /** Holds text, or a list of parts. */
  | "text"
  /** A word, such as an identifier. */
  | "label"
  /** Names the type of the data beside it. */
  | "media type"
  /** Holds parts under names that the client chose. */
  | "values";

const LABELS = ["type", "role", "name", "id", "call_id", "tool_call_id", "tool_use_id", "status", "signature"];
const OPAQUE = [
  ...["tool_calls", "function_call", "arguments", "input", "action", "actions", "operation", "tools", "results"],
  ...["annotations", "citations", "cache_control", "logprobs", "metadata", "audio", "input_audio"],
  ...["reasoning_details", "encrypted_content", "args", "response"],
];
const TEXT = [
  ...["content", "output", "text", "thinking", "reasoning_content", "refusal", "summary", "instructions", "title"],
];
const MEDIA_TYPE = ["mime_type", "mimeType", "media_type", "mediaType", "content_type", "contentType"];

const READINGS: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ...LABELS.map((name): [string, Reading] => [name, "label"]),
  ...OPAQUE.map((name): [string, Reading] => [name, "opaque"]),
  ...TEXT.map((name): [string, Reading] => [name, "text"]),
  ...MEDIA_TYPE.map((name): [string, Reading] => [name, "media type"]),
  ["variables", "values"],
]);

/** Top-level members in which servers take images beside the conversation. Settings of images to be made have other names. */
const VISUAL_ROOT = /^(?:input_?)?(?:images?|videos?)(?:_?(?:urls?|data|base64))?$|^multi_?modal_?data$/i;

const VISUAL_NAME = /image|video|screenshot/i;

/** Files may hold images, and nobody but the provider can look into them. */
const FILE_NAME = /^(?:input_?)?files?(?:_?(?:data|ids?|uris?|urls?))?$|^inline_?data$|^document_?urls?$/i;

const VISUAL_TYPE =
  /image|video|screenshot|^(?:input_)?file(?:_(?:data|id|uri|url))?$|^document_url$|^container_upload$/i;

/** Parts with which a tool of the provider names what it has made: the model does not get to see it. */
const MADE_BY_TOOLS: ReadonlySet<unknown> = new Set(["code_execution_output", "bash_code_execution_output"]);

const VISUAL_MEDIA_TYPE = /^\s*(?:image|video)\/|^\s*application\/pdf\b/i;
const OTHER_MEDIA_TYPE = /^\s*(?:audio|text)\//i;
const VISUAL_DATA_URI = /^\s*data:\s*(?:(?:image|video)\/|application\/pdf\b)/i;

/** A request that is nested deeper cannot be searched; no provider takes one. */
const MAX_DEPTH = 64;

/**
 * Finds the first thing in a request that the model might look at: an image, a video, or a file, which may hold either.
 * Of what types of parts there are nobody has a whole list, and each provider adds some. So nothing is refused for being
 * unknown: a part is visual if its type, the name of a member, a media type or a data URI in it says so, in whatever
 * position that reaches the model, and in unknown members. What is never looked into are texts, and what the
 * model wrote for programs ({@link READINGS}). Sound is not visual, nor is a document that is given as text.
 * @returns its path, such as `messages[0].content[1].image_url`
 * @throws Failure `invalid_request` if the conversation is nested too deeply
 */
export function findVisualContent(request: JsonObject): string | undefined {
  for (const name in request) {
    const found = findInMember(name, request[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** {@link findVisualContent} of one top-level member. */
export function findInMember(name: string, value: unknown): string | undefined {
  const found = isContentRoot(name) ? findInValue("text", value, 0) : findBesideContent(name, value);
  return found === undefined ? undefined : `${name}${found}`;
}

/** The same for one element of a top-level list that {@link isContentRoot}: the rest of its path. */
export const findInElement = (element: unknown): string | undefined => findInValue(undefined, element, 1);

function findBesideContent(name: string, value: unknown): string | undefined {
  if (name === "tools") return Array.isArray(value) ? findInTools(value) : undefined;
  if (USUAL_ROOTS.has(name)) return undefined;
  return VISUAL_ROOT.test(name) && !isEmpty(value) ? "" : undefined;
}

/** Tools that make images take some to begin with. Their schemas, and all else in them, are words. */
function findInTools(tools: readonly unknown[]): string | undefined {
  for (const [index, tool] of tools.entries()) {
    if (!isJsonObject(tool)) continue;
    for (const name in tool) if (/^input_?image/i.test(name) && !isEmpty(tool[name])) return `[${index}].${name}`;
  }
  return undefined;
}

function findInObject(part: JsonObject, depth: number): string | undefined {
  const type = part["type"];
  if (typeof type === "string" && type !== "text") {
    if (MADE_BY_TOOLS.has(type)) return undefined;
    if (VISUAL_TYPE.test(type)) return "";
  }
  for (const name in part) {
    const value = part[name];
    if (isPlain(value)) continue;
    const reading = READINGS.get(name);
    if (reading === "opaque" || (reading === "label" && typeof value === "string")) continue;
    const found = reading === undefined ? findInUnknown(name, value, depth) : findInValue(reading, value, depth);
    if (found !== undefined) return `.${name}${found}`;
  }
  return undefined;
}

function findInUnknown(name: string, value: unknown, depth: number): string | undefined {
  if (VISUAL_NAME.test(name) && !isEmpty(value)) return "";
  if (FILE_NAME.test(name) && !isEmpty(value) && !isOtherMedia(value)) return "";
  if (/^source$/i.test(name) && isJsonObject(value) && !isTextSource(value)) return "";
  return findInValue(undefined, value, depth);
}

function findInValue(reading: Reading | undefined, value: unknown, depth: number): string | undefined {
  if (typeof value === "string") return isVisualText(reading, value) ? "" : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth >= MAX_DEPTH) {
    throw new Failure("invalid_request", { message: "The request is nested too deeply to be searched for images" });
  }
  if (Array.isArray(value)) {
    // A part that is a string need not be text.
    const elementReading = reading === "text" ? undefined : reading;
    for (let index = 0; index < value.length; index++) {
      const found = findInValue(elementReading, value[index], depth + 1);
      if (found !== undefined) return `[${index}]${found}`;
    }
    return undefined;
  }
  if (reading !== "values") return findInObject(value as JsonObject, depth + 1);
  for (const [name, part] of Object.entries(value)) {
    const found = findInValue("text", part, depth + 1);
    if (found !== undefined) return `.${name}${found}`;
  }
  return undefined;
}

function isVisualText(reading: Reading | undefined, text: string): boolean {
  if (reading === "media type") return VISUAL_MEDIA_TYPE.test(text);
  return reading === undefined && VISUAL_DATA_URI.test(text);
}

/** Where Anthropic's blocks have their content: inline as text or blocks, or else as data, by URL or by a file's id. */
function isTextSource(source: JsonObject): boolean {
  return source["type"] === "text" || source["type"] === "content";
}

function isOtherMedia(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const type = value["mime_type"] ?? value["mimeType"];
  return typeof type === "string" && OTHER_MEDIA_TYPE.test(type);
}

/** Clients that write out all their members write null, "" or [] into those that they do not use. */
function isEmpty(value: unknown): boolean {
  return isPlain(value) || value === "" || (Array.isArray(value) && value.length === 0);
}

function isPlain(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "string");
}
