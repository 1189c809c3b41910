import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../src/core/errors.ts";
import { localProvider } from "../../src/config/providers/load-providers.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { targetUrl } from "../../src/providers/proxy-url.ts";
import { propertyRuns } from "../fixtures/property-runs.ts";

const BASES = [
  "https://api.example.com",
  "https://api.example.com/v1",
  "https://api.example.com:8443/openai/v1",
  "http://localhost/v1beta/openai",
  "http://[::1]:11434/v1",
  "https://api.example.com/client/v4/accounts/abc/ai",
] as const;

/** A provider at that base URL, of which nothing else is known. */
function providerAt(baseUrl: string, encodedSlashes = false): Provider {
  return { ...localProvider("some", baseUrl), rootPaths: [], encodedSlashes };
}

/** Undoes every percent-encoding as often as there is one, however broken its surroundings are. */
function decodeAll(text: string): string {
  const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return decoded === text ? text : decodeAll(decoded);
}

const PIECES = [
  ...["a", "v1", "V1", "files", "/", "//", ".", "..", "%2e", "%2E", "%252e", "%25252e", "%2f", "%252F", "%5c", "\\"],
  ...["@", ":", "evil.example", "http://", "https:/", "?", "#", ";", "%", "%zz", "%25", "%25zz", "%00", "%0d%0a", " "],
  ...["%c3%a9", "%c0%ae", "%e9", "\u00e9", "\uff0e", "%ef%bc%8e", "*", "~", "=", "&", "+"],
];
const anyPath = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "grapheme", maxLength: 40 }),
);

describe("wherever a path may try to lead", () => {
  test("the URL lies below the provider's root, also after a server decodes it again and again", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BASES), fc.boolean(), anyPath, (base, encodedSlashes, path) => {
        const provider = providerAt(base, encodedSlashes);
        let url: URL;
        try {
          url = new URL(targetUrl(provider, path, ""));
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).code).toBe("path_not_allowed");
          return;
        }
        const expected = new URL(provider.rootUrl);
        expect([url.origin, url.username, url.password]).toEqual([expected.origin, "", ""]);
        const basePath = expected.pathname.replace(/\/$/, "");
        expect(url.pathname.startsWith(`${basePath}/`)).toBe(true);
        const below = url.pathname.slice(basePath.length + 1);
        const decoded = decodeAll(below);
        if (!encodedSlashes) expect(decoded.split("/").length).toBe(below.split("/").length);
        expect(decoded.split("/").filter((segment) => /^\.\.?(;|$)/.test(segment))).toEqual([]);
        expect(decoded).not.toMatch(/[\\\u0000-\u001f]/);
      }),
      propertyRuns(400),
    );
  });

  test("a harmless path is joined as it is, and its query keeps its bytes", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~!$&'()*+,=:@-]{1,12}$/);
    const harmless = fc
      .array(segment, { minLength: 1, maxLength: 5 })
      .filter(
        ([first = ""]) => !/^v\d/i.test(first) && !["openai", "ai", "client", "api"].includes(first.toLowerCase()),
      );
    fc.assert(
      fc.property(fc.constantFrom(...BASES), harmless, fc.string(), (base, segments, query) => {
        const path = segments.join("/");
        expect(targetUrl(providerAt(base), path, `?${query}`)).toBe(`${base}/${path}?${query}`);
      }),
    );
  });
});

describe("the path of the base URL", () => {
  test.each([
    ["https://h/v1", "v1/files", "https://h/v1/files"],
    ["https://h/v1", "V1/files", "https://h/v1/files"],
    ["https://h/v1", "v1", "https://h/v1/"],
    ["https://h/v1", "v1/v1/files", "https://h/v1/v1/files"],
    ["https://h/v1beta", "v1beta/files", "https://h/v1beta/files"],
    ["https://h/openai", "openai/files", "https://h/openai/files"],
    ["https://h/models", "models", "https://h/models/models"],
    ["https://h", "v1/files", "https://h/v1/files"],
    ["https://h/a/b/v1", "b/v1/files", "https://h/a/b/v1/files"],
    ["https://h/a/b/v1", "a/b/v1/files", "https://h/a/b/v1/files"],
  ])("is not doubled: %s and %s make %s", (base, path, url) => {
    expect(targetUrl(providerAt(base), path, "")).toBe(url);
  });

  test.each([
    ["https://h/v1", "v2/files", "https://h/v1/v2/files"],
    ["https://h/v1", "v10/files", "https://h/v1/v10/files"],
    ["https://h/a/v1", "a/v2/files", "https://h/a/v2/files"],
    ["https://h/a/v1", "ab/v2/files", "https://h/a/v1/ab/v2/files"],
  ])("is left by a path that begins as it does, and goes on otherwise: %s and %s make %s", (base, path, url) => {
    expect(targetUrl(providerAt(base), path, "")).toBe(url);
  });
});

describe("encoded slashes within a segment", () => {
  test.each(["a%2Fb", "arn%3Aaws%3Aprofile%2Fabc/converse", "a/b%2fc%2Fd"])(
    "%s passes as it stands if allowed",
    (path) => {
      expect(targetUrl(providerAt("https://h/v1", true), path, "")).toBe(`https://h/v1/${path}`);
      expect(() => targetUrl(providerAt("https://h/v1"), path, "")).toThrow("encoded slashes");
    },
  );

  test.each([
    ...["a%2F..%2Fb", "..%2Fa", "a%2f%2e%2e", "%2Fa", "a%2F", "a%2F%2Fb", "a%252Fb", "a%5Cb", "a%2Fb%5c..", "a%2F%00"],
    ...["a%2F..;x%2Fb", "a%2F%20..%20%2Fb", "%2F%2Fevil.example"],
  ])("%s never does", (path) => {
    expect(() => targetUrl(providerAt("https://h/v1", true), path, "")).toThrow("Path is not allowed");
  });
});
