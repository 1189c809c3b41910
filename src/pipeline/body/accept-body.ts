import type { ClientRequest } from "../../core/client-request.ts";
import type { RequestContext } from "../../core/request-context.ts";
import { Failure } from "../../core/errors.ts";
import { nextTurn } from "../../core/event-loop.ts";
import { type CheckedObject, checkObject, type StringJudge } from "../../core/json/check-syntax.ts";
import type { JsonLimits } from "../../core/json/limits.ts";
import { parsedWeight, weightOf } from "../../core/json/parse.ts";
import { decodeObjectInTurns, type DecodedObject } from "../../core/json/decode-object.ts";
import type { MemoryBudget } from "../../core/memory/budget.ts";
import type { Format, StrictChecks } from "../../formats/format.ts";
import type { CheckRequest } from "../../formats/schema/check.ts";
import type { AskedInPath } from "../read-path.ts";
import { afterParsing, DECISIVE_NAMES, parsed, type ReceivedBody, UnparsedBody } from "./received-body.ts";

/** What accepting a body needs from the rest of the gateway. */
export interface AcceptParts {
  readonly memory: MemoryBudget;
  /** Of request bodies and of answers that are parsed whole. */
  readonly jsonLimits: JsonLimits;
  /** Hold requests to all that their schemas say; undefined to hold them only to what the gateway itself must read. */
  readonly strictChecks: StrictChecks | undefined;
  /** Tells the strings that are signs of what a stage looks for, see {@link UnparsedBody.hasVisualSign}. */
  readonly judge?: StringJudge | undefined;
}

/** A body that has come whole, and whose it is. */
export interface ArrivedBody {
  readonly context: RequestContext;
  readonly request: ClientRequest;
  readonly format: Format;
  readonly bytes: Uint8Array;
  /** What the path says in place of the body; from then on it is as if the body said it, whose bytes stay. */
  readonly inPath: AskedInPath | undefined;
}

/**
 * Accepts the body of a request, once the budget has the memory for it and for its value. It is parsed only if all of it
 * must be looked at, or to say what is wrong with it.
 * @returns a promise only if there is memory to wait for, or if the body is long
 * @throws Failure `malformed_body`, `body_too_complex`, `invalid_request` or `client_gone`
 */
export function acceptBody(arrived: ArrivedBody, parts: AcceptParts): ReceivedBody | Promise<ReceivedBody> {
  // Strict checks look at all that is in it.
  if (parts.strictChecks) return hold(arrived, undefined, parts);
  const { request, bytes } = arrived;
  const { jsonLimits: limits, judge } = parts;
  const checking = checkObject(bytes, { limits, names: DECISIVE_NAMES, judge, stop: request });
  return checking instanceof Promise ? holdLater(arrived, checking, parts) : hold(arrived, checking, parts);
}

// Those that wait are functions of their own, because a closure costs whoever calls the function around it.

const holdLater = (
  arrived: ArrivedBody,
  checking: Promise<CheckedObject | undefined>,
  parts: AcceptParts,
): Promise<ReceivedBody> => checking.then((checked) => hold(arrived, checked, parts));

const takeLater = (
  arrived: ArrivedBody,
  checked: CheckedObject | undefined,
  parts: AcceptParts,
  held: Promise<void>,
): Promise<ReceivedBody> => held.then(() => take(arrived, checked, parts));

/** The memory is held before anything is made of the bytes. */
function hold(
  arrived: ArrivedBody,
  checked: CheckedObject | undefined,
  parts: AcceptParts,
): ReceivedBody | Promise<ReceivedBody> {
  const { context, request, bytes } = arrived;
  const weight = checked ? weightOf(bytes.length, checked.values) : parsedWeight(bytes);
  const wait = parts.memory.hold(context, bytes.length + weight, request.signal);
  return wait ? takeLater(arrived, checked, parts, wait) : take(arrived, checked, parts);
}

const take = (
  arrived: ArrivedBody,
  checked: CheckedObject | undefined,
  parts: AcceptParts,
): ReceivedBody | Promise<ReceivedBody> => (checked ? takeUnparsed(arrived, checked) : parse(arrived, parts));

function takeUnparsed(arrived: ArrivedBody, checked: CheckedObject): ReceivedBody | Promise<ReceivedBody> {
  const { request, bytes, inPath } = arrived;
  const body = new UnparsedBody(bytes, checked, inPath);
  const parsing = body.hasOddMember ? parsed(body, request) : undefined;
  return parsing ? afterParsing(parsing, requireMembers, body, arrived) : requireMembers(body, arrived);
}

/** Members that are not as they must be are looked at once more in the parsed body: there, one may be absent. */
function requireMembers(
  body: UnparsedBody,
  { format: { checkRequired }, request }: ArrivedBody,
): ReceivedBody | Promise<ReceivedBody> {
  if (!checkRequired({ model: body.member("model"), stream: body.member("stream") })) return body;
  const parsing = parsed(body, request);
  return parsing ? afterParsing(parsing, checkValue, body, checkRequired) : checkValue(body, checkRequired);
}

function parse(
  { request, format, bytes, inPath }: ArrivedBody,
  { jsonLimits, strictChecks }: AcceptParts,
): ReceivedBody | Promise<ReceivedBody> {
  const check = strictChecks?.get(format) ?? format.checkRequired;
  const withPath = (body: ReceivedBody): ReceivedBody =>
    inPath ? { ...body, value: { ...body.value, ...inPath } } : body;
  const decoded = decodeObjectInTurns(bytes, { limits: jsonLimits, names: DECISIVE_NAMES, stop: request });
  return decoded instanceof Promise
    ? decoded.then((late) => checkLargeBody(bytes, late, check, request)).then(withPath)
    : withPath(checkBody(bytes, decoded, check));
}

/** The failure for a request whose body could not be decoded. */
export function refuseBody({ fault, problem }: Extract<DecodedObject, { readonly fault: unknown }>): Failure {
  if (fault === "stopped") return new Failure("client_gone");
  const code = fault === "depth" || fault === "values" ? "body_too_complex" : "malformed_body";
  return new Failure(code, { message: `Failed to decode request: ${problem}` });
}

/** Throws if the client has left: no more work is done for it. */
export function requireClient({ signal }: Pick<ClientRequest, "signal">): void {
  if (signal.aborted) throw new Failure("client_gone");
}

/** What the gateway knows about a body that it accepts. Throws a {@link Failure} for one that it does not accept. */
function checkBody(bytes: Uint8Array, decoded: DecodedObject, check: CheckRequest): ReceivedBody {
  if ("fault" in decoded) throw refuseBody(decoded);
  return checkValue({ bytes, value: decoded.value, members: decoded.watch }, check);
}

function checkValue(body: ReceivedBody, check: CheckRequest): ReceivedBody {
  const problem = check(body.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return body;
}

/** Like {@link checkBody}, with a turn of the event loop before and after the check of up to a million values. */
async function checkLargeBody(
  bytes: Uint8Array,
  decoded: DecodedObject,
  check: CheckRequest,
  request: ClientRequest,
): Promise<ReceivedBody> {
  await nextTurn();
  const body = checkBody(bytes, decoded, check);
  await nextTurn();
  requireClient(request);
  return body;
}
