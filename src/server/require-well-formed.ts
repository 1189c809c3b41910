import { Failure } from "../failure/failure.ts";

/**
 * Refuses what the runtime lets through although the sides of a connection could read it in two ways.
 * @throws Failure `invalid_request` where the request's `Host` makes no URL, or its `Content-Length` stands twice.
 */
export function requireWellFormed(request: Request): void {
  // The runtime then leaves the origin out of `request.url`, and a path read out of it at a fixed place is another path.
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2
  if (!URL.canParse(request.url)) throw new Failure("invalid_request", { message: "The Host header is not valid" });
  const length = request.headers.get("content-length");
  // Two equal lengths arrive as "2, 2", which is no number that a limit could be compared with.
  // https://www.rfc-editor.org/rfc/rfc9112#section-6.3
  if (length !== null && !/^\d+$/.test(length)) {
    throw new Failure("invalid_request", { message: "The Content-Length header is not valid" });
  }
}
