import { Failure } from "../../../src/core/errors.ts";
import { createRouter } from "../../../src/routing/engine/router.ts";
import type { AttemptKind, AttemptRecord, OpenAttempt, RoutedRequest } from "../../../src/routing/engine/route.ts";
import type { Route, RoutedModel } from "../../../src/routing/models/routed-model.ts";
import { type CircuitChange, createDeploymentStates } from "../../../src/routing/health/deployment-states.ts";
import { createGates } from "../../../src/routing/limits/create-gates.ts";
import { createGateStates } from "../../../src/routing/limits/gate-states.ts";
import type { Deployment } from "../../../src/routing/models/deployment.ts";
import type {
  LimitOptions,
  ModelOptions,
  QueueOptions,
  RetryReason,
} from "../../../src/routing/models/model-options.ts";
import { ALONE, type Sharing } from "../../../src/routing/sharing/sharing.ts";
import type { PriceOf } from "../../../src/routing/strategies/cheapest.ts";
import { createManualClock } from "../../fixtures/manual-clock.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

/** All that there is. */
const REASONS: readonly RetryReason[] = [
  ...(["connect", "send", "timeout", "first_token", "empty", "error_event", "invalid"] as const),
  ...(["408", "429", "500", "502", "503", "504", "529"] as const),
];

export interface DeploymentSketch extends Partial<Omit<Deployment, "provider" | "gates">> {
  /** An id, with `#` and the number of its key behind it: `left#2`. */
  readonly provider?: string;
  readonly limits?: LimitOptions;
}

export interface ModelSketch extends Partial<Omit<ModelOptions, "deployments" | "retries" | "cooldown">> {
  readonly name: string;
  readonly deployments: readonly DeploymentSketch[];
  readonly retries?: Partial<ModelOptions["retries"]>;
  readonly cooldown?: Partial<ModelOptions["cooldown"]>;
  readonly queue?: QueueOptions;
}

/** A model, with defaults for all that is not said. Its deployments are `a`, `b` and so on, of providers of these names. */
export const sketch = (name: string, rest: Omit<ModelSketch, "name">): ModelSketch => ({ name, ...rest });

const providers = new Map(
  [..."abcdef", "left", "left#1", "left#2", "right", "right#1", "right#2"].map((name) => {
    const [id = name] = name.split("#");
    return [name, Object.freeze({ ...createProvider(id), key: `key of ${name}` })] as const;
  }),
);

function modelOf({ name, deployments, retries, cooldown, ...rest }: ModelSketch): RoutedModel {
  const options: ModelOptions = {
    ...{ name, deployments: [], strategy: "round_robin", limits: {}, timeouts: {}, resumes: false },
    ...{ fallbacks: [], contextFallbacks: [], contentFallbacks: [] },
    ...rest,
    retries: {
      ...{ attempts: 3, on: new Set(REASONS), repeatsSent: true, backoffMs: 250, maxBackoffMs: 5000 },
      ...retries,
    },
    cooldown: {
      ...{ failures: 3, rate: 0.5, forMs: 30_000, maxMs: 600_000, slowStartMs: 0, whenAll: "try" },
      ...cooldown,
    },
  };
  return {
    options,
    deployments: deployments.map(({ provider: id, limits, ...each }, at): Deployment => {
      const letter = id ?? String.fromCharCode(97 + at);
      const provider = providers.get(letter) ?? createProvider(letter);
      const key = each.key ?? `${letter} ${name}`;
      const gates = limits ? [key] : [];
      return { ...{ key, label: key, provider, model: "m", weight: 1, priority: at, timeouts: {}, gates }, ...each };
    }),
  };
}

/** What is done with an attempt: an answer, a failure, or nothing as yet. */
export type Answering = (deployment: Deployment, model: string, kind: AttemptKind) => OpenAttempt<string>;

/** One attempt that a test answers. */
export interface Asked {
  readonly deployment: Deployment;
  readonly model: string;
  readonly kind: AttemptKind;
  answer(reply?: string): void;
  fail(failure: Failure): void;
  /** With what it was given up. */
  cancelled: Failure | undefined;
}

export interface TestRouterParts {
  readonly sharing?: Sharing;
  readonly random?: () => number;
  readonly priceOf?: PriceOf;
}

/** A router on a clock that a test moves. */
export function openTestRouter(
  sketches: readonly ModelSketch[],
  { sharing = ALONE, random = () => 0.5, priceOf }: TestRouterParts = {},
) {
  const clock = createManualClock();
  const models = sketches.map(modelOf);
  const changes: CircuitChange[] = [];
  const states = createDeploymentStates({
    ...{ now: clock.now, clock: clock.now, sharing },
    onChange: (change) => void changes.push(change),
  });
  const limits = sketches.flatMap(({ name, deployments }) =>
    deployments.flatMap(({ provider, key, limits: each }, at) =>
      each ? [[key ?? `${provider ?? String.fromCharCode(97 + at)} ${name}`, each] as const] : [],
    ),
  );
  const gates = createGates(
    createGateStates({ timers: clock, clock: clock.now, sharing }),
    new Map(limits.map(([key, each]) => [key, { label: key, limits: each }])),
    new Map(sketches.flatMap(({ name, queue }) => (queue ? [[name, queue] as const] : []))),
  );
  const byName = new Map(models.map((model) => [model.options.name, model]));
  const findModel = (name: string): Route | undefined => {
    const model = byName.get(name);
    return model && { model, star: "" };
  };
  const router = createRouter({
    ...{ models, findModel, states, gates, timers: clock, random, forProvider: () => undefined },
    ...(priceOf && { priceOf }),
  });

  const route = (name: string): Route => {
    const found = findModel(name);
    if (!found) throw new Error(`there is no model ${name}`);
    return found;
  };

  const request = (begin: Answering, until = Number.POSITIVE_INFINITY): RoutedRequest<string> => ({
    ...{ estimatedTokens: 1, until, signal: () => new AbortController().signal, begin },
  });

  /** Asks for a model; the test answers the attempts. */
  const ask = (
    name: string,
    { until = Number.POSITIVE_INFINITY, stickyKey }: { until?: number; stickyKey?: string } = {},
  ) => {
    const controller = new AbortController();
    const asked: Asked[] = [];
    const records: AttemptRecord[] = [];
    const waits: number[] = [];
    const begin: Answering = (deployment, model, kind) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const one: Asked = {
        ...{ deployment, model, kind, cancelled: undefined, fail: reject },
        answer: (reply = deployment.key) => resolve(reply),
      };
      asked.push(one);
      return {
        answer: promise,
        cancel(reason) {
          one.cancelled = reason;
          reject(reason);
        },
      };
    };
    const result = router.run(route(name), {
      ...request(begin, until),
      ...{ stickyKey, signal: () => controller.signal },
      attempted: (record) => void records.push(record),
      queued: (milliseconds) => void waits.push(milliseconds),
    });
    result.catch(() => undefined);
    /** The client leaves: what is open ends by itself. */
    const leave = (reason = new Failure("client_gone")): void => {
      controller.abort(reason);
      for (const one of asked) one.fail(reason);
    };
    return { result, asked, records, waits, leave, keys: () => asked.map(({ deployment }) => deployment.key) };
  };

  return { clock, models, states, gates, changes, router, route, request, ask };
}
