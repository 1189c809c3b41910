import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SecretMasker } from "../../src/core/redact/secret-masker.ts";
import { secretPatterns } from "../../src/core/redact/secret-patterns.ts";
import { SPELLING_NAMES, SPELLINGS } from "./spellings.ts";
import { cpuGrowth, LINEAR } from "../fixtures/cpu-growth.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

const KEY = 'sk-"proj"/a+b=c\\d&e<f> g%h~';

/** What comes out of a masker for text that comes in these pieces, one character a byte. */
function mask(secret: string, pieces: readonly string[]): string {
  const masker = new SecretMasker(secretPatterns(secret));
  const out = pieces.flatMap((piece) => masker.push(Buffer.from(piece, "latin1")));
  return Buffer.concat([...out, ...masker.end()]).toString("latin1");
}

const halves = (text: string, at: number): string[] => [text.slice(0, at), text.slice(at)];

describe("a secret that comes in pieces", () => {
  test.each(SPELLING_NAMES)("is masked %s wherever it is cut", (name) => {
    const written = SPELLINGS[name](KEY);
    const text = `{"error":"\\u00e9 \xe9 the key ${written}, ${written} is wrong"}`;
    const expected = '{"error":"\\u00e9 \xe9 the key ***, *** is wrong"}';
    for (let at = 0; at <= text.length; at++) expect([at, mask(KEY, halves(text, at))]).toEqual([at, expected]);
    expect(mask(KEY, [...text])).toBe(expected);
  });

  test("is masked in UTF-16 wherever it is cut", () => {
    const wide = (text: string): string => Buffer.from(text, "utf16le").toString("latin1");
    const text = wide(`{"error":"é \\u20ac the key ${KEY}, ${SPELLINGS["in JSON"](KEY)} is wrong"}`);
    const expected = wide('{"error":"é \\u20ac the key ***, *** is wrong"}');
    for (let at = 0; at <= text.length; at++) expect([at, mask(KEY, halves(text, at))]).toEqual([at, expected]);
    expect(mask(KEY, [...text])).toBe(expected);
  });

  test("that is short is masked as a word wherever it is cut", () => {
    const text = '{"key":"EMPTY","message":"EMPTYNESS of NONEMPTY,\\nEMPTY"} EMPTY';
    const expected = '{"key":"***","message":"EMPTYNESS of NONEMPTY,\\n***"} ***';
    for (let at = 0; at <= text.length; at++) expect([at, mask("EMPTY", halves(text, at))]).toEqual([at, expected]);
    expect(mask("EMPTY", [...text])).toBe(expected);
  });

  test("comes out at once but for what may be its beginning", () => {
    const masker = new SecretMasker(secretPatterns("sk-0123456789"));
    const push = (text: string): string => Buffer.concat(masker.push(Buffer.from(text))).toString();
    expect(push("some text")).toBe("some text");
    expect(push(", the key sk-01")).toBe(", the key ");
    expect(push("2345678")).toBe("");
    expect(push("x")).toBe("sk-012345678x");
    expect(push("the key %7")).toBe("the key ");
    expect(push("3k-012345678")).toBe("");
    expect(push("9.")).toBe("***.");
    expect(masker.end()).toEqual([]);
  });

  test("holds back little of any text", () => {
    for (const text of HOSTILE) {
      const masker = new SecretMasker(secretPatterns(KEY));
      let waiting = 0;
      for (const piece of text.repeat(Math.ceil(50_000 / text.length)).match(/.{1,100}/gs) ?? []) {
        waiting += piece.length - masker.push(Buffer.from(piece)).reduce((sum, { length }) => sum + length, 0);
        expect(waiting).toBeLessThan(KEY.length * 100);
      }
    }
  });
});

/** What text may end with that looks like the beginning of an escape, of which the secret would be the rest. */
const BEFORE = [
  "%",
  "%4",
  "%25",
  "=",
  "=4",
  "\\u00",
  "\\u004",
  "\\x",
  "\\",
  "\\\\",
  "&#",
  "&#x",
  "&#x0",
  "&#4",
  "&am",
  "=\r",
];
const AFTER = ["41", "1;", ";", "%41", "\r\n", "n", '"', "&amp;", "=41", "u0041", "0"];

describe("nothing around a secret hides it", () => {
  test.each(["41deadbeef61", "0041;41;0041", "amp;x41;%41=41", "3D41%25=3D25", "1;2;3;4;5;6;7", "n0r0n0r0u0041"])(
    "not around %s",
    (secret) => {
      for (const before of ["", ...BEFORE]) {
        for (const after of ["", ...AFTER]) {
          const text = `x${before}${secret}${after}x`;
          expect([text, mask(secret, [text])]).toEqual([text, `x${before}***${after}x`]);
        }
      }
    },
  );

  const encoders = Object.values(SPELLINGS);
  const secrets = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 8,
    maxLength: 30,
  });
  const around = fc.array(fc.constantFrom(...BEFORE, ...AFTER, "a", " ", "{", "sk-"), { maxLength: 4 });

  test("not if one encoding follows another", () => {
    // More of those with escapes within escapes would go beyond the depth that is looked into.
    const inner = [SPELLINGS["in a URL"], SPELLINGS["in JSON"], SPELLINGS["in HTML"], SPELLINGS["in quoted-printable"]];
    fc.assert(
      fc.property(
        secrets,
        fc.constantFrom(...inner),
        fc.constantFrom(...inner),
        fc.constantFrom(...encoders),
        around,
        around,
        (secret, first, second, third, before, after) => {
          const written = third(second(first(secret)));
          fc.pre(written.length < secret.length * 50);
          const text = before.join("") + written + after.join("");
          const masked = mask(secret, [text]);
          expect(masked).toContain("***");
          expect(masked.length).toBeLessThanOrEqual(text.length - written.length + 3);
        },
      ),
      propertyRuns(400),
    );
  });

  test("not if the text is cut", () => {
    fc.assert(
      fc.property(
        secrets,
        fc.constantFrom(...encoders),
        around,
        around,
        fc.nat(),
        (secret, encode, before, after, cut) => {
          const text = before.join("") + encode(secret) + after.join("");
          const whole = mask(secret, [text]);
          expect(mask(secret, halves(text, cut % (text.length + 1)))).toBe(whole);
          expect(mask(secret, [...text])).toBe(whole);
        },
      ),
      propertyRuns(400),
    );
  });
});

describe("in base64", () => {
  const secret = "sk-proj-~~~???>>>0123456789abcdef";
  const wrap = (text: string, newline: string): string => text.replace(/.{76}/g, `$&${newline}`);
  const written: Readonly<Record<string, (text: string) => string>> = {
    standard: (text) => text,
    "url-safe": (text) => text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
    "in JSON": (text) => text.replaceAll("/", "\\/"),
    "in a URL": encodeURIComponent,
    "in HTML": (text) => text.replaceAll("+", "&#43;").replaceAll("/", "&#x2F;").replaceAll("=", "&equals;"),
    "in lines": (text) => wrap(text, "\r\n"),
    "in lines, in JSON": (text) => wrap(text, "\\r\\n"),
    "in quoted-printable": (text) => text.replaceAll("=", "=3D").replace(/.{70}/g, "$&=\r\n"),
  };

  test.each(Object.entries(written))("%s", (_, write) => {
    for (const before of ["", "a", "ab", "abc", "Bearer ", "user:", ":", "x".repeat(50), '{"authorization":"Bearer ']) {
      for (const after of ["", "\n", ":", '"}', "abc", "x".repeat(50)]) {
        const encoded = Buffer.from(before + secret + after).toString("base64");
        const text = `{"header":"${write(encoded)}"}`;
        const masked = mask(secret, [text]);
        expect(masked).toContain("***");
        // Two characters at either end may hold a few bits of the first and the last character.
        expect(text.length - masked.length).toBeGreaterThanOrEqual(Math.floor((secret.length * 4) / 3) - 2 - 3);
        const left = Buffer.from(masked.replace(/[^\w+/-]/g, ""), "base64url").toString("latin1");
        expect(left).not.toContain(secret.slice(1, 8));
        expect(mask(secret, [...text])).toBe(masked);
      }
    }
  });
});

const HOSTILE = [
  ...[
    '{"error":{"message":"nothing to see"}}',
    "\\",
    "%25",
    "%",
    "&amp;",
    "&amp;amp;",
    "&#0000",
    `&#${"0".repeat(300)}`,
  ],
  ...["=3D", "=\r\n", "%3", "%33", "%%%%333333333", "%3%3%3%3%31", "\\u005c", "\\u005cu005c", "%5C%5Cu0041&#37;41"],
  ...[
    "&#38;#38;#x26;",
    "%%3%3333%2%3525",
    "&#3&#38;&#51;",
    "sk-",
    'sk-"proj"/a+b',
    "s%3",
    "s\\",
    "s\n",
    "\\n",
    "\\\\n",
    "\0",
    "s\0",
    "%\0",
    "s\0\0\0%\0\0\x003\0\0\0",
    "s%00",
    "\\u0000\0",
  ],
];

describe("the cost of a search", () => {
  const SMALL = 5000;

  /** Milliseconds of the process's CPU time. */
  function cost(secret: string, unit: string, size: number): number {
    const bytes = Buffer.from(unit.repeat(Math.ceil(size / unit.length)));
    const before = process.cpuUsage();
    const masker = new SecretMasker(secretPatterns(secret));
    for (let at = 0; at < bytes.length; at += 16_384) masker.push(bytes.subarray(at, at + 16_384));
    masker.end();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }

  const SECRETS = [KEY, "a".repeat(60), "%25".repeat(12), "\\".repeat(40)];
  test.each(SECRETS)("for %s grows with the text alone, whatever the text", (secret) => {
    for (const unit of [...HOSTILE, "a", `${"a".repeat(59)}b`, "%61", "\\u0061", "33"]) {
      // Square growth would be 64 times, each time; what others disturb is so once. Below a millisecond nothing is measured.
      const isLinear = (): boolean => {
        const large = cost(secret, unit, 8 * SMALL);
        if (large < 24) return true;
        const small = Math.min(cost(secret, unit, SMALL), cost(secret, unit, SMALL));
        return large / Math.max(small, 1) < 24;
      };
      expect([unit, isLinear() || isLinear() || isLinear()]).toEqual([unit, true]);
    }
  });

  test("in pieces of one byte is no other", async () => {
    const bytes = Buffer.from("the key %73k-&#34;proj is s%3%3%31 ".repeat(3000));
    const growth = await cpuGrowth(bytes.length / 4, (size) => () => {
      const masker = new SecretMasker(secretPatterns(KEY));
      for (let at = 0; at < size; at++) masker.push(bytes.subarray(at, at + 1));
    });
    expect(growth).toBeLessThan(LINEAR);
  });
});
