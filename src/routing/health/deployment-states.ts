import type { Deployment } from "../models/deployment.ts";
import type { CooldownOptions } from "../models/model-options.ts";
import type { SharedChange, Sharing } from "../sharing/sharing.ts";
import { type Circuit, type CircuitListener, DeploymentState, type Fault } from "./deployment-state.ts";
import { RetryBudget } from "./retry-budget.ts";
import type { Turn } from "../strategies/strategy.ts";

/** What people see of a deployment. */
export interface DeploymentView {
  readonly state: Circuit;
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

/** A circuit that opened or closed in this process: each once. */
export interface CircuitChange {
  readonly kind: "cooling" | "recovered";
  /** Of the deployment, for people. */
  readonly label: string;
  /** Of one that cools. */
  readonly why?: string | undefined;
  readonly forMs?: number;
}

/** What is kept of a name of the gateway's own. */
export interface ModelState {
  readonly budget: RetryBudget;
  /** Whose turn it is, by deployment; replaced by each configuration, whose deployments take over what is known of theirs. */
  turns: ReadonlyMap<string, Turn>;
}

/** How all deployments of a process do, whatever configuration they are in. */
export interface DeploymentStates {
  /** The state of a deployment, which begins with the first call. */
  of(deployment: Pick<Deployment, "key" | "label">): DeploymentState;
  /** What is kept for a name. */
  ofModel(name: string): ModelState;
  /** @returns undefined for one that was never asked for */
  describe(key: string): DeploymentView | undefined;
  /** An active check has found out how a deployment is; undefined: it works. */
  checked(deployment: Pick<Deployment, "key" | "label">, cooldown: CooldownOptions, fault: Fault | undefined): void;
  /** Forgets all that is not named: what no configuration in use has. Attempts under way keep what they hold. */
  retain(deployments: Iterable<Pick<Deployment, "key" | "label">>, models: Iterable<string>): void;
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
      if (opened) onChange({ kind: "cooling", label, why, forMs: coolingUntil - now() });
    },
    recovered({ key, label }) {
      sharing.tell({ kind: "recovered", key });
      onChange({ kind: "recovered", label });
    },
  };

  const of = ({ key, label }: Pick<Deployment, "key" | "label">): DeploymentState => {
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
    describe(key) {
      const state = states.get(key);
      return state && describe(state, now(), toEpoch);
    },
    checked(deployment, cooldown, fault) {
      const state = of(deployment);
      const time = now();
      if (fault) state.failed(fault, cooldown, time, time);
      else state.checked(time);
    },
    retain(deployments, names) {
      const kept = new Set<string>();
      for (const deployment of deployments) kept.add(of(deployment).key);
      for (const key of states.keys()) if (!kept.has(key)) states.delete(key);
      const keptModels = new Set(names);
      for (const name of models.keys()) if (!keptModels.has(name)) models.delete(name);
    },
    close: sharing.listen(hear),
  };
}

function describe(state: DeploymentState, now: number, toEpoch: (time: number) => number): DeploymentView {
  const { coolingUntil, why, inFlight, failures, requests, attempts } = state;
  const { averageMs } = state.firstToken;
  return {
    state: state.circuit(now),
    ...(coolingUntil !== 0 && { coolingUntil: toEpoch(coolingUntil) }),
    ...(why !== undefined && { why }),
    inFlight,
    failures,
    ...(averageMs !== undefined && { ttftMs: Math.round(averageMs) }),
    requests,
    attempts,
  };
}
