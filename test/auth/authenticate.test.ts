import { describe, expect, test } from "bun:test";
import { type Authenticate, createAuthenticate } from "../../src/auth/authenticate.ts";
import { readStaticKeys, type StaticKeys } from "../../src/auth/static-keys.ts";
import { Failure } from "../../src/core/errors.ts";
import { authenticationUnavailable, unauthorized } from "../../src/auth/unauthorized.ts";
import { rejectionOf } from "../fixtures/rejection.ts";

const START = 1_900_000_000_000;

interface Rig {
  /** Milliseconds by which both clocks have moved. */
  elapsed: number;
  /** How often a token was verified. */
  verified: number;
  /** What the verifier finds: a token that expires then (Unix seconds), or a failure. */
  expiresAt: number;
  failure: Failure | undefined;
  staticKeys: StaticKeys | undefined;
  readonly authenticate: Authenticate;
}

/** A decision whose clocks and verifier the test holds. */
function createRig(keys?: string): Rig {
  const rig: Rig = {
    elapsed: 0,
    verified: 0,
    expiresAt: START / 1000 + 3600,
    staticKeys: keys === undefined ? undefined : readStaticKeys(keys),
    failure: undefined,
    authenticate: createAuthenticate({
      staticKeys: (): StaticKeys | undefined => rig.staticKeys,
      verifyToken: (token) => {
        rig.verified += 1;
        if (rig.failure) return Promise.reject(rig.failure);
        return Promise.resolve({ identity: { kind: "token", name: `of ${token}` }, expiresAt: rig.expiresAt });
      },
      now: () => 1 + rig.elapsed,
      clock: () => START + rig.elapsed,
    }),
  };
  return rig;
}

async function causeOf(attempt: () => unknown): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof Failure && error.code === "unauthorized") return error.details.cause;
    throw error;
  }
  return "let in";
}

describe("a verified token", () => {
  test("is not checked again for 60 seconds, and then it is", async () => {
    const rig = createRig();
    for (rig.elapsed = 0; rig.elapsed < 60_000; rig.elapsed += 7000) {
      expect(await rig.authenticate(["token"])).toEqual({ kind: "token", name: "of token" });
    }
    expect(rig.verified).toBe(1);
    rig.elapsed = 60_001;
    await rig.authenticate(["token"]);
    expect(rig.verified).toBe(2);
  });

  test("is not believed beyond its expiry", async () => {
    const rig = createRig();
    rig.expiresAt = START / 1000 + 10;
    await rig.authenticate(["token"]);
    rig.elapsed = 9999;
    await rig.authenticate(["token"]);
    expect(rig.verified).toBe(1);
    rig.failure = unauthorized("invalid_token", "the token has expired");
    rig.elapsed = 10_001;
    expect(await rejectionOf(rig.authenticate(["token"]))).toBe(rig.failure);
    expect(rig.verified).toBe(2);
  });

  test("is not remembered if only the tolerance saves it", async () => {
    const rig = createRig();
    rig.expiresAt = START / 1000 - 5;
    await rig.authenticate(["token"]);
    await rig.authenticate(["token"]);
    expect(rig.verified).toBe(2);
  });

  test("says nothing of another, and a refused one is not remembered", async () => {
    const rig = createRig();
    await rig.authenticate(["token"]);
    expect(await rig.authenticate(["tokem"])).toEqual({ kind: "token", name: "of tokem" });
    expect(rig.verified).toBe(2);
    rig.failure = unauthorized("invalid_token", "x");
    expect(await rejectionOf(rig.authenticate(["third"]))).toBe(rig.failure);
    rig.failure = undefined;
    expect(await rig.authenticate(["third"])).toEqual({ kind: "token", name: "of third" });
    expect(rig.verified).toBe(4);
  });
});

describe("a static key", () => {
  test("is known by its name, and no verifier is asked", async () => {
    const rig = createRig("plain-key,alice:alices-key");
    expect(await rig.authenticate(["plain-key"])).toMatchObject({ kind: "key", name: "key-1" });
    expect(await rig.authenticate(["alices-key"])).toEqual({ kind: "key", name: "alice" });
    expect(rig.verified).toBe(0);
  });

  test("is forgotten with the keys that held it, also if a token was remembered", async () => {
    const rig = createRig("old-key");
    await rig.authenticate(["old-key"]);
    rig.staticKeys = readStaticKeys("new-key");
    rig.failure = unauthorized("invalid_token", "malformed");
    expect(await rejectionOf(rig.authenticate(["old-key"]))).toBe(rig.failure);
    expect(await rig.authenticate(["new-key"])).toMatchObject({ kind: "key", name: "key-1" });
  });

  test("is the only way in if there is no issuer", async () => {
    const authenticate = createAuthenticate({
      staticKeys: () => readStaticKeys("good-key"),
      verifyToken: undefined,
      now: () => 0,
      clock: () => START,
    });
    expect(await causeOf(() => authenticate(["other"]))).toBe("the key is not known");
    expect(await causeOf(() => authenticate([]))).toBe("no credential");
    expect(authenticate(["good-key"])).toMatchObject({ kind: "key", name: "key-1" });
  });
});

test("what cannot be a credential is refused unread, however near it is to one that was let in", async () => {
  const rig = createRig("good-key");
  await rig.authenticate(["token"]);
  const nearKey = ["", "good-key good-key", "good-key,", "good-key\n", "g\u00f6od", "\0"];
  for (const credential of [...nearKey, "token ", "token\0", "token, Bearer token", "\ufefftoken", "token\ud800"]) {
    expect(await causeOf(() => rig.authenticate([credential]))).toBe("the credential is malformed");
  }
  expect(await causeOf(() => rig.authenticate(["x".repeat(16 * 1024 + 1)]))).toBe("the token is too long");
  expect(rig.verified).toBe(1);
});

describe("of several credentials", () => {
  test("the first good one counts, whatever stands before it, and a known one spares the verifier", async () => {
    const rig = createRig("good-key,alice:alices-key");
    for (const other of ["sk-foreign", "a b", "", "x".repeat(20_000)]) {
      expect(await rig.authenticate([other, "alices-key", "good-key"])).toEqual({ kind: "key", name: "alice" });
      expect(await rig.authenticate(["good-key", other])).toMatchObject({ kind: "key", name: "key-1" });
    }
    expect(rig.verified).toBe(0);
    rig.failure = unauthorized("invalid_token", "the token is malformed");
    expect(await rejectionOf(rig.authenticate(["foreign", "other"]))).toBe(rig.failure);
    expect(rig.verified).toBe(2);
  });

  test("none good is refused for the first one, unless nobody can say whether one is good", async () => {
    const rig = createRig();
    rig.failure = unauthorized("invalid_token", "the token has expired");
    expect(await causeOf(() => rig.authenticate(["a b", "token"]))).toBe("the credential is malformed");
    rig.failure = authenticationUnavailable("down");
    expect(await rejectionOf(rig.authenticate(["a b", "token"]))).toBe(rig.failure);
  });

  test("one that cannot be decided does not keep out a good one behind it", async () => {
    const authenticate = createAuthenticate({
      staticKeys: () => undefined,
      verifyToken: (token) =>
        token === "good"
          ? Promise.resolve({ identity: { kind: "token", name: "user-1" }, expiresAt: START / 1000 + 60 })
          : Promise.reject(authenticationUnavailable("down")),
      now: () => 0,
      clock: () => START,
    });
    expect(await authenticate(["foreign", "good"])).toEqual({ kind: "token", name: "user-1" });
  });
});
