/** The members of a request's line that are its own, in their order; level, time and message are in every line. */
export const REQUEST_FIELDS = [
  "request_id",
  "trace_id",
  "method",
  "route",
  "identity",
  "client_address",
  "user_agent",
  "provider",
  "model",
  "alias",
  "attempts",
  "tried",
  "queue_ms",
  "status",
  "outcome",
  "client_gone",
  "streaming",
  "bytes_in",
  "bytes_out",
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "cached_input_tokens",
  "cache_creation_input_tokens",
  "reasoning_tokens",
  "usage_source",
  "cost_usd",
  "tool_rounds",
  "tool_calls",
  "response_header_ms",
  "first_byte_ms",
  "total_ms",
  "failure",
  "cause",
] as const;

/** No more of a text is written: a client may send a name of any length. */
export const MAX_CHARACTERS = 256;

export type RequestField = (typeof REQUEST_FIELDS)[number];

/** How each member begins, with the comma before it; undefined for one that is not written. */
export type MemberStarts = Readonly<Record<RequestField, string | undefined>>;

/** An unexpected error cannot be looked into without these, so its line has them whatever is chosen. */
const OF_UNEXPECTED_ERRORS: readonly RequestField[] = ["request_id", "failure", "cause"];

/** @param chosen which members are written; all of them if there are none */
export function memberStarts(chosen: readonly string[]): MemberStarts {
  const isChosen = (field: RequestField): boolean => chosen.length === 0 || chosen.includes(field);
  const starts = REQUEST_FIELDS.map((field) => [field, isChosen(field) ? `,"${field}":` : undefined]);
  // The names of the list, each with its text: what the type says.
  return Object.fromEntries(starts) as MemberStarts;
}

/** The same for the line of an unexpected error. */
export function memberStartsOfErrors(chosen: readonly string[]): MemberStarts {
  return memberStarts(chosen.length === 0 ? chosen : [...chosen, ...OF_UNEXPECTED_ERRORS]);
}
