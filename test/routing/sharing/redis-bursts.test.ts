import { afterEach, describe, expect, test } from "bun:test";
import type { LimitOptions } from "../../../src/routing/models/model-options.ts";
import type { MinuteLeases } from "../../../src/routing/sharing/minutes.ts";
import { openSharing } from "../../../src/routing/sharing/open-sharing.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createMailbox } from "../../fixtures/mailbox.ts";
import { PATIENT_TIMERS } from "./limited-gateways.ts";
import { type Asker, deploymentAt, MINUTE, openTestGates } from "../limits/open-test-gates.ts";
import { hasRedis, type RedisServer } from "../../response-store/stores.ts";
import { startServer } from "./answering-redis.ts";

/** Shorter than Redis may be silent before it counts as away. */
const STEP_MS = 200;

const LEFT = [deploymentAt("left")];
const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

/** A gateway with the gates of one deployment, whose time stands still but for that of its link to Redis. */
function openGateway({ url }: RedisServer, limits: LimitOptions) {
  const clock = createManualClock(100 * MINUTE);
  const logged = createMailbox<string>();
  const sharing = openSharing({
    ...{ redisUrl: url, clock: clock.now, timers: PATIENT_TIMERS },
    onRedisChange: (problem) => logged.push(problem === undefined ? "back" : "away"),
  });
  const { minutes } = sharing;
  if (!minutes) throw new Error("Redis keeps minutes");
  /** The last claim, until it is answered. */
  let claimed: number | undefined;
  const watched: MinuteLeases = {
    ...minutes,
    claim(claim) {
      claimed = claim.sequence;
      minutes.claim(claim);
    },
    listen: (listener) =>
      minutes.listen({
        ...listener,
        answered(answer) {
          if (answer.sequence === claimed) claimed = undefined;
          listener.answered(answer);
        },
      }),
  };
  const gates = openTestGates({ left: limits }, {}, { ...sharing, minutes: watched }, clock);
  sharing.retain(new Set(["left"]));
  sharing.start();
  toClose.push(() => {
    sharing.close();
    gates.states.close();
  });
  /** Lets time pass, but none in which Redis has something to answer: it counts as away if it does not answer soon. */
  const pass = async (milliseconds: number): Promise<void> => {
    for (let left = milliseconds; left > 0; left -= STEP_MS) {
      await clock.advance(Math.min(left, STEP_MS));
      while (claimed !== undefined) await Bun.sleep(1);
    }
  };
  return { clock, pass, gates, logged, sharing, ask: (tokens = 1) => gates.ask("", "plain", LEFT, tokens) };
}
type Gateway = ReturnType<typeof openGateway>;

const passedOf = async (askers: readonly Asker[]): Promise<number> => {
  await Promise.all(askers.map(({ isOver }) => isOver));
  return askers.filter(({ permit }) => permit).length;
};
const burst = (gateways: readonly Gateway[], count: number): Promise<number> =>
  passedOf(Array.from({ length: count }, (_, index) => gateways[index % gateways.length]?.ask() ?? []).flat());

/** Resolves when each has heard what the others let pass. */
async function knowOfEachOther(gateways: readonly Gateway[], requests: number): Promise<void> {
  for (const { gates } of gateways) while (gates.gates.view().gates[0]?.requests !== requests) await Bun.sleep(1);
}

describe.skipIf(!hasRedis)("of a minute that gateways share through Redis", () => {
  test.each([
    [30, 60],
    [30, 600],
    [1, 60],
    [3, 60],
  ])("with a limit of %i, of a burst of %i exactly the limit passes", async (limit, count) => {
    await using server = await startServer();
    const gateways = [1, 2].map(() => openGateway(server, { requestsPerMinute: limit }));
    expect(await burst(gateways, count)).toBe(limit);
    expect(await burst(gateways, count)).toBe(0);
  });

  test("what one has not used goes to another that needs it", async () => {
    await using server = await startServer();
    const [one, other] = [1, 2].map(() => openGateway(server, { requestsPerMinute: 30 }));
    if (!one || !other) throw new Error("there are two");
    expect(await burst([one], 1)).toBe(1);
    expect(await burst([other], 60)).toBe(29);
    expect(await burst([one], 60)).toBe(0);
  });

  test("tokens are estimated before and settled after", async () => {
    await using server = await startServer();
    const [one, other] = [1, 2].map(() => openGateway(server, { tokensPerMinute: 100 }));
    if (!one || !other) throw new Error("there are two");
    const first = one.ask(80);
    expect(await passedOf([first])).toBe(1);
    expect(await passedOf([other.ask(40)])).toBe(0);
    first.permit?.release(20);
    // What it did not use is there for others when they ask again.
    const again = async (): Promise<number> => {
      for (const { pass } of [one, other]) await pass(1000);
      return passedOf([other.ask(40)]);
    };
    for (let passed = 0; passed < 2; passed += await again());
    expect(await passedOf([other, one].map(({ ask }) => ask(20)))).toBe(0);
  });

  test("while Redis is away each goes on with its fair share, and what was used counts when it is back", async () => {
    await using server = await startServer();
    const gateways = [1, 2].map(() => openGateway(server, { requestsPerMinute: 30 }));
    expect(await burst(gateways, 10)).toBe(10);
    await knowOfEachOther(gateways, 10);
    await server.kill();
    for (const { logged } of gateways) expect(await logged.next(3000, "that it is away")).toBe("away");
    for (const { clock } of gateways) await clock.advance(2 * MINUTE);
    expect(await burst(gateways, 20)).toBe(20);
    await server.start();
    for (const { logged } of gateways) expect(await logged.next(12_000, "that it is back")).toBe("back");
    expect(await burst(gateways, 60)).toBe(10);
    await server.kill();
    for (const { logged } of gateways) expect(await logged.next(3000, "that it is away")).toBe("away");
    for (const { clock } of gateways) await clock.advance(2 * MINUTE);
    expect(await burst(gateways, 60)).toBe(30);
    expect(await burst(gateways.slice(0, 1), 60)).toBe(0);
  });

  test("those who have let nothing pass yet share the limit fairly, too, if Redis goes away", async () => {
    await using server = await startServer();
    const gateways = [1, 2, 3].map(() => openGateway(server, { requestsPerMinute: 30 }));
    for (const { sharing } of gateways) while (sharing.minutes?.processes() !== 3) await Bun.sleep(1);
    await server.kill();
    for (const { logged } of gateways) expect(await logged.next(3000, "that it is away")).toBe("away");
    expect(await burst(gateways, 90)).toBe(30);
  });

  test("a burst in which Redis is killed ends, nobody goes beyond what it had and its share, and it counts afterwards", async () => {
    await using server = await startServer();
    const gateways = [1, 2].map(() => openGateway(server, { requestsPerMinute: 30 }));
    expect(await burst(gateways, 10)).toBe(10);
    await knowOfEachOther(gateways, 10);
    const first = burst(gateways, 60);
    await server.kill();
    for (const { logged } of gateways) expect(await logged.next(3000, "that it is away")).toBe("away");
    const passed = 10 + (await first) + (await burst(gateways, 60));
    expect([passed >= 20, passed <= 45]).toEqual([true, true]);
    await server.start();
    for (const { logged } of gateways) expect(await logged.next(12_000, "that it is back")).toBe("back");
    expect(await burst(gateways, 60)).toBe(0);
  });
});
