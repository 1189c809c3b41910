import type { Gated } from "../../../src/routing/limits/gates.ts";
import type { LimitOptions, QueueOptions } from "../../../src/routing/models/model-options.ts";
import type { FromHub, SharingChannel, ToHub } from "../../../src/routing/sharing/channel.ts";
import { type OpenSharing, openSharing } from "../../../src/routing/sharing/open-sharing.ts";
import { createSharingHub } from "../../../src/routing/sharing/sharing-hub.ts";
import { createManualClock, settle } from "../../fixtures/manual-clock.ts";
import { type Asker, deploymentAt, MINUTE, openTestGates } from "./open-test-gates.ts";

/** One that has passed, and what it counts in its minute. */
export interface Passed {
  readonly minute: number;
  readonly worker: number;
  readonly asker: Asker;
  tokens: number;
  isOver: boolean;
}

const LEFT: readonly Gated[] = [deploymentAt("left")];

/** Workers with the gates of one deployment and the hub that holds them together; messages come through when a test says so. */
export function openMinuteWorkers(
  count: number,
  limits: LimitOptions,
  queues: Readonly<Record<string, QueueOptions>> = {},
) {
  const clock = createManualClock(100 * MINUTE);
  /** Added to the time of day, which may be set while they run. */
  const set = { milliseconds: 0 };
  const timeOfDay = (): number => clock.now() + set.milliseconds;
  const hub = createSharingHub({ workers: count, clock: timeOfDay, timers: clock, gateway: "gateway" });
  const passed: Passed[] = [];
  /** Of those that were killed, whose time goes on here. */
  const gone = new Set<OpenSharing>();
  let messages = 0;

  const start = (number: number) => {
    const toHub: ToHub[] = [];
    const toWorker: FromHub[] = [];
    let hear: Parameters<SharingChannel["listen"]>[0] = () => {};
    const channel: SharingChannel = {
      send: (said) => void toHub.push(...said),
      listen: (listener) => void (hear = listener),
    };
    const sharing: OpenSharing = openSharing({ channel, clock: timeOfDay, timers: clock, onRedisChange() {} });
    const gates = openTestGates({ left: limits }, queues, sharing, clock, set);
    gates.onPass = (asker) => {
      if (gone.has(sharing)) return;
      const minute = Math.floor(clock.now() / MINUTE);
      passed.push({
        minute,
        worker: number,
        asker,
        tokens: Math.min(asker.tokens, limits.tokensPerMinute ?? Infinity),
        isOver: false,
      });
    };
    sharing.start();
    hub.join(number, (said) => void toWorker.push(...said));
    return {
      number,
      toHub,
      toWorker,
      sharing,
      gates,
      askers: new Array<Asker>(),
      hear: () => hear(toWorker.splice(0, 1)),
    };
  };
  const all = new Map(Array.from({ length: count }, (_, index) => [index + 1, start(index + 1)]));

  /** Has the first message in each direction come through. */
  const deliver = async (number: number): Promise<void> => {
    await settle();
    const worker = all.get(number);
    if (!worker) return;
    const up = worker.toHub.splice(0, 1);
    messages += up.length;
    hub.hear(number, up);
    if (worker.toWorker.length > 0) {
      messages += 1;
      worker.hear();
    }
    await settle();
  };
  const isQuiet = (): boolean => [...all.values()].every(({ toHub, toWorker }) => toHub.length + toWorker.length === 0);

  return {
    ...{ clock, set, all, passed, hub, deliver },
    messages: () => messages,
    ask(number: number, tokens = 1): Asker | undefined {
      const worker = all.get(number);
      const asker = worker?.gates.ask(`${number}`, "fast", LEFT, tokens);
      if (asker) worker?.askers.push(asker);
      return asker;
    },
    /** Ends a request that has passed. */
    finish(each: Passed | undefined, used: number): void {
      if (!each || each.isOver || !all.has(each.worker)) return;
      each.isOver = true;
      each.tokens = used;
      each.asker.permit?.release(used);
    },
    /** Has all come through, what it leads to included. */
    async deliverAll(): Promise<void> {
      const most = messages + 10_000;
      for (await settle(); !isQuiet(); await settle()) {
        for (const number of all.keys()) await deliver(number);
        if (messages > most) throw new Error("they talk without end");
      }
    },
    async kill(number: number): Promise<void> {
      await settle();
      const worker = all.get(number);
      if (!all.delete(number) || !worker) return;
      // What it has said is heard.
      hub.hear(number, worker.toHub.splice(0));
      hub.leave(number);
      gone.add(worker.sharing);
      worker.sharing.close();
      worker.gates.states.close();
    },
    start(number: number): void {
      if (!all.has(number)) all.set(number, start(number));
    },
    /** How many have passed in a minute of the clock, and what they count. */
    countIn(minute: number) {
      const those = passed.filter((each) => each.minute === minute);
      return { requests: those.length, tokens: those.reduce((sum, { tokens }) => sum + tokens, 0) };
    },
    close(): void {
      hub.close();
      for (const { sharing, gates } of all.values()) {
        sharing.close();
        gates.states.close();
      }
    },
  };
}

export type MinuteWorkers = ReturnType<typeof openMinuteWorkers>;
