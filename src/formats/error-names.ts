/** Names of members are compared in this form: `error_message`, `errorMessage`, `Message` and `__type` have one each. */
export function plainName(name: string): string {
  return name.replace(/[_-]/g, "").toLowerCase();
}

/** What a message is called, the most telling name first. */
export const MESSAGES = [
  "message",
  "msg",
  "errormessage",
  "errormsg",
  "errordescription",
  "statusmsg",
  "faultstring",
  "err",
];

/** What errors are wrapped in, beside `error`, which comes before a message beside it; these come after one. */
export const WRAPPERS = ["detail", "errors", "baseresp", "fault", "response", "exception", "data", "result", "body"];

/** What is a message if there is no other. RFC 9457 has `detail` and `title`. */
export const WEAK_MESSAGES = ["detail", "details", "title", "description", "reason"];

export const TYPES = ["type", "errortype", "status"];
export const CODES = ["code", "errorcode"];

/** Said of every error, by the headers as well, or of the operator's account. */
const NOISE: ReadonlySet<string> = new Set(["object", "success", "requestid", "id", "userid"]);

/** They say no more than that there is an error. */
export const EMPTY_TYPES: ReadonlySet<string> = new Set(["error", "fail", "failed", "about:blank"]);

/** A name that programs compare, not a sentence. */
export const IDENTIFIER = /^[\w.-]+$/;

/** Whether a member, by the form of its name in which names are compared, says nothing beside what else is told. */
export function isNoise(name: string, value: unknown): boolean {
  if (typeof value === "number" && (name === "status" || name === "statuscode")) return true;
  return NOISE.has(name) || (TYPES.includes(name) && typeof value === "string" && EMPTY_TYPES.has(value.toLowerCase()));
}
