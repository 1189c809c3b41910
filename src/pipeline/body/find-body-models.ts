import type { ClientSignal } from "../../core/client-request.ts";
import { Failure } from "../../core/errors.ts";
import { parseJson } from "../../core/json/parse.ts";
import { decodeObjectInTurns } from "../../core/json/decode-object.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { openTurns, type Turns } from "../../core/event-loop.ts";
import type { Provider } from "../../providers/provider.ts";
import { findJsonModels } from "../../routing/find-json-models.ts";
import { addParameter, findParameterModels } from "../../routing/find-url-models.ts";
import { isModelMember, type ModelNames } from "../../routing/model-names.ts";
import { parseMultipart } from "./parse-multipart.ts";
import { requireSingleMember } from "./prepare-body.ts";
import { DECISIVE_NAMES } from "./received-body.ts";
import { refuseBody, requireClient } from "./accept-body.ts";

/** A URL-encoded form holds a few short fields; a longer one would block the event loop. */
const MAX_URL_ENCODED_BYTES = 256 * 1024;

const MULTIPART = /^multipart\//i;
const URL_ENCODED = /^application\/x-www-form-urlencoded\b/i;
const JSON_TYPE = /^[^;]*[/+]json\s*(?:;|$)/i;
const JSON_LINES = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)\b/i;

/** Readers decode in the charset that a type names; in UTF-7, for example, the same bytes have other members. */
const FOREIGN_CHARSET = /charset(?!\s*=\s*"?(?:utf-8|us-ascii)"?\s*(?:;|$))/i;

const LINE_FEED = 0x0a;
const SLASH = 0x2f;
const OPEN_BRACKET = 0x5b;
const OPEN_BRACE = 0x7b;

/** What the models of a body are looked for with. */
export interface BodyModelSearch {
  readonly contentType: string | null;
  readonly provider: Provider;
  /** Of each JSON document in it. */
  readonly jsonLimits: JsonLimits;
  /** The client's: a long search ends once it is gone. */
  readonly signal: ClientSignal;
}

/** All documents of a body share the turns of the event loop: each may be short, and there may be many. */
interface Search extends BodyModelSearch {
  readonly turns: Turns;
}

/**
 * Finds the models that a body of `/proxy` names: in JSON of every type, in lines of JSON, in forms and in the JSON
 * within those. What looks like JSON must be JSON, and must name its model once: a provider with a more lenient parser
 * must not see another model than the policy does.
 * @param body decoded, not empty.
 * @throws Failure `malformed_body`, `invalid_request`, `body_too_large` or `client_gone`.
 */
export async function findBodyModels(body: Buffer, wanted: BodyModelSearch, found: ModelNames): Promise<void> {
  const search = { ...wanted, turns: openTurns() };
  const type = search.contentType ?? "";
  const members = search.provider.modelMembers;
  if (MULTIPART.test(type)) return findFormModels(body, type, search, found);
  if (type.includes(",")) refuse("it has several content types");
  if (FOREIGN_CHARSET.test(type)) refuse("its charset must be utf-8");
  if (JSON_LINES.test(type)) return findLineModels(body, search, found);
  if (looksLikeJson(body)) await findDocumentModels(body, search, found, members);
  if (URL_ENCODED.test(type)) findUrlEncodedModels(body, search, found);
}

async function findFormModels(body: Buffer, type: string, search: Search, found: ModelNames): Promise<void> {
  const members = search.provider.modelMembers;
  for (const { name, type: partType, content } of parseMultipart(body, type)) {
    const isJson = JSON_TYPE.test(partType);
    if (isModelMember(name) || members?.has(name.toLowerCase())) addField(content.toString("utf8"), isJson, found);
    // The lines of a batch, or a request in one field. Other files and fields rarely begin like this.
    const first = firstSolidByte(content);
    if (first === OPEN_BRACE) await findLineModels(content, search, found);
    // A text may begin with a bracket too, unless it says that it is none.
    if (first === OPEN_BRACKET && (isJson || (await isArray(content, search)))) {
      await findDocumentModels(content, search, found);
    }
    if (URL_ENCODED.test(partType)) findUrlEncodedModels(content, search, found);
  }
}

/** Adds the value of a field that names a model, and what it is as JSON if it says that it is. */
function addField(text: string, isJson: boolean, found: ModelNames): void {
  const value = isJson ? parseJson(text) : undefined;
  if (typeof value === "string" && value !== "") found.add(value, true, [text]);
  else addParameter(text, found);
}

function findUrlEncodedModels(body: Buffer, { provider }: Search, found: ModelNames): void {
  if (body.length > MAX_URL_ENCODED_BYTES) throw new Failure("body_too_large");
  findParameterModels(body.toString("utf8"), found, provider.modelMembers);
}

/** One JSON document, or several, each on a line of its own. */
async function findLineModels(text: Buffer, search: Search, found: ModelNames): Promise<void> {
  const firstEnd = text.indexOf(LINE_FEED);
  if (firstEnd < 0 || !(await isObject(text.subarray(0, firstEnd), search))) {
    return findDocumentModels(text, search, found);
  }
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf(LINE_FEED, start);
    const end = lineFeed < 0 ? text.length : lineFeed;
    const line = text.subarray(start, end);
    if (firstSolidByte(line) !== undefined) await findDocumentModels(line, search, found);
    start = end + 1;
  }
}

async function isObject(json: Buffer, { jsonLimits, signal }: Search): Promise<boolean> {
  return !("problem" in (await decodeObjectInTurns(json, { limits: jsonLimits, stop: { signal } })));
}

const isArray = (json: Buffer, search: Search): Promise<boolean> => isObject(asMember(json), search);

/** An array as the only member of an object, so that the same limits hold for it. */
const asMember = (array: Buffer): Buffer => Buffer.concat([Buffer.from('{"":'), array, Buffer.from("}")]);

async function findDocumentModels(
  json: Buffer,
  { signal, jsonLimits, turns }: Search,
  found: ModelNames,
  members?: ReadonlySet<string>,
): Promise<void> {
  const isList = firstSolidByte(json) === OPEN_BRACKET;
  const object = isList ? asMember(json) : json;
  const decoded = await decodeObjectInTurns(object, { limits: jsonLimits, names: DECISIVE_NAMES, stop: { signal } });
  if ("problem" in decoded) throw refuseBody(decoded);
  if (!isList) requireSingleMember({ bytes: json, value: decoded.value, members: decoded.watch }, "model");
  await findJsonModels(json, found, { skipsData: false, members, stop: { signal } });
  if (!turns.isOver()) return;
  await turns.next();
  requireClient({ signal });
}

/** Has 1 for white space, the NULs of UTF-16 and UTF-32, and the bytes of byte order marks. */
const isBeforeDocument = new Uint8Array(256);
for (const byte of [0, 9, 10, 11, 12, 13, 32, 0xef, 0xbb, 0xbf, 0xfe, 0xff]) isBeforeDocument[byte] = 1;

/**
 * Whether some parser more lenient than ours might find an object or an array in these bytes: one that detects UTF-16
 * and UTF-32, as Python's `json.loads` does, or that skips comments.
 */
function looksLikeJson(body: Buffer): boolean {
  const first = firstSolidByte(body);
  return first === OPEN_BRACE || first === OPEN_BRACKET || first === SLASH;
}

/** A loop over a table: 10 MB of white space take 10 ms, and 130 with a function for each byte. */
function firstSolidByte(bytes: Buffer): number | undefined {
  let position = 0;
  while (isBeforeDocument[bytes[position] as number] === 1) position++;
  return bytes[position];
}

function refuse(reason: string): never {
  throw new Failure("malformed_body", { message: `Failed to decode request: ${reason}` });
}
