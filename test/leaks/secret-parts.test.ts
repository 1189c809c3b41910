import { expect, test } from "bun:test";
import { secretParts } from "../../src/core/redact/redact.ts";
import { startGateway } from "../fixtures/start-in-process.ts";
import { json } from "../fixtures/answers.ts";
import { startMockProvider } from "../fixtures/mock-provider.ts";

test.each([
  ["x-key", "long-secret", ["long-secret"]],
  ["x-key", "Basic bG9uZy1zZWNyZXQ=", ["bG9uZy1zZWNyZXQ="]],
  ["x-title", "The words of a title", ["The words of a title"]],
  ["key", "short", []],
  ["x-key", "geheim-gehe\u00efm", []],
  ["cookie", "a=1; session=long-secret", ["a=1; session=long-secret", "session=long-secret", "long-secret"]],
  ["authorization", 'Digest username="u", response="long-secret"', expect.arrayContaining(["long-secret"])],
  ["authorization", "Token token=long-secret", expect.arrayContaining(["long-secret"])],
])("of %s: %s", (name, value, parts) => {
  expect(secretParts(name, value)).toEqual(parts);
});

test("a provider that repeats a part of what it was sent does not tell it to the client", async () => {
  await using provider = await startMockProvider();
  await using gateway = await startGateway({
    TGI_API_URL: provider.url,
    TGI_HEADERS: "Cookie: a=1; session=session-secret",
    TGI_QUERY: "sig=query%2Bsecret",
    CUSTOM_PROVIDERS: "tgi",
  });
  provider.answerAlways(() => json(400, { error: { message: "no session-secret and query+secret", id: "session" } }));
  for (const path of ["/v1/chat/completions", "/proxy/tgi/chat/completions"]) {
    const body = JSON.stringify({ model: "tgi/m", messages: [{ role: "user", content: "x" }] });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(gateway.url + path, { method: "POST", body, headers });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("no *** and ***")]);
  }
});
