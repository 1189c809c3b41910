import type { FailureCode } from "../../core/errors.ts";
import type {
  CallObserver,
  CallRecord,
  Outcome,
  RequestObserver,
  RequestRecord,
  ToolRun,
} from "../../core/request-context.ts";
import { createModelTable } from "./model-table.ts";
import type { MetricStore } from "./metric-store.ts";
import type { ModelNames } from "./model-names.ts";
import type { ModelSeries } from "./model-series.ts";
import type { Series } from "./series.ts";

export interface RequestMetricsParts {
  readonly store: MetricStore;
  readonly names: ModelNames;
  /** What the requests of a route are for, by its template, as the GenAI conventions name it; other routes ask no model. */
  readonly operations: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Milliseconds of the clock of requests. */
  readonly now: () => number;
}

/** What becomes of requests, and of the calls of providers for them, as metrics. */
export interface RequestMetrics {
  readonly observeRequest: RequestObserver;
  readonly observeCall: CallObserver;
  /** Calls of providers that are not over. */
  callsInProgress(): number;
}

/** What is looked up once for a route. */
interface RouteSeries {
  readonly route: string;
  /** Undefined if it asks no model. */
  readonly operation: string | undefined;
  readonly overhead: number;
  /** Numbers of series by outcome and status. */
  readonly counts: Map<number, number>;
}

const OUTCOMES: Readonly<Record<Outcome, number>> = { answered: 0, failed: 1, cut: 2, client_gone: 3 };

export function createRequestMetrics({ store, names, operations, clock, now }: RequestMetricsParts): RequestMetrics {
  const routes = new Map<string, RouteSeries>();
  const models = createModelTable(store, names);
  const queueWaits = new Map<string, number>();
  let calls = 0;

  const routeOf = (route: string): RouteSeries => {
    let found = routes.get(route);
    if (!found) {
      const operation = operations.get(route);
      found = { route, operation, overhead: store.overhead.slot([route]), counts: new Map() };
      routes.set(route, found);
    }
    return found;
  };

  const countRequest = ({ route, counts }: RouteSeries, { outcome = "failed", status }: RequestRecord): void => {
    const key = status * 4 + OUTCOMES[outcome];
    let slot = counts.get(key);
    if (slot === undefined) counts.set(key, (slot = store.requests.slot([route, outcome, String(status)])));
    store.requests.add(slot, 1);
  };

  const observe = (series: Series, slot: number, value: number, { traceId }: RequestRecord): void => {
    const index = series.observe(slot, value);
    if (traceId !== undefined) series.exemplify(slot, index, { traceId, value, at: clock() / 1000 });
  };

  const countQueue = (alias: string, milliseconds: number): void => {
    const label = names.labelOf(undefined, alias, false);
    let slot = queueWaits.get(label);
    if (slot === undefined) queueWaits.set(label, (slot = store.queueWait.slot([label])));
    store.queueWait.observe(slot, milliseconds / 1000);
  };

  const countTool = (series: ModelSeries, { name, startedAt, endedAt, hasFailed }: ToolRun): void => {
    const labels = series.toolLabels(name, hasFailed ? "tool_failed" : undefined);
    store.toolCalls.add(store.toolCalls.slot(labels), 1);
    store.toolDuration.observe(store.toolDuration.slot(labels), (endedAt - startedAt) / 1000);
  };

  const observeStream = (series: ModelSeries, context: RequestRecord, finishedAt: number): void => {
    const { firstByteAt, startedAt, usage } = context;
    if (firstByteAt === undefined) return;
    observe(store.timeToFirstToken, series.timeToFirstToken, (firstByteAt - startedAt) / 1000, context);
    const further = (usage?.outputTokens ?? 0) - 1;
    if (further < 1) return;
    const each = (finishedAt - firstByteAt) / 1000 / further;
    observe(store.timePerOutputToken, series.timePerOutputToken, each, context);
  };

  const observeRequest: RequestObserver = (context, finishedAt) => {
    const route = routeOf(context.route);
    countRequest(route, context);
    if (route.operation === undefined) return;
    const { usage, toolRuns, startedAt, routing } = context;
    const queuedMs = routing?.queuedMs;
    const failure = failureOf(context);
    const elapsed = finishedAt - startedAt;
    const own = elapsed - context.waitedUntil(finishedAt) - (queuedMs ?? 0);
    store.overhead.observe(route.overhead, Math.max(0, own) / 1000);
    const series = models.find(route.operation, context, context.model, failure === undefined && context.status < 300);
    observe(store.requestDuration, series.requestDuration(failure), elapsed / 1000, context);
    if (usage) series.used(usage);
    if (context.streaming && failure === undefined) observeStream(series, context, finishedAt);
    if (toolRuns) for (const run of toolRuns) countTool(series, run);
    if (queuedMs !== undefined && routing) countQueue(routing.alias ?? context.model ?? "", queuedMs);
  };

  return {
    observeRequest,
    observeCall: {
      began() {
        calls += 1;
      },
      ended(call) {
        const endedAt = now();
        calls -= 1;
        const { context, startedAt, failure } = call;
        const isGood = failure === undefined && (call.status ?? 0) < 300;
        const operation = operations.get(context.route) ?? "";
        const series = models.find(operation, context, call.model, isGood, call.provider.id);
        store.attempts.add(series.attempt(call.kind, failure), 1);
        if (operation === "") return;
        observe(store.operationDuration, series.operationDuration(failure), (endedAt - startedAt) / 1000, context);
        const firstMs = firstChunkMs(call);
        if (firstMs !== undefined && isGood)
          observe(store.timeToFirstChunk, series.timeToFirstChunk, firstMs / 1000, context);
      },
    },
    callsInProgress: () => calls,
  };
}

/** Why it failed; a client that has left is a reason, too. */
function failureOf({ failure, outcome }: RequestRecord): FailureCode | undefined {
  return failure ?? (outcome === "client_gone" ? "client_gone" : undefined);
}

/** When the first byte of a stream came, which is recorded of the first call only that had one. */
function firstChunkMs({ context: { streaming, firstByteAt }, startedAt }: CallRecord): number | undefined {
  return streaming && firstByteAt !== undefined && firstByteAt >= startedAt ? firstByteAt - startedAt : undefined;
}
