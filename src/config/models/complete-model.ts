import type { FileModel } from "../file/model-section.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const MAX_ATTEMPTS = 3;
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 5 * SECOND;
const COOLING_MS = 30 * SECOND;
const MAX_COOLING_MS = 10 * MINUTE;
const QUEUE_TIMEOUT_MS = 10 * SECOND;
const HEALTH_CHECK_TIMEOUT_MS = 5 * SECOND;

export type CompleteModel = ReturnType<typeof completeModel>;

/**
 * Fills in what the operator did not say of a model.
 * @param deployments how many it has, those of several keys counted once for each of them
 */
export function completeModel(model: FileModel, deployments: number) {
  const { retries = {}, cooldown = {}, strategy = "round_robin" } = model;
  const { queue, ...bounds } = model.limits ?? {};
  const { fallbacks = [], context_fallbacks: ofContext = [], content_fallbacks: ofContent = [] } = model;
  const things = deployments + new Set([...fallbacks, ...ofContext, ...ofContent]).size;
  const backoff = retries.backoff ?? Math.min(BACKOFF_MS, retries.max_backoff ?? BACKOFF_MS);
  const cooling = cooldown.for ?? Math.min(COOLING_MS, cooldown.max ?? COOLING_MS);
  return {
    strategy,
    ...(strategy === "sticky" && {
      sticky: { by: model.sticky?.by ?? "conversation", load_factor: model.sticky?.load_factor ?? 1.25 },
    }),
    deployments: model.deployments.map((deployment, index) => ({
      ...deployment,
      weight: deployment.weight ?? 1,
      priority: deployment.priority ?? index,
    })),
    fallbacks,
    context_fallbacks: ofContext,
    content_fallbacks: ofContent,
    retries: {
      attempts: retries.attempts ?? (things === 1 ? 1 : Math.min(MAX_ATTEMPTS, things + 1)),
      ...(retries.on && { on: retries.on }),
      repeat_sent: retries.repeat_sent ?? (things > 1 || (retries.attempts ?? 1) > 1),
      backoff,
      max_backoff: retries.max_backoff ?? Math.max(MAX_BACKOFF_MS, backoff),
    },
    timeouts: model.timeouts ?? {},
    cooldown: {
      failures: cooldown.failures ?? 3,
      rate: cooldown.rate ?? 0.5,
      for: cooling,
      max: cooldown.max ?? Math.max(MAX_COOLING_MS, cooling),
      slow_start: cooldown.slow_start ?? 0,
      all_cooling: cooldown.all_cooling ?? "try",
    },
    limits: { ...bounds, ...(queue && { queue: completeQueue(queue) }) },
    ...(model.hedge && { hedge: model.hedge }),
    ...(model.health_check && {
      health_check: {
        ...model.health_check,
        timeout: model.health_check.timeout ?? Math.min(HEALTH_CHECK_TIMEOUT_MS, model.health_check.interval),
      },
    }),
    resume: model.resume ?? false,
  } satisfies FileModel;
}

export const completeQueue = (queue: { readonly length: number; readonly timeout?: number }) => ({
  length: queue.length,
  timeout: queue.timeout ?? QUEUE_TIMEOUT_MS,
});
