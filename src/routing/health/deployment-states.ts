import type { Failure } from "../../core/errors.ts";
import { classifyFailure } from "./classify-failure.ts";
import type { Deployment } from "../models/deployment.ts";
import type { CooldownOptions } from "../models/model-options.ts";
import type { SharedChange, Sharing } from "../sharing/sharing.ts";
import { type Circuit, type CircuitListener, DeploymentState } from "./deployment-state.ts";
import { RetryBudget } from "./retry-budget.ts";

/** What is known of a deployment, for whoever shows it. */
export interface KnownDeployment {
  readonly state: Circuit | "slow_start";
  /** Milliseconds since the epoch; absent while it does not cool. */
  readonly coolingUntil?: number;
  readonly why?: string;
  readonly inFlight: number;
  /** In a row. */
  readonly failures: number;
  /** The average of late; absent before the first answer. */
  readonly ttftMs?: number;
  /** That it answered, since this process knows of it. */
  readonly requests: number;
  readonly attempts: number;
}

type KeyAndLabel = Pick<Deployment, "key" | "label">;

/** A circuit that opened or closed in this process: each once. */
export interface CircuitChange {
  readonly kind: "cooling" | "recovered";
  readonly key: string;
  /** Of the deployment, for people. */
  readonly label: string;
  /** Of one that cools: a status, or the code of a failure, and until when, in milliseconds since the epoch. */
  readonly why: string;
  readonly until: number;
}

/** How long a deployment has not had its turn, in weights: see strategies/round-robin.ts. Outlives its configuration. */
export interface Turn {
  current: number;
}

/** What is kept of a name of the gateway's own. */
export interface ModelState {
  readonly budget: RetryBudget;
  /** Whose turn it is, by the keys of deployments; several for one that the model has several times. */
  readonly turns: Map<string, Turn[]>;
}

/** How all deployments of a process do, whatever configuration they are in. */
export interface DeploymentStates {
  /** The state of a deployment, which begins with the first call. */
  of(deployment: KeyAndLabel): DeploymentState;
  /** What is kept for a name. */
  ofModel(name: string): ModelState;
  /**
   * @param slowStartMs how long after a recovery it is in slow start
   * @returns undefined for one that was never asked for
   */
  describe(key: string, slowStartMs: number): KnownDeployment | undefined;
  /** An active check has found out how a deployment is; undefined: it works. */
  checked(deployment: KeyAndLabel, cooldown: CooldownOptions, failure: Failure | undefined): void;
  /** Forgets all that is not named: what no configuration in use has. Attempts under way keep what they hold. */
  retain(deployments: Iterable<KeyAndLabel>, models: Iterable<string>): void;
  /** Hears no more of others. */
  close(): void;
}

export interface DeploymentStateParts {
  /** Milliseconds of the monotonic clock. */
  readonly now: () => number;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly sharing: Sharing;
  readonly onChange: (change: CircuitChange) => void;
}

export function createDeploymentStates({ now, clock, sharing, onChange }: DeploymentStateParts): DeploymentStates {
  const states = new Map<string, DeploymentState>();
  const models = new Map<string, ModelState>();

  // No two processes have the same monotonic clock, and none of them waits on the other one, which can be set.
  const toEpoch = (time: number): number => Math.round(time - now() + clock());

  const listener: CircuitListener = {
    cooling({ key, label, coolingUntil, why = "" }, opened) {
      sharing.tell({ kind: "cooling", key, until: toEpoch(coolingUntil), why });
      if (opened) onChange({ kind: "cooling", key, label, why, until: toEpoch(coolingUntil) });
    },
    recovered({ key, label }) {
      sharing.tell({ kind: "recovered", key });
      onChange({ kind: "recovered", key, label, why: "", until: 0 });
    },
  };

  const of = ({ key, label }: KeyAndLabel): DeploymentState => {
    const known = states.get(key);
    if (known) return known;
    const state = new DeploymentState(key, label, listener);
    states.set(key, state);
    return state;
  };

  const hear = (change: SharedChange): void => {
    if (change.kind === "used") return;
    const state = states.get(change.key);
    if (change.kind === "recovered") state?.heard(undefined, "", now());
    else state?.heard(now() + change.until - clock(), change.why, now());
  };

  return {
    of,
    ofModel(name) {
      const known = models.get(name);
      if (known) return known;
      const model: ModelState = { budget: new RetryBudget(), turns: new Map() };
      models.set(name, model);
      return model;
    },
    describe(key, slowStartMs) {
      const state = states.get(key);
      return state && describe(state, slowStartMs, now(), toEpoch);
    },
    checked(deployment, cooldown, failure) {
      const state = of(deployment);
      const time = now();
      if (failure) state.failed(classifyFailure(failure), cooldown, time, time);
      else state.checked(time);
    },
    retain(deployments, names) {
      const kept = new Set<string>();
      for (const deployment of deployments) kept.add(of(deployment).key);
      for (const key of states.keys()) if (!kept.has(key)) states.delete(key);
      const keptModels = new Set(names);
      for (const [name, { turns }] of models) {
        if (!keptModels.has(name)) models.delete(name);
        for (const key of turns.keys()) if (!kept.has(key)) turns.delete(key);
      }
    },
    close: sharing.listen(hear),
  };
}

function describe(
  state: DeploymentState,
  slowStartMs: number,
  now: number,
  toEpoch: (time: number) => number,
): KnownDeployment {
  const { coolingUntil, why, inFlight, failures, requests, attempts } = state;
  const { averageMs } = state.firstToken;
  return {
    state: coolingUntil === 0 && state.share(now, slowStartMs) < 1 ? "slow_start" : state.circuit(now),
    ...(coolingUntil !== 0 && { coolingUntil: toEpoch(coolingUntil) }),
    ...(why !== undefined && { why }),
    inFlight,
    failures,
    ...(averageMs !== undefined && { ttftMs: Math.round(averageMs) }),
    requests,
    attempts,
  };
}
