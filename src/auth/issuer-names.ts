/** What may be shown of a name: a URL of printable ASCII, without what could hold a secret. */
const SHOWABLE = /^https?:\/\/[\x21-\x7e]{1,200}$/i;

/**
 * Says for the log how the name that an issuer goes by differs from the configured ones.
 * @param given as a token or a discovery document has it: of whoever sent it, and of any length
 * @param configured the values of `AUTH_OIDC_ISSUER`
 */
export function describeNames(given: unknown, configured: readonly string[]): string {
  if (typeof given !== "string" || !SHOWABLE.test(given) || /[?#@]/.test(given)) return "its name is not a plain URL";
  const names = `it says ${given}, AUTH_OIDC_ISSUER is ${configured.join(", ")}`;
  const near = configured.some((name) => withoutSlash(name) === withoutSlash(given));
  return near ? `${names}; they differ by the slash at the end only, and must be the same` : names;
}

function withoutSlash(name: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name;
}
