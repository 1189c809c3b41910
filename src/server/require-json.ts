import { Failure } from "../core/errors.ts";

/** A type whose subtype is `json` or ends in `+json`, with or without parameters. https://www.rfc-editor.org/rfc/rfc6839#section-3.1 */
const JSON_TYPE = /^\s*[a-z0-9!#$&^_.-]+\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i;

/** Those that programs set by themselves, without their users knowing. */
const USUAL_MISTAKES: Readonly<Record<string, string>> = {
  "application/x-www-form-urlencoded": "application/x-www-form-urlencoded, as curl -d does by itself",
  "multipart/form-data": "multipart/form-data",
  "text/plain": "text/plain, as fetch does with a string by itself",
};

/**
 * Refuses a body that is announced as something other than JSON. The three types of forms are those that a web page may
 * send anywhere without asking first, and no client of a JSON API means them; without a type the body is taken as JSON.
 * https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 * @throws Failure `unsupported_media_type`
 */
export function requireJson({ headers }: Request): void {
  const type = headers.get("content-type");
  if (type === null || type === "application/json" || type === "" || JSON_TYPE.test(type)) return;
  const [essence = ""] = type.split(";", 1);
  const mistake = USUAL_MISTAKES[essence.trim().toLowerCase()];
  if (mistake === undefined) throw new Failure("unsupported_media_type");
  throw new Failure("unsupported_media_type", {
    message: `The body must be JSON, but the request announces ${mistake}. Send the header Content-Type: application/json`,
  });
}
