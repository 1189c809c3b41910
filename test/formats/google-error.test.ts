import { expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { googleError } from "../../src/formats/google-error.ts";

function metadataOf(providerError: Readonly<Record<string, unknown>>): unknown {
  const failure = new Failure("provider_error", { status: 429, provider: "openai", providerError });
  const { error } = googleError(failure, "id") as { error: { details: { "@type"?: string; metadata?: unknown }[] } };
  return error.details.find((each) => each["@type"]?.endsWith("ErrorInfo"))?.metadata;
}

const NAMED = { requestId: "id", provider: "openai" };

test.each([
  ["what else a provider said", { innererror: { code: "x" } }, '{"innererror":{"code":"x"}}'],
  ["details that are no list, as Google's are", { details: "quota" }, '{"details":"quota"}'],
  ["what stands beside details", { details: [{ a: 1 }], metadata: { b: 2 } }, '{"metadata":{"b":2}}'],
])("Google's envelope has a place for %s", (_, said, expected) => {
  expect(metadataOf(said)).toEqual({ ...NAMED, providerError: expected });
});

test("it tells nothing of that if there is nothing but Google's details", () => {
  expect(metadataOf({ details: [{ a: 1 }] })).toEqual(NAMED);
});
