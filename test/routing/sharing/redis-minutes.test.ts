import { afterEach, describe, expect, test } from "bun:test";
import { RedisClient } from "bun";
import fc from "fast-check";
import { decide } from "../../../src/routing/sharing/minute-ledger.ts";
import { claimCommand, readClaimed } from "../../../src/routing/sharing/minute-script.ts";
import type { MinuteAmount, MinuteClaim } from "../../../src/routing/sharing/minutes.ts";
import { propertyRuns } from "../../fixtures/property-runs.ts";
import { hasRedis, type RedisServer } from "../../response-store/stores.ts";
import { createMailbox } from "../../fixtures/mailbox.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { createKeyHashes } from "../../../src/routing/sharing/key-hashes.ts";
import { RedisMinutes } from "../../../src/routing/sharing/redis-minutes.ts";
import { startServer } from "./answering-redis.ts";

const clients: RedisClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function connect({ url }: RedisServer): RedisClient {
  const client = new RedisClient(url);
  clients.push(client);
  return client;
}

const amount = (max: number) => fc.record({ requests: fc.nat(max), tokens: fc.nat(max * 100) });
const step = fc.record({
  ...{ process: fc.nat(3), into: fc.nat(59_999), before: amount(20), used: amount(5), extra: amount(5) },
  ...{ asks: fc.boolean(), need: amount(3), more: amount(10) },
});
const limits = fc.record({
  requests: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  tokens: fc.option(fc.integer({ min: 1, max: 4000 }), { nil: undefined }),
});

const plus = (one: MinuteAmount, other: MinuteAmount): MinuteAmount => ({
  requests: one.requests + other.requests,
  tokens: one.tokens + other.tokens,
});
const NONE: MinuteAmount = { requests: 0, tokens: 0 };
/** The limit was lowered after that was needed. */
const MORE_THAN_ALL = {
  ...{ process: 0, into: 0, before: NONE, used: NONE, extra: NONE, asks: true },
  ...{ need: { requests: 2, tokens: 0 }, more: NONE },
};

describe.skipIf(!hasRedis)("the script that keeps minutes in Redis", () => {
  test("decides as the supervisor of workers does, whatever is claimed", async () => {
    await using server = await startServer();
    const client = connect(server);
    let gate = 0;
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { maxLength: 15 }), async (limited, steps) => {
        gate += 1;
        const keys = [`${gate}:1`, `${gate}:0`] as const;
        const held = new Map<number, { used: MinuteAmount; held: MinuteAmount }>();
        const before = new Map<number, MinuteAmount>();
        for (const [index, { process, into, extra, more, ...said }] of steps.entries()) {
          const claim: MinuteClaim = {
            ...{ gate: String(gate), minute: 1, at: 60_000 + into, sequence: index + 1, limits: limited },
            ...said,
            ...{ held: plus(said.used, extra), wish: plus(said.need, more) },
          };
          if (before.has(process) || said.before.requests + said.before.tokens > 0) before.set(process, said.before);
          const others = [...held].filter(([name]) => name !== process);
          const answer = decide(claim, {
            others: others.reduce((sum, [, each]) => plus(sum, each.held), NONE),
            before: [...before.values()].reduce(plus, NONE),
            processes: new Set([process, ...held.keys(), ...before.keys()]).size,
          });
          held.set(process, { used: claim.used, held: answer.held });
          const [command, values] = claimCommand(claim, `p${process}`, keys, false);
          const claimed = readClaimed(claim, await client.send(command, [...values]));
          expect(claimed.answer).toEqual(answer);
          const unspent = others.filter(
            ([, each]) => each.held.requests > each.used.requests || each.held.tokens > each.used.tokens,
          );
          expect([...claimed.unspent].sort()).toEqual(unspent.map(([name]) => `p${name}`).sort());
        }
      }),
      { ...propertyRuns(100), examples: [[{ requests: 1, tokens: undefined }, [MORE_THAN_ALL]]] },
    );
  });

  test("leaves nothing that does not expire", async () => {
    await using server = await startServer();
    const client = connect(server);
    const claim: MinuteClaim = {
      ...{ gate: "g", minute: 1, at: 61_000, sequence: 1, limits: { requests: 10, tokens: undefined }, asks: true },
      ...{ before: { requests: 2, tokens: 0 }, used: NONE, held: NONE },
      ...{ need: { requests: 1, tokens: 0 }, wish: { requests: 1, tokens: 0 } },
    };
    const [command, values] = claimCommand(claim, "p", ["now", "before"], false);
    await client.send(command, [...values]);
    for (const key of ["now", "before"]) expect(await client.pttl(key)).toBeGreaterThan(120_000);
  });
});

/** A claim on a gate of which ten requests may pass, one more of which is needed. */
const claimOf = (sequence: number): MinuteClaim => ({
  ...{ gate: "g", minute: 1, at: 60_000, sequence, limits: { requests: 10, tokens: undefined }, asks: true },
  ...{ before: NONE, used: NONE, held: NONE, need: { requests: 1, tokens: 0 }, wish: { requests: 1, tokens: 0 } },
});

describe.skipIf(!hasRedis)("the script is sent once for each connection", () => {
  const openMinutes = (client: RedisClient, forbidden: readonly string[] = []) => {
    const hashes = createKeyHashes();
    hashes.retain(new Set(["g"]));
    const sent: string[] = [];
    const answers = createMailbox<number>();
    const failures: unknown[] = [];
    const minutes = new RedisMinutes({
      ...{ self: "me", hashes, timers: createManualClock(), processes: () => 2 },
      onFailure: (_, error) => void failures.push(error),
    });
    minutes.leases.listen({
      answered: ({ held }) => answers.push(held.requests),
      ...{ wanted() {}, freed() {}, away() {} },
    });
    const send = async (command: string, values: readonly string[]): Promise<unknown> => {
      sent.push(command);
      if (forbidden.includes(command)) throw new Error(`NOPERM this user has no permissions to run '${command}'`);
      return client.send(command, [...values]);
    };
    minutes.up(send);
    let sequence = 0;
    return {
      ...{ sent, failures, minutes, up: () => minutes.up((...given) => send(...given)) },
      async claim(): Promise<void> {
        minutes.leases.claim(claimOf((sequence += 1)));
        expect(await answers.next(5000, "an answer")).toBeGreaterThan(0);
      },
    };
  };

  test("and again if the server has lost it, or it is another connection", async () => {
    await using server = await startServer();
    const client = connect(server);
    const { claim, sent, failures, up } = openMinutes(client);
    for (let each = 0; each < 3; each += 1) await claim();
    expect(sent.splice(0)).toEqual(["EVAL", "EVALSHA", "EVALSHA"]);
    await client.send("SCRIPT", ["FLUSH"]);
    for (let each = 0; each < 2; each += 1) await claim();
    expect(sent.splice(0)).toEqual(["EVALSHA", "EVAL", "EVALSHA"]);
    up();
    for (let each = 0; each < 2; each += 1) await claim();
    expect([sent, failures]).toEqual([["EVAL", "EVALSHA"], []]);
  });

  test("and each time if it may not be named", async () => {
    await using server = await startServer();
    const { claim, sent, failures } = openMinutes(connect(server), ["EVALSHA"]);
    for (let each = 0; each < 4; each += 1) await claim();
    expect([sent, failures]).toEqual([["EVAL", "EVALSHA", "EVAL", "EVAL", "EVAL"], []]);
  });
});

test.each([0, 11, 13, 400])(
  "a refusal that comes after %i ms is heard, whoever gives something back",
  async (lateMs) => {
    const clock = createManualClock();
    const hashes = createKeyHashes();
    hashes.retain(new Set(["g"]));
    const replies: ((reply: unknown) => void)[] = [];
    const minutes = new RedisMinutes({
      ...{ self: "me", hashes, timers: clock, processes: () => 2, onFailure() {} },
    });
    const waits: number[] = [];
    minutes.leases.listen({
      answered: ({ requestsWaitMs }) => void waits.push(requestsWaitMs),
      ...{ wanted() {}, freed() {}, away() {} },
    });
    minutes.up((command) =>
      command === "EVAL" ? new Promise((resolve) => void replies.push(resolve)) : Promise.resolve(0),
    );
    minutes.leases.claim(claimOf(1));
    await clock.advance(lateMs);
    replies[0]?.([0, 0, 10, 0, 0, 0, 2, "other"]);
    await settle();
    await clock.advance(20);
    expect(waits).toEqual([expect.any(Number)]);
    minutes.close();
  },
);
