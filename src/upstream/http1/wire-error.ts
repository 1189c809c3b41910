import type { UpstreamFault } from "../errors.ts";

/** What can be wrong with the bytes of a request or an answer, by the code of the error. */
const WIRE_FAULTS = {
  /** The connection ended although more was to come. */
  ECONNRESET: "reset",
  HTTP_INVALID_HEAD: "invalid_response",
  HTTP_HEAD_TOO_LONG: "invalid_response",
  HTTP_TOO_MANY_FIELDS: "invalid_response",
  HTTP_TOO_MANY_INTERIM_HEADS: "invalid_response",
  /** Bytes came on a connection before a request was sent on it, or in place of its answer. */
  HTTP_UNREQUESTED_BYTES: "invalid_response",
  HTTP_INVALID_FRAMING: "invalid_response",
  HTTP_INVALID_CHUNK: "invalid_response",
  HTTP_UNREQUESTED_UPGRADE: "invalid_response",
  /** What was to be sent cannot be written as a message of HTTP. */
  REQUEST_HEADER: "invalid_header",
  REQUEST_METHOD: "invalid_method",
  /** The request's body did not have the length that its header announced. */
  UPLOAD_LENGTH: "upload",
} as const satisfies Record<string, UpstreamFault>;

export type WireErrorCode = keyof typeof WIRE_FAULTS;

/** Thrown where bytes are read and written, which does not know how far the call has come: its exchange does. */
export class WireError extends Error {
  readonly code: WireErrorCode;

  constructor(code: WireErrorCode) {
    super(code);
    this.name = "WireError";
    this.code = code;
  }

  get fault(): UpstreamFault {
    return WIRE_FAULTS[this.code];
  }
}
