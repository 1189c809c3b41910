import { afterEach, describe, expect, test } from "bun:test";
import { RedisClient } from "bun";
import { BACKGROUND_TIMERS, type TimerSource } from "../../../src/core/deadlines.ts";
import { problemOf } from "../../../src/routing/sharing/redis-connections.ts";
import { type OpenSharing, openSharing } from "../../../src/routing/sharing/open-sharing.ts";
import type { SharedChange } from "../../../src/routing/sharing/sharing.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createMailbox, type Mailbox } from "../../fixtures/mailbox.ts";
import { hasRedis, type RedisServer } from "../../response-store/stores.ts";
import { startServer } from "./answering-redis.ts";

/** A gateway that shares, and what it hears and says of Redis. */
interface Sharer {
  readonly sharing: OpenSharing;
  readonly heard: Mailbox<SharedChange>;
  /** Problems, and "back". */
  readonly log: string[];
  readonly logged: Mailbox<string>;
}

const LEFT = "https://left.example/v1 a-hash-of-the-key a-model";
const KEYS = new Set([LEFT, "right"]);

const open: OpenSharing[] = [];
afterEach(() => {
  for (const sharing of open.splice(0)) sharing.close();
});

function share(
  redisUrl: string | undefined,
  keys: ReadonlySet<string> = KEYS,
  clock = Date.now,
  timers: TimerSource = BACKGROUND_TIMERS,
): Sharer {
  const heard = createMailbox<SharedChange>();
  const logged = createMailbox<string>();
  const log: string[] = [];
  const sharing = openSharing({
    redisUrl,
    clock,
    timers,
    onRedisChange(problem) {
      log.push(problem === undefined ? "back" : "away");
      logged.push(problem ?? "back");
    },
  });
  // Who has just joined may hear the same twice: as a message, and in what is kept.
  const before = new Set<string>();
  sharing.listen((change) => {
    if (before.size < before.add(JSON.stringify(change)).size) heard.push(change);
  });
  sharing.retain(keys);
  sharing.start();
  open.push(sharing);
  return { sharing, heard, log, logged };
}

const cooling = (key: string, ms = 60_000): SharedChange => ({
  ...{ kind: "cooling", key, until: Date.now() + ms, why: "429" },
});
const used = (gate: string, requests: number): SharedChange => ({
  ...{ kind: "used", gate, minute: Math.floor(Date.now() / 60_000), requests, tokens: requests * 10 },
});
const hears = ({ heard }: Sharer): Promise<SharedChange | undefined> => heard.next(3000, "what another gateway says");

/** Resolves when both know that the other one listens. */
async function meet(...sharers: readonly Sharer[]): Promise<void> {
  for (const each of sharers) {
    const why = `hello ${crypto.randomUUID()}`;
    each.sharing.tell({ kind: "cooling", key: "right", until: Date.now() + 60_000, why });
    for (const other of sharers) if (other !== each) expect(await hears(other)).toMatchObject({ why });
  }
}

describe.skipIf(!hasRedis)("two gateways", () => {
  test("know of each other's cooldowns, recoveries and minutes, and do not hear themselves", async () => {
    await using server = await startServer();
    const [one, other] = [share(server.url), share(server.url)];
    await meet(one, other);
    for (const change of [cooling(LEFT), { kind: "recovered", key: LEFT } as const, used("right", 3)]) {
      one.sharing.tell(change);
      expect(await hears(other)).toEqual(change);
    }
    other.sharing.tell(used("right", 4));
    // The first thing that it hears: nothing of its own came before, and nothing was told again.
    expect(await hears(one)).toMatchObject({ kind: "used", requests: 4 });
    expect([one.log, other.log]).toEqual([[], []]);
  });

  test("tell totals of a minute at most every 50 ms, the last one", async () => {
    await using server = await startServer();
    const [one, other] = [share(server.url), share(server.url)];
    await meet(one, other);
    for (let requests = 1; requests <= 10_000; requests += 1) one.sharing.tell(used("right", requests));
    expect(await hears(other)).toMatchObject({ requests: 10_000 });
  });

  test("one that comes later, or learns of a deployment later, learns what is so at present", async () => {
    await using server = await startServer();
    const first = share(server.url);
    const witness = share(server.url);
    await meet(first, witness);
    first.sharing.tell({ kind: "recovered", key: "right" });
    first.sharing.tell(cooling(LEFT));
    first.sharing.tell(used(LEFT, 7));
    for (const kind of ["recovered", "cooling", "used"]) expect(await hears(witness)).toMatchObject({ kind });
    first.sharing.close();
    const later = share(server.url);
    const told = [await hears(later), await hears(later)];
    expect(told).toMatchObject([
      { kind: "cooling", key: LEFT, why: "429" },
      { kind: "used", gate: LEFT, requests: 7, tokens: 70 },
    ]);
    const other = share(server.url, new Set(["right"]));
    await meet(later, other);
    other.sharing.retain(KEYS);
    expect([await hears(other), await hears(other)]).toEqual(told);
  });

  test("leave nothing in Redis that is long or says what it is about, and that does not expire", async () => {
    await using server = await startServer();
    const [one, other] = [share(server.url), share(server.url)];
    await meet(one, other);
    one.sharing.tell(cooling(LEFT));
    one.sharing.tell(used(LEFT, 1));
    await hears(other);
    await hears(other);
    const client = new RedisClient(server.url);
    const keys = await client.keys("*");
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(key).toStartWith("{inference-gateway:routing}:");
      expect(await client.pttl(key)).toBeGreaterThan(0);
      for (const [field, value] of Object.entries(await client.hgetall(key))) {
        expect(`${field} ${value}`).not.toContain("example");
        expect(`${field} ${value}`.length).toBeLessThan(300);
      }
    }
    client.close();
  });

  test("pass over what is not as they write it", async () => {
    await using server = await startServer();
    const [one, other] = [share(server.url), share(server.url)];
    await meet(one, other);
    const client = new RedisClient(server.url);
    const hash = new Bun.CryptoHasher("sha256").update(LEFT).digest("base64url").slice(0, 16);
    const minute = Math.floor(Date.now() / 60_000);
    const told = [
      ...[null, 1, [], [hash, "soon", "x"], [hash, -1, "x"], [hash, Date.now() + 1e12, "x"], [hash, 1, "over"]],
      ...[[hash, Date.now() + 1000, { a: 1 }], [7], ["unknown"], ["__proto__"], [hash, minute, -1, 0]],
      ...[
        [hash, minute, 1, "1"],
        [hash, minute - 5, 1, 1],
        [hash, minute, null, 1],
      ],
    ];
    for (const text of ["", "{", "null", "[]", "7", '{"from":1,"told":[]}', JSON.stringify({ from: "x", told })]) {
      await client.send("PUBLISH", ["{inference-gateway:routing}:changes", text]);
    }
    await client.send("HSET", ["{inference-gateway:routing}:cooling", hash, "{", "x", "null"]);
    await client.send("HSET", [`{inference-gateway:routing}:used:${minute}`, hash, "1 1", `${hash} a b`, "x y"]);
    client.close();
    one.sharing.tell(cooling(LEFT));
    expect(await hears(other)).toMatchObject({ why: "429" });
    expect([one.log, other.log]).toEqual([[], []]);
  });
});

const OUTAGES: readonly (readonly [
  string,
  (server: RedisServer) => Promise<void>,
  (server: RedisServer) => Promise<void>,
])[] = [
  ["is restarted, and has lost everything", (server) => server.kill(), (server) => server.start()],
  ["does not answer", async (server) => server.signal("SIGSTOP"), async (server) => server.signal("SIGCONT")],
];

test.skipIf(!hasRedis).each(OUTAGES)(
  "a server that %s: each goes on alone, says so once, and rejoins",
  async (_, leave, comeBack) => {
    await using server = await startServer();
    const [one, other] = [share(server.url), share(server.url)];
    await meet(one, other);
    one.sharing.tell(cooling(LEFT));
    expect(await hears(other)).toMatchObject({ key: LEFT });
    await leave(server);
    for (const { logged } of [one, other]) expect(await logged.next(3000, "that it is away")).not.toBe("back");
    // Nobody waits, and only the last word is kept.
    for (let requests = 1; requests <= 50_000; requests += 1) one.sharing.tell(used(LEFT, requests));
    await comeBack(server);
    for (const { logged } of [one, other]) expect(await logged.next(12_000, "that it is back")).toBe("back");
    let change = await hears(other);
    while (change?.kind !== "used") change = await hears(other);
    expect(change.requests).toBe(50_000);
    // What was said before, too: the server may have lost it.
    const later = share(server.url, new Set([LEFT]));
    expect([await hears(later), await hears(later)]).toMatchObject([
      { kind: "cooling" },
      { kind: "used", requests: 50_000 },
    ]);
    expect([one.log, other.log]).toEqual([
      ["away", "back"],
      ["away", "back"],
    ]);
  },
);

test.skipIf(!hasRedis)(
  "a server is not taken for lost before it could have been heard, however busy the process is",
  async () => {
    await using server = await startServer();
    server.signal("SIGSTOP");
    const clock = createManualClock();
    const one = share(server.url, KEYS, Date.now, clock);
    while (clock.timersWaiting() === 0) await Bun.sleep(1);
    // Two seconds in one turn, and nothing was read.
    await clock.advance(2000);
    await clock.advance(240);
    expect(one.log).toEqual([]);
    await clock.advance(15);
    expect(one.log).toEqual(["away"]);
    server.signal("SIGCONT");
  },
);

test.skipIf(!hasRedis)("a server that answers and refuses is away, too, and said to be once", async () => {
  await using server = await startServer();
  const [one, other] = [share(server.url), share(server.url)];
  await meet(one, other);
  const client = new RedisClient(server.url);
  await client.send("CONFIG", ["SET", "maxmemory", "1"]);
  one.sharing.tell(cooling(LEFT));
  expect(await one.logged.next(3000, "that it is away")).toContain("OOM");
  // Several attempts are refused meanwhile.
  const connections = async () => Number(/total_connections_received:(\d+)/.exec(await client.info("stats"))?.[1]);
  const before = await connections();
  while ((await connections()) < before + 4) await Bun.sleep(20);
  await client.send("CONFIG", ["SET", "maxmemory", "0"]);
  client.close();
  expect(await one.logged.next(12_000, "that it is back")).toBe("back");
  expect(await hears(other)).toMatchObject({ key: LEFT });
  expect([one.log, other.log]).toEqual([["away", "back"], []]);
});

test.skipIf(!hasRedis)("a server that is a replica is said to be one, and what would be right", async () => {
  await using server = await startServer();
  const [one, other] = [share(server.url), share(server.url)];
  await meet(one, other);
  const client = new RedisClient(server.url);
  await client.send("REPLICAOF", ["127.0.0.1", "1"]);
  one.sharing.tell(cooling(LEFT));
  expect(await one.logged.next(3000, "that it is away")).toContain("name the primary");
  await client.send("REPLICAOF", ["NO", "ONE"]);
  client.close();
  expect(await one.logged.next(12_000, "that it is back")).toBe("back");
});

test("an answer of a Redis Cluster says that it is not supported", () => {
  expect(problemOf(new Error("MOVED 3999 127.0.0.1:6381"))).toContain("Cluster is not supported");
  expect(problemOf(new Error("CLUSTERDOWN Hash slot not served"))).toContain("Cluster is not supported");
  expect(problemOf(new Error("OOM command not allowed"))).toBe("OOM command not allowed");
});

test.skipIf(!hasRedis)("a server that is away at the start is said once, and found when it comes", async () => {
  await using server = await startServer();
  await server.kill();
  const [one, other] = [share(server.url), share(server.url)];
  for (const { logged } of [one, other]) expect(await logged.next(3000, "that it is away")).not.toBe("back");
  one.sharing.tell(cooling(LEFT));
  await server.start();
  for (const { logged } of [one, other]) expect(await logged.next(12_000, "that it is back")).toBe("back");
  expect(await hears(other)).toMatchObject({ kind: "cooling", key: LEFT });
});

test("Redis is left alone if there is nothing to share, and an address that is none is said", async () => {
  const none = share("redis://127.0.0.1:1", new Set());
  const bad = share("redis://user:secret@:99999x");
  const problem = await bad.logged.next(3000, "what is wrong");
  expect(problem).not.toContain("secret");
  bad.sharing.tell(cooling(LEFT));
  expect([none.log, bad.log]).toEqual([[], ["away"]]);
});
