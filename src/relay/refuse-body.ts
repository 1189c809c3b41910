import { Failure } from "../failure/failure.ts";
import type { DecodedObject } from "../json/decode-object.ts";

/** The failure of a request whose body could not be decoded. */
export function refuseBody({ fault, problem }: Extract<DecodedObject, { readonly fault: unknown }>): Failure {
  if (fault === "stopped") return new Failure("client_gone");
  const code = fault === "depth" || fault === "values" ? "body_too_complex" : "malformed_body";
  return new Failure(code, { message: `Failed to decode request: ${problem}` });
}
