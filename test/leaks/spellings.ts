const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");
const each = (secret: string, write: (character: string) => string): string => [...secret].map(write).join("");

/** The ways in which software writes a secret into texts of its own; each can be read back. */
export const SPELLINGS = {
  plain: (secret: string) => secret,
  "in JSON": (secret: string) => JSON.stringify(secret).slice(1, -1),
  "in JSON that escapes slashes": (secret: string) => JSON.stringify(secret).slice(1, -1).replaceAll("/", "\\/"),
  "in JSON that escapes what HTML minds": (secret: string) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[<>&'+=]/g, (character) => `\\u00${hex(character)}`),
  "in JSON as nothing but escapes": (secret: string) =>
    each(secret, (character) => `\\u00${hex(character).toUpperCase()}`),
  "in JSON within JSON": (secret: string) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  "in a URL": encodeURIComponent,
  "in a URL, in lower case": (secret: string) =>
    encodeURIComponent(secret).replace(/%../g, (escape) => escape.toLowerCase()),
  "in a URL as nothing but escapes": (secret: string) => each(secret, (character) => `%${hex(character)}`),
  "in a URL within a URL": (secret: string) => encodeURIComponent(encodeURIComponent(secret)),
  "in a form": (secret: string) => new URLSearchParams({ "": secret }).toString().slice(1),
  "in HTML": (secret: string) =>
    each(secret, (character) => (/\w/.test(character) ? character : `&#${character.charCodeAt(0)};`)),
  "in HTML, in hexadecimal": (secret: string) =>
    each(secret, (character) => (/\w/.test(character) ? character : `&#x${hex(character).toUpperCase()};`)),
} as const satisfies Readonly<Record<string, (secret: string) => string>>;

export const SPELLING_NAMES = Object.keys(SPELLINGS) as (keyof typeof SPELLINGS)[];
