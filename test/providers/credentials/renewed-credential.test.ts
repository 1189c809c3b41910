import { describe, expect, test } from "bun:test";
import { bearerToken, type IssuedCredential } from "../../../src/providers/credentials/credential.ts";
import {
  type CredentialError,
  invalidCredential,
  unavailableCredential,
} from "../../../src/providers/credentials/credential-error.ts";
import { createRenewedCredential } from "../../../src/providers/credentials/renewed-credential.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";

const HOUR = 3_600_000;
const REQUEST = { url: "https://h.example/", method: "GET", body: null };

/** A credential of which the test decides what becomes of each attempt to get one. */
function setUp() {
  const clock = createManualClock();
  const attempts: PromiseWithResolvers<IssuedCredential>[] = [];
  const changes: (string | undefined)[] = [];
  const renewed = createRenewedCredential({
    issue() {
      const attempt = Promise.withResolvers<IssuedCredential>();
      attempts.push(attempt);
      return attempt.promise;
    },
    clock: clock.now,
    timers: clock,
    onChange: (problem) => changes.push(problem?.detail),
  });
  /** The token with which a request would go out now, or why it would not. */
  const token = async (): Promise<string> => {
    try {
      const authorize = await renewed.current();
      return (await authorize(REQUEST))["authorization"] ?? "";
    } catch (error) {
      return (error as CredentialError).message;
    }
  };
  const issue = async (name: string, lifetimeMs: number, renewAt?: number): Promise<void> => {
    attempts.at(-1)?.resolve({
      authorize: bearerToken(name),
      expiresAt: clock.now() + lifetimeMs,
      ...(renewAt !== undefined && { renewAt }),
      secrets: [name],
    });
    await settle();
  };
  const fail = async (error: unknown): Promise<void> => {
    attempts.at(-1)?.reject(error);
    await settle();
  };
  const secrets = () => renewed.secrets().map(({ texts: [text] }) => text);
  return { clock, attempts, changes, renewed, token, issue, fail, secrets };
}

test("concurrent callers share one fetch, and later ones what it brought", async () => {
  const { attempts, token, issue, renewed } = setUp();
  const waiting = Promise.all(Array.from({ length: 50 }, token));
  await settle();
  expect(attempts).toHaveLength(1);
  await issue("token-one", HOUR);
  expect(new Set(await waiting)).toEqual(new Set(["Bearer token-one"]));
  expect(renewed.current()).toBeFunction();
  expect(attempts).toHaveLength(1);
});

test("is renewed ahead of its end by one caller, while nobody waits", async () => {
  const { attempts, token, issue, clock, secrets } = setUp();
  const first = token();
  await issue("token-one", HOUR);
  await first;
  await clock.advance(HOUR - 226_000);
  expect([await token(), attempts.length]).toEqual(["Bearer token-one", 1]);
  await clock.advance(2000);
  expect([await token(), await token(), attempts.length]).toEqual(["Bearer token-one", "Bearer token-one", 2]);
  await issue("token-two", HOUR);
  expect([await token(), attempts.length]).toEqual(["Bearer token-two", 2]);
  expect(secrets()).toEqual(["token-two", "token-one"]);
});

test("a short-lived one is renewed in the last quarter of its life", async () => {
  const { attempts, token, issue, clock } = setUp();
  const first = token();
  await issue("token-one", 240_000);
  await first;
  await clock.advance(179_000);
  await token();
  expect(attempts).toHaveLength(1);
  await clock.advance(2000);
  await token();
  expect(attempts).toHaveLength(2);
});

test("a time to look again is kept, for what does not expire", async () => {
  const { attempts, token, issue, clock } = setUp();
  const first = token();
  await issue("token-one", Infinity, clock.now() + 1000);
  await first;
  await token();
  expect(attempts).toHaveLength(1);
  await clock.advance(1000);
  expect([await token(), attempts.length]).toEqual(["Bearer token-one", 2]);
});

describe("a renewal that fails", () => {
  test("is tried three times with pauses, and keeps what there is until it expires", async () => {
    const { attempts, token, issue, fail, clock, changes } = setUp();
    const first = token();
    await issue("token-one", HOUR);
    await first;
    await clock.advance(HOUR - 100_000);
    await token();
    for (const [count, pauseMs] of [
      [2, 200],
      [3, 1000],
      [4, 0],
    ] as const) {
      expect(attempts).toHaveLength(count);
      await fail(unavailableCredential("down"));
      await clock.advance(pauseMs);
    }
    expect([await token(), attempts.length, changes]).toEqual(["Bearer token-one", 4, ["down"]]);
    // Not by each request that still has what it needs.
    await clock.advance(9_000);
    await token();
    expect(attempts).toHaveLength(4);
    await clock.advance(1_000);
    expect([await token(), attempts.length]).toEqual(["Bearer token-one", 5]);
    await issue("token-two", HOUR);
    expect([await token(), changes]).toEqual(["Bearer token-two", ["down", undefined]]);
  });

  test("is an error once it has expired, for everybody who waits, and is said once", async () => {
    const { attempts, token, issue, fail, clock, changes } = setUp();
    const first = token();
    await issue("token-one", HOUR);
    await first;
    await clock.advance(HOUR);
    const waiting = Promise.all([token(), token()]);
    await settle();
    await fail(invalidCredential("refused"));
    expect([await waiting, attempts.length, changes]).toEqual([["refused", "refused"], 2, ["refused"]]);
    expect([await token(), attempts.length]).toEqual(["refused", 2]);
    await clock.advance(1000);
    const again = token();
    await settle();
    await fail(invalidCredential("refused"));
    expect([await again, attempts.length, changes]).toEqual(["refused", 3, ["refused"]]);
  });

  test("for good is not tried again at once", async () => {
    const { attempts, token, fail } = setUp();
    const waiting = token();
    await settle();
    await fail(invalidCredential("refused"));
    expect([await waiting, attempts.length]).toEqual(["refused", 1]);
  });

  test("in an unforeseen way does not say what was read", async () => {
    const { attempts, token, fail, clock, changes } = setUp();
    const waiting = token();
    for (const pauseMs of [200, 1000, 0]) {
      await settle();
      await fail(new TypeError("SECRET"));
      await clock.advance(pauseMs);
    }
    expect([await waiting, attempts.length]).toEqual(["an unexpected error occurred", 3]);
    expect(changes).toEqual(["unexpected TypeError"]);
  });
});
