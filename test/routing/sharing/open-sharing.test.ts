import { afterEach, expect, test } from "bun:test";
import { BACKGROUND_TIMERS } from "../../../src/core/deadlines.ts";
import type { FromHub, SharingChannel, ToHub } from "../../../src/routing/sharing/channel.ts";
import { type OpenSharing, openSharing } from "../../../src/routing/sharing/open-sharing.ts";
import { createOutbox } from "../../../src/routing/sharing/outbox.ts";
import { createPresentChanges } from "../../../src/routing/sharing/present-changes.ts";
import type { SharedChange } from "../../../src/routing/sharing/sharing.ts";
import { createSharingHub, type SharingHub } from "../../../src/routing/sharing/sharing-hub.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createMailbox, type Mailbox } from "../../fixtures/mailbox.ts";
import { hasRedis, startRedis } from "../../response-store/stores.ts";

const MINUTE_MS = 60_000;

interface Sharer {
  readonly sharing: OpenSharing;
  readonly heard: Mailbox<string>;
  readonly all: string[];
}

const open: OpenSharing[] = [];
afterEach(() => {
  for (const sharing of open.splice(0)) sharing.close();
});

const hubOf = (gateway: string): SharingHub =>
  createSharingHub({ workers: 2, clock: Date.now, timers: BACKGROUND_TIMERS, gateway });

function share(redisUrl: string | undefined, channel?: SharingChannel): Sharer {
  const heard = createMailbox<string>();
  const all: string[] = [];
  const sharing = openSharing({
    ...{ redisUrl, channel, clock: Date.now, timers: BACKGROUND_TIMERS },
    onRedisChange() {},
  });
  sharing.listen((change) => {
    const text = change.kind === "used" ? `${change.gate} used ${change.requests}` : `${change.key} ${change.kind}`;
    all.push(text);
    heard.push(text);
  });
  sharing.retain(new Set(["a", "b", "c", "d"]));
  sharing.start();
  open.push(sharing);
  return { sharing, heard, all };
}

/** A worker whose messages come through at once. */
function shareAsWorker(hub: SharingHub, number: number, redisUrl?: string): Sharer {
  let hear: Parameters<SharingChannel["listen"]>[0] = () => {};
  const channel: SharingChannel = {
    send: (messages) => hub.hear(number, messages),
    listen: (listener) => void (hear = listener),
  };
  const sharer = share(redisUrl, channel);
  hub.join(number, (messages) => hear(messages));
  return sharer;
}

test("what speaks to Redis and could not be loaded is loaded again with the next configuration", async () => {
  const problems = createMailbox<string | undefined>();
  const opened = createMailbox<string>();
  let loads = 0;
  const sharing = openSharing({
    ...{ redisUrl: "redis://127.0.0.1:1", clock: Date.now, timers: BACKGROUND_TIMERS },
    onRedisChange: (problem) => problems.push(problem),
    async loadRedis() {
      if (++loads === 1) throw new Error("no descriptor is left");
      const { openRedisSharing } = await import("../../../src/routing/sharing/redis-sharing.ts");
      return { openRedisSharing: (parts) => (opened.push(parts.url), openRedisSharing(parts)) };
    },
  });
  open.push(sharing);
  sharing.retain(new Set(["a"]));
  sharing.start();
  expect(await problems.next(5000, "what went wrong")).toBe("its client could not be loaded");

  sharing.retain(new Set(["a"]));

  expect(await opened.next(5000, "the second attempt")).toBe("redis://127.0.0.1:1");
});

const cooling = (key: string): SharedChange => ({
  ...{ kind: "cooling", key, until: Date.now() + MINUTE_MS, why: "503" },
});
const hears = ({ heard }: Sharer): Promise<string | undefined> => heard.next(3000, "what others say");

test("workers hear of each other at once, of totals every 50 ms, and what is so at present when they begin", async () => {
  const hub = hubOf("gateway");
  const [one, other] = [shareAsWorker(hub, 1), shareAsWorker(hub, 2)];
  const minute = Math.floor(Date.now() / MINUTE_MS);
  one.sharing.tell(cooling("a"));
  one.sharing.tell(cooling("b"));
  one.sharing.tell({ kind: "recovered", key: "b" });
  await Promise.resolve();
  expect(other.all).toEqual(["a cooling", "b recovered"]);
  for (let requests = 1; requests <= 1000; requests += 1) {
    one.sharing.tell({ kind: "used", gate: "c", minute, requests, tokens: 0 });
  }
  while ((await hears(other)) !== "c used 1000");
  expect(other.all).toHaveLength(3);
  hub.leave(2);
  const later = shareAsWorker(hub, 2);
  expect(later.all).toEqual(["a cooling", "c used 1000"]);
  expect(one.all).toEqual([]);
});

test("nothing piles up before a worker that does not listen, or a hub that does not", async () => {
  const hub = hubOf("gateway");
  const one = shareAsWorker(hub, 1);
  const sent: FromHub[] = [];
  hub.join(2, (messages) => void sent.push(...messages));
  for (let count = 1; count <= 100; count += 1) {
    one.sharing.tell({ kind: "cooling", key: "a", until: Date.now() + MINUTE_MS, why: String(count) });
    await Promise.resolve();
  }
  const told = () => sent.flatMap((message) => (message.kind === "changes" ? message.changes : []));
  expect(told()).toMatchObject([{ why: "1" }]);
  hub.hear(2, [{ kind: "heard" }]);
  expect(told()).toMatchObject([{ why: "1" }, { why: "100" }]);

  const said: (readonly ToHub[])[] = [];
  let hear: Parameters<SharingChannel["listen"]>[0] = () => {};
  const alone = share(undefined, {
    send: (messages) => void said.push(messages),
    listen: (given) => void (hear = given),
  });
  hear([{ kind: "hello", gateway: "g", worker: 1, workers: 2, changes: [], slots: [] }]);
  for (let count = 1; count <= 100; count += 1) {
    alone.sharing.tell({ kind: "cooling", key: "a", until: Date.now() + MINUTE_MS, why: String(count) });
    alone.sharing.slots?.want("gate", 4, count);
    await Promise.resolve();
  }
  expect(said).toHaveLength(1);
  hear([{ kind: "heard" }]);
  expect(said).toMatchObject([
    [
      { kind: "limit", gate: "gate", limit: 4, first: 4 },
      { kind: "want", count: 1 },
      { kind: "changes", changes: [{ why: "1" }] },
    ],
    [
      { kind: "want", count: 100 },
      { kind: "changes", changes: [{ why: "100" }] },
    ],
  ]);
});

test.skipIf(!hasRedis)("workers of two gateways hear everything once, by one way or the other", async () => {
  await using server = await startRedis();
  const hubs = [hubOf("left"), hubOf("right")];
  const sharers = hubs.flatMap((hub) => [shareAsWorker(hub, 1, server.url), shareAsWorker(hub, 2, server.url)]);
  // Once all have heard all others, all are connected.
  for (const [index, { sharing }] of sharers.entries()) sharing.tell(cooling("abcd"[index] ?? ""));
  for (const [index, each] of sharers.entries()) {
    const missing = new Set(["a", "b", "c", "d"].filter((_, other) => other !== index).map((key) => `${key} cooling`));
    while (missing.size > 0) missing.delete((await hears(each)) ?? "");
  }
  for (const key of ["a", "b", "c", "d"]) sharers[0]?.sharing.tell({ kind: "recovered", key });
  for (const each of sharers.slice(1)) while ((await hears(each)) !== "d recovered");
  // Comes behind all that was said before.
  sharers[3]?.sharing.tell({
    kind: "used",
    gate: "d",
    minute: Math.floor(Date.now() / MINUTE_MS),
    requests: 1,
    tokens: 1,
  });
  for (const each of sharers.slice(0, 3)) while ((await hears(each)) !== "d used 1");
  const recovered = ["a recovered", "b recovered", "c recovered", "d recovered"];
  // Cooldowns and totals may be heard twice by who has just joined: as a message, and in what is kept.
  const later = sharers.map(({ all }) => [...new Set(all.filter((text) => !text.endsWith("cooling")))]);
  expect(later).toEqual([["d used 1"], [...recovered, "d used 1"], [...recovered, "d used 1"], recovered]);
});

test("what waits to be told, and what is so at present, is bounded and forgets what is over", () => {
  const clock = createManualClock();
  let now = 10 * MINUTE_MS;
  const outbox = createOutbox(() => {}, clock);
  const present = createPresentChanges(() => now);
  const note = (change: SharedChange): void => {
    outbox.put(change);
    present.note({ from: "one", changes: [change] });
  };
  for (let count = 0; count < 30_000; count += 1) {
    note({ kind: "cooling", key: `deployment ${count}`, until: now + 1000, why: "" });
    note({ kind: "used", gate: `gate ${count}`, minute: 10, requests: 1, tokens: 1 });
  }
  expect(outbox.take(100_000)).toHaveLength(20_000);
  expect(present.all().flatMap(({ changes }) => changes)).toHaveLength(20_000);
  now += 2 * MINUTE_MS;
  expect(present.all()).toEqual([]);
  // The last total of a minute is told although the next one has begun; older ones are not.
  for (const minute of [11, 12, 13]) {
    for (const requests of [1, 2]) outbox.put({ kind: "used", gate: "g", minute, requests, tokens: 0 });
  }
  expect(outbox.take(10)).toMatchObject([
    { minute: 13, requests: 2 },
    { minute: 12, requests: 2 },
  ]);
  outbox.close();
  expect(clock.timersWaiting()).toBe(0);
});
