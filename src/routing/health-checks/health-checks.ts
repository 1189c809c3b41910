import type { TimerSource } from "../../core/deadlines.ts";
import type { Failure } from "../../core/errors.ts";
import type { RoutedModel } from "../models/routed-model.ts";
import type { Deployment } from "../models/deployment.ts";
import type { CooldownOptions, HealthCheckOptions } from "../models/model-options.ts";
import { checkDeployment, type CheckParts } from "./check-deployment.ts";

export interface HealthCheckParts extends CheckParts {
  readonly timers: TimerSource;
  /** From 0 to below 1. */
  readonly random?: () => number;
  /**
   * Told of each result that says something; must not throw.
   * @param cooldown of the model that wants the check
   * @param failure undefined if the deployment is healthy
   */
  readonly onResult: (deployment: Deployment, cooldown: CooldownOptions, failure: Failure | undefined) => void;
}

/** Checks of deployments, which go on until they are stopped. */
export interface HealthChecks {
  start(): void;
  /** Ends checks under way too; nothing is reported any more. A second call does nothing. */
  stop(): void;
}

/** So many checks are under way at once; the others wait for their turn. */
const MAX_AT_ONCE = 8;

/** Each pause is so much shorter or longer than the interval, so that gateways and deployments do not fall into step. */
const JITTER = 0.1;

/** The longest delay that timers take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A deployment, and how it is checked. */
interface Check {
  readonly deployment: Deployment;
  readonly options: HealthCheckOptions;
  readonly cooldown: CooldownOptions;
}

/**
 * Checks each deployment of the models that want it: at first some time within the interval, then an interval after the
 * end of the check before, so that no two of one deployment overlap. One that several models have is checked once, as
 * the one with the shortest interval says. If several processes share what they know, one of them does this.
 * @returns undefined if no model wants it
 */
export function createHealthChecks(models: readonly RoutedModel[], parts: HealthCheckParts): HealthChecks | undefined {
  const checks = findChecks(models);
  if (checks.length === 0) return undefined;
  const { timers, random = Math.random, onResult } = parts;
  const over = new AbortController();
  const waiting = new Set<unknown>();
  const queue: Check[] = [];
  let underWay = 0;

  const after = (milliseconds: number, callback: () => void): (() => void) => {
    const run = (): void => {
      waiting.delete(timer);
      callback();
    };
    const timer = timers.setTimer(run, Math.min(milliseconds, MAX_TIMER_MS));
    waiting.add(timer);
    return () => {
      if (waiting.delete(timer)) timers.clearTimer(timer);
    };
  };

  const perform = async ({ deployment, options, cooldown }: Check): Promise<void> => {
    const { timeoutMs, request } = options;
    const result = await checkDeployment(deployment, request, parts, { timeoutMs, signal: over.signal, after });
    if (over.signal.aborted || result === "unknown") return;
    onResult(deployment, cooldown, result.ok ? undefined : result.failure);
  };

  const next = (): void => {
    while (underWay < MAX_AT_ONCE && !over.signal.aborted) {
      const check = queue.shift();
      if (!check) return;
      underWay++;
      void perform(check).finally(() => {
        underWay--;
        if (over.signal.aborted) return;
        const { intervalMs } = check.options;
        enqueueAfter(check, intervalMs * (1 - JITTER + 2 * JITTER * random()));
        next();
      });
    }
  };

  const enqueueAfter = (check: Check, milliseconds: number): void => {
    after(milliseconds, () => {
      queue.push(check);
      next();
    });
  };

  return {
    start() {
      for (const check of checks) enqueueAfter(check, check.options.intervalMs * random());
    },
    stop() {
      over.abort();
      for (const timer of waiting) timers.clearTimer(timer);
      waiting.clear();
      queue.length = 0;
    },
  };
}

function findChecks(models: readonly RoutedModel[]): readonly Check[] {
  const checks = new Map<string, Check>();
  for (const { options, deployments } of models) {
    const { healthCheck, cooldown } = options;
    if (!healthCheck) continue;
    for (const deployment of deployments) {
      const known = checks.get(deployment.key);
      if (known && known.options.intervalMs <= healthCheck.intervalMs) continue;
      checks.set(deployment.key, { deployment, options: healthCheck, cooldown });
    }
  }
  return [...checks.values()];
}
