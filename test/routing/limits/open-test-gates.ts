import type { GateRule } from "../../../src/routing/limits/gate.ts";
import { createGates } from "../../../src/routing/limits/create-gates.ts";
import { createGateStates } from "../../../src/routing/limits/gate-states.ts";
import {
  type Gated,
  type GateRefusal,
  isPermit,
  type ModelGates,
  type Permit,
} from "../../../src/routing/limits/gates.ts";
import type { LimitOptions, QueueOptions } from "../../../src/routing/models/model-options.ts";
import { ALONE, type Sharing } from "../../../src/routing/sharing/sharing.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { rejectionOf } from "../../fixtures/rejection.ts";

export const QUEUE: QueueOptions = { length: 3, timeoutMs: 10_000 };

/** Minutes begin when the clock shows a multiple of sixty thousand. */
export const MINUTE = 60_000;

export const rulesOf = (limits: Readonly<Record<string, LimitOptions>>): ReadonlyMap<string, GateRule> =>
  new Map(Object.entries(limits).map(([key, each]) => [key, { label: key, limits: each }]));

export const deploymentAt = (...gates: readonly string[]): Gated => ({ key: gates.join("+"), gates });

export const entered = (result: Permit | GateRefusal): Permit => {
  if (!isPermit(result)) throw new Error(`refused by ${result.limit}`);
  return result;
};

export const refusalOf = (result: Permit | GateRefusal): GateRefusal => {
  if (isPermit(result)) throw new Error("expected a refusal");
  return result;
};

/** One that asks for a permit, and waits for it if there is none. */
export interface Asker {
  readonly name: string;
  readonly tokens: number;
  readonly controller: AbortController;
  permit: Permit | undefined;
  /** What the wait rejected with. */
  failure: unknown;
  /** How often it was asked in its wait. */
  asked: number;
  readonly isOver: Promise<void>;
}

/**
 * Gates on a clock that a test moves, at the beginning of a minute.
 * @param set added to the time of day, which may be set while the process runs
 */
export function openTestGates(
  limits: Readonly<Record<string, LimitOptions>>,
  queues: Readonly<Record<string, QueueOptions>> = {},
  sharing: Sharing = ALONE,
  clock = createManualClock(100 * MINUTE),
  set = { milliseconds: 0 },
) {
  const states = createGateStates({ timers: clock, clock: () => clock.now() + set.milliseconds, sharing });
  const configure = (
    newLimits: Readonly<Record<string, LimitOptions>>,
    newQueues: Readonly<Record<string, QueueOptions>> = queues,
  ): ModelGates => {
    const gates = createGates(states, rulesOf(newLimits), new Map(Object.entries(newQueues)));
    gates.use();
    return gates;
  };
  /** Told of each that gets a permit. */
  const onPass = (_asker: Asker, _deployment: Gated): void => {};
  const parts = { onPass, clock, set, states, configure, gates: configure(limits), served: new Array<string>() };

  /** Asks as the engine does: the deployments in order, then waits. */
  const ask = (name: string, model: string, deployments: readonly Gated[], tokens = 1): Asker => {
    const { gates } = parts;
    const enter = (): boolean => {
      for (const deployment of deployments) {
        const result = gates.tryEnter(deployment, tokens);
        if (!isPermit(result) && result.isAsking) return false;
        if (!isPermit(result)) continue;
        asker.permit = result;
        parts.served.push(name);
        parts.onPass(asker, deployment);
        return true;
      }
      return false;
    };
    const controller = new AbortController();
    const again = (): boolean => {
      asker.asked += 1;
      return enter();
    };
    const run = async (): Promise<void> => {
      if (enter()) return;
      asker.failure = await rejectionOf(gates.wait(model, deployments, controller.signal, again)).catch(
        () => undefined,
      );
    };
    const asker: Asker = {
      name,
      tokens,
      controller,
      permit: undefined,
      failure: undefined,
      asked: 0,
      isOver: Promise.resolve(),
    };
    return Object.assign(asker, { isOver: run() });
  };

  return Object.assign(parts, { ask });
}
