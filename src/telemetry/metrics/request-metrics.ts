import type { FailureCode } from "../../core/errors.ts";
import type {
  CallObserver,
  CallRecord,
  Outcome,
  RequestObserver,
  RequestRecord,
  ToolRun,
} from "../../core/request-context.ts";
import { createModelTable, type ModelTable } from "./model-table.ts";
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

/** What becomes of requests, and of the calls of providers for them, as metrics. */
export class RequestMetrics {
  readonly #parts: RequestMetricsParts;
  readonly #store: MetricStore;
  readonly #models: ModelTable;
  readonly #routes = new Map<string, RouteSeries>();
  readonly #queueWaits = new Map<string, number>();
  /** Calls of providers that are not over. */
  callsInProgress = 0;

  constructor(parts: RequestMetricsParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.#models = createModelTable(parts.store, parts.names);
  }

  readonly observeRequest: RequestObserver = (context, finishedAt) => {
    const store = this.#store;
    const route = this.#routeOf(context.route);
    this.#countRequest(route, context);
    if (route.operation === undefined) return;
    const { usage, cost, toolRuns, startedAt, routing } = context;
    const queuedMs = routing?.queuedMs;
    const failure = failureOf(context);
    const elapsed = finishedAt - startedAt;
    const own = elapsed - context.waitedUntil(finishedAt) - (queuedMs ?? 0);
    store.overhead.observe(route.overhead, Math.max(0, own) / 1000);
    const isGood = failure === undefined && context.status < 300;
    const series = this.#models.find(route.operation, context, context.model, isGood);
    this.#observe(store.requestDuration, series.requestDuration(failure), elapsed, context);
    if (usage) series.used(usage);
    if (cost !== undefined) series.paid(cost);
    if (context.streaming && failure === undefined) this.#observeStream(series, context, finishedAt);
    if (toolRuns) for (const run of toolRuns) this.#countTool(series, run);
    if (queuedMs !== undefined) this.#countQueue(routing?.alias, queuedMs);
  };

  readonly observeCall: CallObserver = {
    began: () => {
      this.callsInProgress += 1;
    },
    ended: (call, endedAt) => {
      this.callsInProgress -= 1;
      const { context, startedAt, failure } = call;
      const isGood = failure === undefined && (call.status ?? 0) < 300;
      const operation = this.#routeOf(context.route).operation;
      const series = this.#models.find(operation ?? "", context, call.model, isGood, call.provider.id);
      const { attempts, operationDuration, timeToFirstChunk } = this.#store;
      attempts.add(series.attempt(call.kind, failure), 1);
      if (operation === undefined) return;
      this.#observe(operationDuration, series.operationDuration(failure), endedAt - startedAt, context);
      const firstMs = isGood ? firstChunkMs(call) : undefined;
      if (firstMs !== undefined) this.#observe(timeToFirstChunk, series.timeToFirstChunk, firstMs, context);
    },
  };

  #routeOf(route: string): RouteSeries {
    const known = this.#routes.get(route);
    if (known) return known;
    const operation = this.#parts.operations.get(route);
    const found = { route, operation, overhead: this.#store.overhead.slot([route]), counts: new Map() };
    this.#routes.set(route, found);
    return found;
  }

  #countRequest({ route, counts }: RouteSeries, { outcome = "failed", status }: RequestRecord): void {
    const { requests } = this.#store;
    const key = status * 4 + OUTCOMES[outcome];
    let slot = counts.get(key);
    if (slot === undefined) counts.set(key, (slot = requests.slot([route, outcome, String(status)])));
    requests.add(slot, 1);
  }

  #observe(series: Series, slot: number, milliseconds: number, { trace }: RequestRecord): void {
    const value = milliseconds / 1000;
    const index = series.observe(slot, value);
    const traceId = trace?.sampledId;
    if (traceId !== undefined) series.exemplify(slot, index, { traceId, value, at: this.#parts.clock() / 1000 });
  }

  #observeStream(series: ModelSeries, context: RequestRecord, finishedAt: number): void {
    const { firstByteAt, startedAt, usage } = context;
    const { timeToFirstToken, timePerOutputToken } = this.#store;
    if (firstByteAt === undefined) return;
    this.#observe(timeToFirstToken, series.timeToFirstToken, firstByteAt - startedAt, context);
    const further = (usage?.outputTokens ?? 0) - 1;
    if (further < 1) return;
    const each = (finishedAt - firstByteAt) / further;
    this.#observe(timePerOutputToken, series.timePerOutputToken, each, context);
  }

  #countTool(series: ModelSeries, { name, startedAt, endedAt, hasFailed }: ToolRun): void {
    const { toolCalls, toolDuration } = this.#store;
    const labels = series.toolLabels(name, hasFailed ? "tool_failed" : undefined);
    toolCalls.add(toolCalls.slot(labels), 1);
    toolDuration.observe(toolDuration.slot(labels), (endedAt - startedAt) / 1000);
  }

  /** @param alias undefined if a provider itself is what has no room */
  #countQueue(alias: string | undefined, milliseconds: number): void {
    const { queueWait } = this.#store;
    const label = this.#parts.names.labelOf(undefined, alias, false);
    let slot = this.#queueWaits.get(label);
    if (slot === undefined) this.#queueWaits.set(label, (slot = queueWait.slot([label])));
    queueWait.observe(slot, milliseconds / 1000);
  }
}

/** Why it failed; a client that has left is a reason, too. */
function failureOf({ failure, outcome }: RequestRecord): FailureCode | undefined {
  return failure ?? (outcome === "client_gone" ? "client_gone" : undefined);
}

/** When the first byte of a stream came, which is recorded of the first call only that had one. */
function firstChunkMs({ context: { streaming, firstByteAt }, startedAt }: CallRecord): number | undefined {
  return streaming && firstByteAt !== undefined && firstByteAt >= startedAt ? firstByteAt - startedAt : undefined;
}
