import type { ResponseHeaders } from "../../upstream/transport.ts";

const CONTENT_TYPE = "content-type";

/** The header fields of an answer whose body is another one now: all as they were, but for the type. */
export function withContentType(headers: ResponseHeaders, type: string): ResponseHeaders {
  return {
    get: (name) => (name === CONTENT_TYPE ? type : headers.get(name)),
    forEach(callback, listed) {
      headers.forEach((value, name) => {
        if (name !== CONTENT_TYPE) callback(value, name);
      }, listed);
      callback(type, CONTENT_TYPE);
    },
    *[Symbol.iterator]() {
      for (const [name, value] of headers) if (name !== CONTENT_TYPE) yield [name, value] as [string, string];
      yield [CONTENT_TYPE, type] as [string, string];
    },
  };
}
