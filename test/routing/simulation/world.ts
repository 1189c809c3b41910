import { createRandom, type Random } from "../../fixtures/random.ts";
import type { Deployment } from "../../../src/routing/models/deployment.ts";
import type {
  LimitOptions,
  ModelOptions,
  QueueOptions,
  RetryReason,
} from "../../../src/routing/models/model-options.ts";
import type { RoutedModel } from "../../../src/routing/models/routed-model.ts";
import { createProvider } from "../../upstream/open-upstream.ts";

/** What a provider does with a request. */
const MOODS = [
  "good",
  "slow",
  "hangs",
  "refuses",
  "resets",
  "500",
  "503",
  "429",
  "429 later",
  "401",
  "400",
  "too long",
  "filtered",
  "error event",
  "empty",
  "late",
  "cut",
  "unable",
] as const;
export type Mood = (typeof MOODS)[number];

/** What a deployment is like for a while. */
export interface Phase {
  readonly until: number;
  readonly mood: Mood;
}

/** Everything that chance decides before a schedule begins. */
export interface World {
  readonly random: Random;
  readonly models: readonly RoutedModel[];
  readonly limits: ReadonlyMap<string, LimitOptions>;
  readonly queues: ReadonlyMap<string, QueueOptions>;
  /** By the key of a deployment. */
  readonly phases: ReadonlyMap<string, readonly Phase[]>;
}

const REASONS: readonly RetryReason[] = [
  ...(["connect", "send", "timeout", "first_token", "empty", "error_event", "invalid"] as const),
  ...(["408", "429", "500", "502", "503", "504", "529"] as const),
];

const STRATEGIES = ["round_robin", "priority", "least_busy", "fastest", "cheapest", "sticky"] as const;

/** Each provider with two keys. */
const PROVIDERS = ["left", "right", "far"].flatMap((id) =>
  ["a", "b"].map((key) => Object.freeze({ ...createProvider(id), key: `${id}-${key}` })),
);

export const HORIZON_MS = 60_000;

export function createWorld(seed: number): World {
  const random = createRandom(seed);
  const { below, pick } = random;
  const chance = (percent: number): boolean => below(100) < percent;
  const limits = new Map<string, LimitOptions>();
  const queues = new Map<string, QueueOptions>();
  const phases = new Map<string, readonly Phase[]>();
  // Half of all worlds are good ones, in which little fails.
  const trouble = chance(50) ? 15 : 60;

  const deploymentOf = (model: string, at: number): Deployment => {
    const provider = pick(PROVIDERS);
    const key = `${model} ${at}`;
    const isLimited = chance(40);
    if (isLimited)
      limits.set(key, { maxInFlight: 1 + below(4), ...(chance(20) && { requestsPerMinute: 5 + below(40) }) });
    phases.set(key, createPhases());
    return {
      ...{ key, label: key, provider, model: pick(["m1", "m2"]), weight: 1 + below(5), priority: below(2) },
      ...{ timeouts: {}, gates: isLimited ? [key] : [] },
    };
  };

  const createPhases = (): readonly Phase[] => {
    const list: Phase[] = [];
    for (let until = 0; until < HORIZON_MS;) {
      until += 1000 + below(30_000);
      list.push({ until, mood: chance(trouble) ? pick(MOODS) : "good" });
    }
    return list;
  };

  const modelOf = (name: string, count: number, others: Partial<ModelOptions>): RoutedModel => {
    const forMs = 500 + below(10_000);
    if (chance(50)) queues.set(name, { length: below(8), timeoutMs: 100 + below(10_000) });
    const queue = queues.get(name);
    const options: ModelOptions = {
      ...{ name, deployments: [], strategy: pick(STRATEGIES), limits: {}, timeouts: {}, resumes: false },
      ...{ fallbacks: [], contextFallbacks: [], contentFallbacks: [] },
      sticky: { by: "identity", loadFactor: 1 + below(100) / 100 },
      retries: {
        attempts: 1 + below(5),
        on: chance(70) ? new Set(REASONS) : new Set(REASONS.filter(() => chance(50))),
        repeatsSent: chance(80),
        backoffMs: 1 + below(1000),
        maxBackoffMs: 1000 + below(5000),
      },
      cooldown: {
        ...{ failures: 1 + below(4), rate: 0.3 + below(70) / 100, forMs, maxMs: forMs * (1 + below(8)) },
        ...{ slowStartMs: chance(30) ? below(10_000) : 0, whenAll: chance(70) ? "try" : "refuse" },
      },
      ...(queue && { queue }),
      ...(chance(30) && { hedge: { after: chance(50) ? "p95" : 50 + below(2000) } }),
      ...others,
    };
    return { options, deployments: Array.from({ length: count }, (_, at) => deploymentOf(name, at)) };
  };

  const fallbacks = chance(50) ? ["smart"] : [];
  const special = { contextFallbacks: chance(50) ? ["long"] : [], contentFallbacks: chance(50) ? ["smart"] : [] };
  const models = [
    modelOf("fast", 1 + below(4), { fallbacks, ...special }),
    modelOf("smart", 1 + below(2), { fallbacks: chance(30) ? ["long"] : [] }),
    modelOf("long", 1 + below(2), {}),
  ];
  return { random, models, limits, queues, phases };
}
