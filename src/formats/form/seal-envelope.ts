import type { Seal } from "./blocks.ts";

const VERSION = "gw1";

/** What separates the parts never occurs in them. */
const SEPARATOR = ".";

const KINDS: ReadonlySet<string> = new Set<Seal["kind"]>(["signature", "encrypted"]);

const BASE64URL = /^[A-Za-z0-9_-]*$/;

/**
 * A seal as text for a client that keeps it, as `gw1.<origin>.<kind>.<base64url of the value>`, and behind that the
 * base64url of its id if it has one. Clients send it back unchanged, and {@link openSeal} finds out whose it is.
 */
export function wrapSeal({ origin, kind, value, id }: Seal): string {
  const parts = [VERSION, escapeOrigin(origin), kind, encode(value)];
  if (id !== undefined) parts.push(encode(id));
  return parts.join(SEPARATOR);
}

/** @returns undefined for a text that is no envelope, such as a provider's own signature */
export function openSeal(text: string): Seal | undefined {
  if (!text.startsWith(VERSION + SEPARATOR)) return undefined;
  const [, origin = "", kind = "", value = "", id, ...more] = text.split(SEPARATOR);
  const unescaped = unescapeOrigin(origin);
  if (!unescaped || !isKind(kind) || value === "" || more.length > 0) return undefined;
  if (!BASE64URL.test(value) || !BASE64URL.test(id ?? "")) return undefined;
  const seal = { origin: unescaped, kind, value: decode(value) };
  return id === undefined ? seal : { ...seal, id: decode(id) };
}

const isKind = (kind: string): kind is Seal["kind"] => KINDS.has(kind);

const encode = (text: string): string => Buffer.from(text, "utf8").toString("base64url");

const decode = (text: string): string => Buffer.from(text, "base64url").toString("utf8");

/** `encodeURIComponent` leaves the separator as it is; the slash is harmless and better to read. */
const escapeOrigin = (origin: string): string =>
  encodeURIComponent(origin).replaceAll(SEPARATOR, "%2E").replaceAll("%2F", "/");

function unescapeOrigin(origin: string): string | undefined {
  try {
    return decodeURIComponent(origin);
  } catch {
    return undefined;
  }
}
