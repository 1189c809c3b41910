const hex = (character: string): string => character.charCodeAt(0).toString(16).padStart(2, "0");
const each = (secret: string, write: (character: string) => string): string => [...secret].map(write).join("");

const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ '"': "quot", "&": "amp", "<": "lt", ">": "gt", "!": "excl", "#": "num", $: "dollar", "%": "percnt" },
    ...{ "'": "apos", "(": "lpar", ")": "rpar", "*": "ast", "+": "plus", ",": "comma", ".": "period", "/": "sol" },
    ...{
      ":": "colon",
      ";": "semi",
      "=": "equals",
      "?": "quest",
      "@": "commat",
      "[": "lsqb",
      "\\": "bsol",
      "]": "rbrack",
    },
    ...{ "^": "Hat", _: "lowbar", "`": "grave", "{": "lcub", "|": "vert", "}": "rcub" },
  }),
);

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
  "in HTML by names": (secret: string) =>
    each(secret, (character) => (NAMES.has(character) ? `&${NAMES.get(character)};` : character)),
  "in HTML, with leading zeros": (secret: string) => each(secret, (character) => `&#000${character.charCodeAt(0)};`),
  "in HTML, in hexadecimal, with leading zeros": (secret: string) =>
    each(secret, (character) => `&#X0000${hex(character)};`),
  "in HTML without semicolons": (secret: string) => each(secret, (character) => `&#${character.charCodeAt(0)}`),
  "in HTML in JSON": (secret: string) =>
    each(secret, (character) => (/\w/.test(character) ? character : `\\u0026#${character.charCodeAt(0)};`)),
  "in a URL in HTML": (secret: string) =>
    each(encodeURIComponent(secret), (character) => (character === "%" ? "&#37;" : character)),
  "in HTML in a URL": (secret: string) =>
    encodeURIComponent(
      each(secret, (character) => (/\w/.test(character) ? character : `&#${character.charCodeAt(0)};`)),
    ),
  "in JavaScript": (secret: string) => each(secret, (character) => `\\x${hex(character)}`),
  "in a URL, five times over": (secret: string) =>
    each(secret, (character) => (/\w/.test(character) ? character : `%25252525${hex(character)}`)),
  "in UTF-16 within JSON": (secret: string) =>
    each(secret, (character) => `${JSON.stringify(character).slice(1, -1)}\\u0000`).slice(0, -6),
  "in UTF-16 within a URL": (secret: string) =>
    each(secret, (character) => `${encodeURIComponent(character)}%00`).slice(0, -3),
  "in quoted-printable": (secret: string) =>
    each(secret, (character) => (/\w/.test(character) ? character : `=${hex(character).toUpperCase()}`)),
  "in quoted-printable over several lines": (secret: string) =>
    each(secret, (character) => `=${hex(character).toUpperCase()}=\r\n`).slice(0, -3),
  "each character in another way": (secret: string) =>
    [...secret]
      .map((character, index) => {
        const code = hex(character);
        return (
          [`%${code}`, `\\u00${code}`, `&#x${code};`, `=${code}`, `&#37;${code}`, `%5Cu00${code}`][index % 6] ?? ""
        );
      })
      .join(""),
} as const satisfies Readonly<Record<string, (secret: string) => string>>;

export const SPELLING_NAMES = Object.keys(SPELLINGS) as (keyof typeof SPELLINGS)[];
