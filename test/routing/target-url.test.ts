import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Failure } from "../../src/core/errors.ts";
import type { Provider } from "../../src/providers/provider.ts";
import { targetUrl } from "../../src/providers/url.ts";

const BASES = [
  "https://api.example.com",
  "https://api.example.com/v1",
  "https://api.example.com:8443/openai/v1",
  "http://localhost/v1beta/openai",
  "http://[::1]:11434/v1",
  "https://api.example.com/client/v4/accounts/abc/ai",
] as const;

function providerAt(baseUrl: string): Provider {
  return {
    id: "some",
    endpointKey: "some",
    baseUrl,
    unixSocket: undefined,
    http2: false,
    transport: "auto",
    auth: "none",
    authHeader: "x-api-key",
    key: undefined,
    headers: {},
    relayedHeaders: [],
    extraRequestHeaders: [],
    listing: "openai",
    paths: { models: "/models", chat: "/chat/completions" },
    refusesStreamOptions: false,
    callable: true,
    configured: true,
  };
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
  test("the URL lies below the base URL, also after a server decodes it again and again", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BASES), anyPath, (base, path) => {
        let url: URL;
        try {
          url = new URL(targetUrl(providerAt(base), path, ""));
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
          expect((error as Failure).code).toBe("path_not_allowed");
          return;
        }
        const expected = new URL(base);
        expect([url.origin, url.username, url.password]).toEqual([expected.origin, "", ""]);
        const basePath = expected.pathname.replace(/\/$/, "");
        expect(url.pathname.startsWith(`${basePath}/`)).toBe(true);
        const below = url.pathname.slice(basePath.length + 1);
        const decoded = decodeAll(below);
        expect(decoded.split("/").length).toBe(below.split("/").length);
        expect(decoded.split("/").filter((segment) => /^\.\.?(;|$)/.test(segment))).toEqual([]);
        expect(decoded).not.toMatch(/[\\\u0000-\u001f]/);
      }),
      { numRuns: 3000 },
    );
  });

  test("a harmless path is joined as it is, and its query keeps its bytes", () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~!$&'()*+,=:@-]{1,12}$/);
    const harmless = fc.array(segment, { minLength: 1, maxLength: 5 }).filter(([first]) => !/^v\d/i.test(first ?? ""));
    fc.assert(
      fc.property(fc.constantFrom(...BASES), harmless, fc.string(), (base, segments, query) => {
        const path = segments.join("/");
        expect(targetUrl(providerAt(base), path, `?${query}`)).toBe(`${base}/${path}?${query}`);
      }),
    );
  });
});

describe("the version segment", () => {
  test.each([
    ["https://h/v1", "v1/files", "https://h/v1/files"],
    ["https://h/v1", "V1/files", "https://h/v1/files"],
    ["https://h/v1", "v1", "https://h/v1/"],
    ["https://h/v1", "v1/v1/files", "https://h/v1/v1/files"],
    ["https://h/v1", "v2/files", "https://h/v1/v2/files"],
    ["https://h/v1", "v10/files", "https://h/v1/v10/files"],
    ["https://h/v1beta", "v1beta/files", "https://h/v1beta/files"],
    ["https://h/openai", "openai/files", "https://h/openai/openai/files"],
    ["https://h", "v1/files", "https://h/v1/files"],
  ])("%s and %s make %s", (base, path, url) => {
    expect(targetUrl(providerAt(base), path, "")).toBe(url);
  });
});
