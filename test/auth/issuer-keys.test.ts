import { beforeAll, describe, expect, test } from "bun:test";
import type { JSONWebKeySet } from "jose";
import { createIssuerKeys, type IssuerKeys, type KeyLookup } from "../../src/auth/issuer-keys.ts";
import { Failure } from "../../src/core/errors.ts";
import { createSigningKey, type SigningKey } from "../fixtures/signing-key.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const GRACE = 60 * MINUTE;
/** Keys are used without asking for this long. */
const FRESH = 10 * MINUTE;

let oldKey: SigningKey;
let newKey: SigningKey;

beforeAll(async () => {
  [oldKey, newKey] = await Promise.all([createSigningKey("ES256", "old"), createSigningKey("ES256", "new")]);
});

/** Keys of an issuer whose answers the test decides, and a clock (milliseconds) that it moves. */
interface Rig {
  now: number;
  /** How often the issuer was asked. */
  fetches: number;
  /** What the observer was told, in order. */
  readonly changes: (string | undefined)[];
  answer: () => Promise<JSONWebKeySet>;
  publish(...keys: readonly SigningKey[]): void;
  breakDown(problem?: string): void;
  readonly keys: IssuerKeys;
}

function createRig(): Rig {
  const rig: Rig = {
    now: 0,
    fetches: 0,
    changes: [],
    answer: () => Promise.resolve({ keys: [oldKey.publicJwk] }),
    publish(...keys: readonly SigningKey[]) {
      rig.answer = () => Promise.resolve({ keys: keys.map(({ publicJwk }) => publicJwk) });
    },
    breakDown(problem = "down") {
      rig.answer = () => Promise.reject(new Error(problem));
    },
    keys: createIssuerKeys({
      fetchKeys: () => {
        rig.fetches += 1;
        return rig.answer();
      },
      now: () => rig.now,
      graceMs: GRACE,
      onChange: (problem) => rig.changes.push(problem),
    }),
  };
  return rig;
}

/** The ids that a lookup knows. */
async function idsOf(lookup: KeyLookup | undefined): Promise<string[]> {
  if (!lookup) return [];
  const known = await Promise.all(
    ["old", "new"].map((kid) =>
      lookup({ alg: "ES256", kid }).then(
        () => [kid],
        () => [],
      ),
    ),
  );
  return known.flat();
}

async function problemOf(attempt: Promise<unknown>): Promise<unknown> {
  const error = await attempt.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  if (!(error instanceof Failure)) throw new Error("it did not fail", { cause: error });
  expect([error.code, error.details.headers?.["retry-after"]]).toEqual(["authentication_unavailable", "5"]);
  return error.details.cause;
}

/** Lets a refresh that was begun in the background come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("an issuer that answers", () => {
  test("is asked once, however many ask at once, and not again while its keys are fresh", async () => {
    const rig = createRig();
    await Promise.all(Array.from({ length: 100 }, () => rig.keys.current()));
    rig.now = FRESH - 1;
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    expect(rig.fetches).toBe(1);
  });

  test("is asked again in the background when its keys have aged, and nobody waits for it", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.publish(newKey);
    rig.now = FRESH;
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    await settle();
    expect(await idsOf(await rig.keys.current())).toEqual(["new"]);
    expect(rig.fetches).toBe(2);
  });

  test("is asked by tokens with unknown keys, at most once in 30 seconds", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.publish(oldKey, newKey);
    rig.now = 30 * SECOND - 1;
    const early = await Promise.all(Array.from({ length: 100 }, () => rig.keys.renewed()));
    expect(early.every((lookup) => lookup === undefined)).toBe(true);
    expect(rig.fetches).toBe(1);
    rig.now = 30 * SECOND;
    const late = await Promise.all(Array.from({ length: 100 }, () => rig.keys.renewed()));
    expect(await idsOf(late[99])).toEqual(["old", "new"]);
    expect(rig.fetches).toBe(2);
    expect(await rig.keys.renewed()).toBeUndefined();
    expect(rig.fetches).toBe(2);
  });

  test("withdraws a key by leaving it out", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.publish(newKey);
    rig.now = 30 * SECOND;
    await rig.keys.renewed();
    expect(await idsOf(await rig.keys.current())).toEqual(["new"]);
  });
});

describe("an issuer that does not answer", () => {
  test("at start is asked at most once a second, and used as soon as it answers", async () => {
    const rig = createRig();
    rig.breakDown("first problem");
    expect(await problemOf(rig.keys.current())).toBe("first problem");
    rig.now = 999;
    expect(await problemOf(rig.keys.current())).toBe("first problem");
    expect(rig.fetches).toBe(1);
    rig.publish(oldKey);
    rig.now = 1000;
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    expect([rig.fetches, rig.changes]).toEqual([2, ["first problem", undefined]]);
  });

  test("later leaves its keys in use until the grace has passed, and not a moment longer", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.breakDown();
    for (let now = FRESH; now < FRESH + GRACE; now += MINUTE) {
      rig.now = now;
      expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
      await settle();
    }
    rig.now = FRESH + GRACE - 1;
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    await settle();
    rig.now = FRESH + GRACE;
    expect(await problemOf(rig.keys.current())).toBe("down");
    rig.publish(newKey);
    rig.now += 1000;
    expect(await idsOf(await rig.keys.current())).toEqual(["new"]);
    expect(rig.changes).toEqual(["down", undefined]);
  });

  test("is not asked more often than once a second while its old keys are in use", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.breakDown();
    for (let now = FRESH; now < FRESH + 3000; now += 100) {
      rig.now = now;
      await rig.keys.current();
      await settle();
    }
    expect(rig.fetches).toBe(1 + 3);
  });

  test("leaves nobody to say whether a token with an unknown key is good", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.breakDown();
    rig.now = 30 * SECOND;
    const attempts = await Promise.all(Array.from({ length: 100 }, () => problemOf(rig.keys.renewed())));
    expect([new Set(attempts), rig.fetches]).toEqual([new Set(["down"]), 2]);
    // Known keys are not touched by that.
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    expect(await problemOf(rig.keys.renewed())).toBe("down");
    expect(rig.fetches).toBe(2);
    rig.publish(newKey);
    rig.now += 1000;
    expect(await idsOf(await rig.keys.renewed())).toEqual(["new"]);
    expect(rig.fetches).toBe(3);
  });

  test("and hangs is asked once by all who wait", async () => {
    const rig = createRig();
    const { promise, reject } = Promise.withResolvers<JSONWebKeySet>();
    rig.answer = () => promise;
    const waiting = Array.from({ length: 100 }, () => problemOf(rig.keys.current()));
    rig.now = 4000;
    waiting.push(problemOf(rig.keys.current()));
    reject(new Error("hangs"));
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["hangs"]));
    expect(rig.fetches).toBe(1);
  });

  test("or sends what is no key set keeps the keys that were known", async () => {
    const rig = createRig();
    await rig.keys.current();
    rig.answer = () => Promise.resolve({ keys: "none" } as unknown as JSONWebKeySet);
    rig.now = FRESH;
    await rig.keys.current();
    await settle();
    expect(await idsOf(await rig.keys.current())).toEqual(["old"]);
    expect(rig.changes).toHaveLength(1);
  });
});
