import type { Dialect } from "../dialects/dialect.ts";
import { Failure } from "../failure/failure.ts";
import type { DecodedObject } from "../json/decode-object.ts";
import { nextTurn } from "../json/next-turn.ts";
import type { ReceivedBody } from "./prepare-body.ts";
import { refuseBody } from "./refuse-body.ts";

/** Throws if the client has left: nothing more is done for it. */
export function requireClient({ signal }: Request): void {
  if (signal.aborted) throw new Failure("client_gone");
}

/** What the gateway knows of a body that it takes. Throws the {@link Failure} of one that it does not take. */
export function checkBody(bytes: Uint8Array, decoded: DecodedObject, dialect: Dialect): ReceivedBody {
  if ("fault" in decoded) throw refuseBody(decoded);
  const problem = dialect.check(decoded.value);
  if (problem) throw new Failure("invalid_request", { message: problem.message, param: problem.path || null });
  return { bytes, value: decoded.value, members: decoded.watch };
}

/** Like {@link checkBody}, with a turn of the event loop before and after the check of what may be a million values. */
export async function checkLargeBody(
  bytes: Uint8Array,
  decoded: DecodedObject,
  dialect: Dialect,
  request: Request,
): Promise<ReceivedBody> {
  await nextTurn();
  const body = checkBody(bytes, decoded, dialect);
  await nextTurn();
  requireClient(request);
  return body;
}
