import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HeadFields } from "../../../src/upstream/http1/head-fields.ts";
import { createHeaderMatcher, indexHeaders, relayedResponseHeaders } from "../../../src/upstream/response-headers.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";

const fieldsOf = (lines: readonly string[]): HeadFields => new HeadFields(["HTTP/1.1 200 OK", ...lines].join("\r\n"));

const LIST = ["content-type", "date", "x-a-", "x-ab", "r", "ratelimit-"];

describe("the fields that are listed", () => {
  const index = indexHeaders(LIST);
  const isListed = createHeaderMatcher(LIST);

  const listedOf = (lines: readonly string[]): [name: string, value: string][] => {
    const told: [string, string][] = [];
    // What is of no listed name may be told as well.
    fieldsOf(lines).forEach((value, name) => void (isListed(name) && told.push([name, value])), index);
    return told;
  };

  test("are told with their names in lower case, in order, each line by itself", () => {
    const lines = [
      "Content-Type: a",
      "X-Other: b",
      "X-A-One:  c ",
      "x-ab: d",
      "X-AB: e",
      "r:",
      "Rate: f",
      "RateLimit-X: g",
    ];
    expect(listedOf(lines)).toEqual([
      ["content-type", "a"],
      ["x-a-one", "c"],
      ["x-ab", "d"],
      ["x-ab", "e"],
      ["r", ""],
      ["ratelimit-x", "g"],
    ]);
  });

  test("are those of all fields that a list of names has, whatever the fields are", () => {
    const beginning = fc.constantFrom(...LIST, "x-", "content", "_x-a-", "@ate", "X-A-", "RATELIMIT-");
    const rest = fc.string({ unit: fc.constantFrom(..."abAB-_1!"), maxLength: 3 });
    const line = fc
      .tuple(beginning, rest, fc.constantFrom("v", "", " w"))
      .map((parts) => `${parts[0]}${parts[1]}:${parts[2]}`);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const all = [...fieldsOf(lines)].filter(([name]) => isListed(name));
        expect(listedOf(lines)).toEqual(all);
      }),
      propertyRuns(300),
    );
  });
});

test("what is relayed of an answer is the same, whichever transport has read its head", () => {
  const lines = [
    ...[
      "Content-Type: application/json",
      "x-request-id: req_1",
      "X-RateLimit-Limit-Requests: 10000",
      "openai-version: 1",
    ],
    ...[
      "x-ratelimit_limit: 1",
      "set-cookie: a=b",
      "Retry-After: 2",
      "x-ms-region: w",
      "server: x",
      "cf-ray: y",
      "x-msx: z",
    ],
  ];
  const relayed = relayedResponseHeaders(fieldsOf(lines));
  const headers = new Headers(lines.map((line): [string, string] => line.split(": ", 2) as [string, string]));
  expect(relayed).toEqual(relayedResponseHeaders(headers));
  expect(relayed).toEqual({
    "content-type": "application/json",
    "x-upstream-request-id": "req_1",
    "x-ratelimit-limit-requests": "10000",
    "openai-version": "1",
    "retry-after": "2",
    "x-ms-region": "w",
  });
});
