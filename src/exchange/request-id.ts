/** A client's own id is taken over where it is printable ASCII and at most 128 characters long. */
const SANE_ID = /^[\x20-\x7e]{1,128}$/;

/** The id under which a request is logged and answered: the client's `X-Request-Id` if it is a sane one, else a new one. */
export const requestIdOf = (headers: Headers, newId: () => string): string => {
  const given = headers.get("x-request-id");
  return given !== null && SANE_ID.test(given) ? given : newId();
};
