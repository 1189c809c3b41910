import { describe, expect, test } from "bun:test";
import { Failure } from "../../src/core/errors.ts";
import { type Authorize, bearerToken, credentialOf } from "../../src/providers/credentials/credential.ts";
import { invalidCredential, unavailableCredential } from "../../src/providers/credentials/credential-error.ts";
import { UpstreamFailure } from "../../src/upstream/errors.ts";
import type { UpstreamResponse } from "../../src/upstream/transport.ts";
import { settle } from "../fixtures/manual-clock.ts";
import { createProvider, groq, LIMITS, REQUEST, setUp } from "./open-upstream.ts";

const CREDENTIAL = credentialOf({ kind: "google", source: { from: "file", path: "/key.json" } });
const provider = { ...createProvider("vertex"), credential: CREDENTIAL };

/** An upstream whose credential comes when the test says so. */
function setUpWaiting() {
  const found = Promise.withResolvers<Authorize>();
  const asked: unknown[] = [];
  const parts = setUp({}, false, (credential) => {
    asked.push(credential);
    return found.promise;
  });
  return { ...parts, found, asked };
}

/** What became of a call. */
function follow(sending: Promise<UpstreamResponse>): { outcome: unknown } {
  const followed: { outcome: unknown } = { outcome: "pending" };
  sending.then(
    ({ status }) => (followed.outcome = status),
    (error: unknown) => (followed.outcome = error instanceof Failure ? error.code : error),
  );
  return followed;
}

describe("a call to an endpoint with a credential", () => {
  test("is sent once the credential is there, with its headers in place of the request's own", async () => {
    const { open, sent, lastSent, found, asked } = setUpWaiting();
    const call = open(provider, new AbortController().signal);
    const headers = Object.freeze({ authorization: "Bearer client", accept: "x/y" });
    const followed = follow(call.send({ ...REQUEST, headers }));
    await settle();
    expect([sent.length, asked]).toEqual([0, [CREDENTIAL]]);
    found.resolve(bearerToken("token-1"));
    await settle();
    expect(lastSent().request.headers).toEqual({ authorization: "Bearer token-1", accept: "x/y" });
    lastSent().answer();
    await settle();
    expect(followed.outcome).toBe(200);
    call.close();
  });

  test("gets them also if the request's headers are those of a proxied request", async () => {
    const { open, lastSent, found } = setUpWaiting();
    const headers = new Headers({ Authorization: "Bearer client", accept: "x/y" });
    const call = open(provider, new AbortController().signal);
    const followed = follow(call.send({ ...REQUEST, headers }));
    found.resolve(bearerToken("token-1"));
    await settle();
    expect([...(lastSent().request.headers as Headers)]).toEqual([
      ["accept", "x/y"],
      ["authorization", "Bearer token-1"],
    ]);
    expect(headers.get("authorization")).toBe("Bearer client");
    lastSent().answer();
    await settle();
    expect(followed.outcome).toBe(200);
    call.close();
  });

  test("waits for it for as long as connecting may take, and connecting has the rest", async () => {
    const { open, clock, sent, found, deadlines } = setUpWaiting();
    const late = open(provider, new AbortController().signal);
    const followed = follow(late.send(REQUEST));
    await clock.advance(LIMITS.connectMs - 1);
    expect(followed.outcome).toBe("pending");
    await clock.advance(1);
    expect(followed.outcome).toBe("provider_credentials_unavailable");
    late.close();
    const call = open(provider, new AbortController().signal);
    const next = follow(call.send(REQUEST));
    await clock.advance(LIMITS.connectMs - 10);
    found.resolve(bearerToken("token-1"));
    await settle();
    expect(sent).toHaveLength(1);
    await clock.advance(10);
    expect(next.outcome).toBe("connect_timeout");
    call.close();
    expect(deadlines.size()).toBe(0);
  });

  test("ends with its client, and sends nothing then", async () => {
    const { open, sent, found, deadlines } = setUpWaiting();
    const client = new AbortController();
    const call = open(provider, client.signal);
    const followed = follow(call.send(REQUEST));
    client.abort();
    await settle();
    expect(followed.outcome).toBe("client_gone");
    call.close();
    found.resolve(bearerToken("token-1"));
    await settle();
    expect([sent.length, deadlines.size()]).toEqual([0, 0]);
  });

  test("sends nothing if it is aborted, or closed, while its request is signed", async () => {
    for (const end of ["abort", "close"] as const) {
      const signed = Promise.withResolvers<Readonly<Record<string, string>>>();
      const { open, sent, deadlines } = setUp({}, false, () => () => signed.promise);
      const call = open(provider, new AbortController().signal);
      const followed = follow(call.send(REQUEST));
      await settle();
      if (end === "abort") call.abort(new Failure("shutting_down"));
      call.close();
      signed.resolve({});
      await settle();
      expect(followed.outcome).toBe(end === "abort" ? "shutting_down" : "upstream_unreachable");
      expect([sent.length, deadlines.size()]).toEqual([0, 0]);
    }
  });

  test.each([
    [invalidCredential("the file is bad", "the file is bad: /path"), "provider_credentials_invalid", 502, false],
    [unavailableCredential("STS is down"), "provider_credentials_unavailable", 503, true],
  ] as const)("fails as its credential does: %s", async (error, code, status, retryable) => {
    const { open, sent } = setUp({}, false, () => Promise.reject(error));
    const call = open(provider, new AbortController().signal);
    const failure = await call.send(REQUEST).catch((reason: unknown) => reason);
    if (!(failure instanceof UpstreamFailure)) throw new Error("no failure");
    expect([failure.code, failure.status, failure.error.retryable]).toEqual([code, status, retryable]);
    expect([failure.error.requestSent, failure.details.provider, sent.length]).toEqual([false, "vertex", 0]);
    expect(failure.message).toEndWith(`: ${error.message}`);
    expect(failure.details.cause).toBe(error.detail);
    call.close();
  });
});

test("a call to one without a credential asks for none", async () => {
  const { open, lastSent, asked } = setUpWaiting();
  const call = open(groq, new AbortController().signal);
  const followed = follow(call.send(REQUEST));
  // The very same request, in the same turn.
  expect(lastSent().request).toBe(REQUEST);
  lastSent().answer();
  await settle();
  expect([followed.outcome, asked]).toEqual([200, []]);
  call.close();
});
