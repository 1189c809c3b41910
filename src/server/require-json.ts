import { Failure } from "../failure/failure.ts";

/** A type whose subtype is `json` or ends in `+json`, with or without parameters. https://www.rfc-editor.org/rfc/rfc6839#section-3.1 */
const JSON_TYPE = /^\s*[a-z0-9!#$&^_.-]+\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i;

const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]{1,80}\/[a-z0-9!#$&^_.+-]{1,80}(?=\s*(?:;|$))/i;

/**
 * Refuses a body that is announced as something else than JSON. The three types of forms are those that a web page may send
 * anywhere without asking first, and no client of a JSON API means them; without any type the body is taken as JSON.
 * https://fetch.spec.whatwg.org/#cors-safelisted-request-header
 * @throws Failure `unsupported_media_type`
 */
export function requireJson({ headers }: Request): void {
  const type = headers.get("content-type");
  if (type === null || type === "application/json" || type === "" || JSON_TYPE.test(type)) return;
  const [given] = MEDIA_TYPE.exec(type) ?? [];
  throw new Failure("unsupported_media_type", given === undefined ? {} : { message: messageFor(given) });
}

function messageFor(given: string): string {
  const hint = given.toLowerCase() === "application/x-www-form-urlencoded" ? ", which curl -d sends by itself" : "";
  return `The body must be JSON and is announced as ${given}${hint}. Send the header Content-Type: application/json`;
}
