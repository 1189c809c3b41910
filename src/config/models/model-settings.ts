import type { ProviderPart } from "../file/file-parts.ts";
import type { RETRY_WORDS, FileDeployment, FileLimits, FileTimeouts } from "../file/model-section.ts";
import { priceSettings } from "./price-settings.ts";
import { type CompleteModel, completeQueue } from "./complete-model.ts";

/*
 * What routing is told of models and providers, in its own terms: it declares these types, which match structurally.
 * Durations are in milliseconds.
 */

export type ModelSettings = ReturnType<typeof modelSettings>;

type RetryReason = Exclude<(typeof RETRY_WORDS)[number], "5xx">;

const SERVER_ERRORS: readonly RetryReason[] = ["500", "502", "503", "504", "529"];
const ALL_REASONS: ReadonlySet<RetryReason> = new Set<RetryReason>([
  ...(["connect", "send", "timeout", "first_token", "empty", "error_event", "invalid", "408", "429"] as const),
  ...SERVER_ERRORS,
]);

/** @param name may hold one `*` */
export function modelSettings(name: string, model: CompleteModel) {
  const { sticky, retries, cooldown, limits, hedge, health_check: check } = model;
  const on = retries.on?.flatMap((word): readonly RetryReason[] => (word === "5xx" ? SERVER_ERRORS : [word]));
  return Object.freeze({
    name,
    deployments: Object.freeze(model.deployments.map(deploymentSettings)),
    strategy: model.strategy,
    ...(sticky && { sticky: { by: sticky.by as StickyBy, loadFactor: sticky.load_factor } }),
    fallbacks: model.fallbacks,
    contextFallbacks: model.context_fallbacks,
    contentFallbacks: model.content_fallbacks,
    retries: {
      attempts: retries.attempts,
      on: on ? new Set(on) : ALL_REASONS,
      repeatsSent: retries.repeat_sent,
      backoffMs: retries.backoff,
      maxBackoffMs: retries.max_backoff,
    },
    cooldown: {
      failures: cooldown.failures,
      rate: cooldown.rate,
      forMs: cooldown.for,
      maxMs: cooldown.max,
      slowStartMs: cooldown.slow_start,
      whenAll: cooldown.all_cooling,
    },
    timeouts: timeoutSettings(model.timeouts),
    limits: limitSettings(limits),
    ...(limits.queue && { queue: queueSettings(limits.queue) }),
    ...(hedge && { hedge: { after: hedge.after } }),
    ...(check && {
      healthCheck: {
        intervalMs: check.interval,
        timeoutMs: check.timeout,
        ...(check.request && { request: check.request }),
      },
    }),
    resumes: model.resume,
  });
}

/** Its form was checked when it was read. */
type StickyBy = "conversation" | "identity" | `header:${string}`;

function deploymentSettings(deployment: CompleteModel["deployments"][number]) {
  const { provider, model, key, weight, priority, limits, timeouts, price, prefill } = deployment;
  const { params: defaults, override_params: overrides } = deployment;
  return Object.freeze({
    provider,
    model,
    weight,
    priority,
    ...(key !== undefined && { key }),
    ...((defaults || overrides) && { params: { defaults: defaults ?? {}, overrides: overrides ?? {} } }),
    ...(limits && { limits: limitSettings(limits) }),
    ...(timeouts && { timeouts: timeoutSettings(timeouts) }),
    ...(price && { price: priceSettings(price) }),
    ...(prefill && { prefill }),
  });
}

function timeoutSettings({ connect, header, first_token: firstToken, idle, total }: FileTimeouts) {
  return {
    ...(connect !== undefined && { connectMs: connect }),
    ...(header !== undefined && { responseHeaderMs: header }),
    ...(firstToken !== undefined && { firstTokenMs: firstToken }),
    ...(idle !== undefined && { idleMs: idle }),
    ...(total !== undefined && { totalMs: total }),
  };
}

type Limits = Omit<FileLimits, "queue"> | NonNullable<FileDeployment["limits"]>;

function limitSettings(limits: Limits) {
  const { max_in_flight: inFlight, requests_per_minute: requests, tokens_per_minute: tokens } = limits;
  return {
    ...(inFlight !== undefined && { maxInFlight: inFlight }),
    ...(requests !== undefined && { requestsPerMinute: requests }),
    ...(tokens !== undefined && { tokensPerMinute: tokens }),
  };
}

export type ProviderRoutingSettings = ReturnType<typeof providerSettings>;

/** What a provider says, for all requests to it. */
export function providerSettings({ id, limits = {}, timeouts = {} }: Omit<ProviderPart, "places">) {
  return Object.freeze({
    id,
    limits: limitSettings(limits),
    ...(limits.queue && { queue: queueSettings(completeQueue(limits.queue)) }),
    timeouts: timeoutSettings(timeouts),
  });
}

const queueSettings = ({ length, timeout }: { readonly length: number; readonly timeout: number }) => ({
  length,
  timeoutMs: timeout,
});
