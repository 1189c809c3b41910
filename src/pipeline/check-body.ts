import { Failure } from "../core/errors.ts";
import type { DecodedObject } from "../core/json/parse.ts";
import type { CheckRequest } from "../formats/schema/check.ts";
import { nextTurn } from "../core/event-loop.ts";
import type { ReceivedBody } from "./prepare-body.ts";

/** The bytes of a JSON text without a byte order mark, which no provider takes. https://www.rfc-editor.org/rfc/rfc8259#section-8.1 */
export function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

/** The failure for a request whose body could not be decoded. */
export function refuseBody({ fault, problem }: Extract<DecodedObject, { readonly fault: unknown }>): Failure {
  if (fault === "stopped") return new Failure("client_gone");
  const code = fault === "depth" || fault === "values" ? "body_too_complex" : "malformed_body";
  return new Failure(code, { message: `Failed to decode request: ${problem}` });
}

/** Throws if the client has left: no more work is done for it. */
export function requireClient({ signal }: Pick<Request, "signal">): void {
  if (signal.aborted) throw new Failure("client_gone");
}

/** What the gateway knows about a body that it accepts. Throws a {@link Failure} for one that it does not accept. */
export function checkBody(bytes: Uint8Array, decoded: DecodedObject, check: CheckRequest): ReceivedBody {
  if ("fault" in decoded) throw refuseBody(decoded);
  const problem = check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return { bytes, value: decoded.value, members: decoded.watch };
}

/** Like {@link checkBody}, with a turn of the event loop before and after the check of up to a million values. */
export async function checkLargeBody(
  bytes: Uint8Array,
  decoded: DecodedObject,
  check: CheckRequest,
  request: Request,
): Promise<ReceivedBody> {
  await nextTurn();
  const body = checkBody(bytes, decoded, check);
  await nextTurn();
  requireClient(request);
  return body;
}
