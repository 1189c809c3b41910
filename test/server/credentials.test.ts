import { expect, test } from "bun:test";
import { bearerToken } from "../../src/server/credentials.ts";

/** What is read of a request with these `Authorization` fields. */
function tokenIn(...fields: readonly string[]): string | undefined {
  const request = new Request("http://localhost/x?access_token=of-the-query");
  for (const field of fields) request.headers.append("authorization", field);
  return bearerToken(request);
}

test.each([
  "",
  "token",
  "Basic token",
  "Bearertoken",
  "Bearer-token",
  "Bearer",
  "Bearer   ",
  "xBearer token",
  "bear er",
])("%j holds no bearer token, and neither the query nor another header is looked at", (field) => {
  expect(tokenIn(field)).toBeUndefined();
});

test("a request without the header has none", () => {
  expect(tokenIn()).toBeUndefined();
  const request = new Request("http://localhost/?access_token=a&bearer=b", {
    method: "POST",
    body: "access_token=c",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: "access_token=d", "x-api-key": "e" },
  });
  expect(bearerToken(request)).toBeUndefined();
  expect(request.bodyUsed).toBe(false);
});

test.each(["Bearer token", "bearer token", "BEARER token", "bEaReR    token", "Bearer      token"])(
  "%j holds one",
  (field) => {
    expect(tokenIn(field)).toBe("token");
  },
);

test("a token is cut out and not changed", () => {
  for (const token of ["Bearer", "bearer", "Bearer-", "a b", "a,b", "Bearer x", "\u00e9", "eyJ.eyJ.x"]) {
    expect(tokenIn(`Bearer ${token}`)).toBe(token);
    expect(tokenIn(`bearer  ${token}`)).toBe(token);
  }
});

test("of two headers neither counts: the joint text is no credential", () => {
  expect(tokenIn("Bearer first", "Bearer second")).toBe("first, Bearer second");
  expect(tokenIn("Basic first", "Bearer second")).toBeUndefined();
});
