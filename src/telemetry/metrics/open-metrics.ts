import type { TimerSource } from "../../core/deadlines.ts";
import { clearGauges, copyStore, createMetricStore, type MetricStore, type StoreCopy } from "./metric-store.ts";
import { createMetricsServer, type MetricsServerOptions } from "./metrics-server.ts";
import { createModelNames, type KnownNames } from "./model-names.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { RequestMetrics, type RequestMetricsParts } from "./request-metrics.ts";

export interface MetricsOptions {
  /** Undefined if they are not served. */
  readonly address: MetricsServerOptions | undefined;
}

/** A model of the gateway's own, as far as it is counted. */
export interface ObservedModel {
  readonly name: string;
  readonly deployments: readonly { readonly label: string; readonly state: string }[];
  readonly queue: { readonly waiting: number } | undefined;
}

/** What is only looked at when metrics are read. */
export interface MetricsViews {
  readonly known: () => KnownNames;
  readonly requestsInFlight: () => number;
  /** The gateway's own models; empty if there are none. */
  readonly models: () => readonly ObservedModel[];
  /** Of the gateway's own transport; those that were opened since its start. */
  readonly connections: () => { readonly idle: number; readonly opened: number };
  /** Since the start of the process. */
  readonly droppedLogLines: () => number;
  /** Of what goes to collectors, and of the request history: so many of each signal that is on. */
  readonly droppedTelemetry: () => Readonly<Partial<Record<string, number>>>;
}

export interface MetricsParts extends Pick<RequestMetricsParts, "operations" | "clock">, MetricsViews {
  readonly timers: TimerSource;
  /** The number of this process among several, which then has no address of its own for metrics; undefined if it is alone. */
  readonly worker: number | undefined;
}

/** The metrics of one process. */
export interface Metrics extends Pick<RequestMetrics, "observeRequest" | "observeCall"> {
  /** Serves them, unless other processes do. @returns where. @throws ListenError */
  listen(): string | undefined;
  /** All series as they are now, for the process that serves them. */
  copy(): StoreCopy;
  /** What requests are counted in, and what others push. */
  readonly store: MetricStore;
  close(): Promise<void>;
}

/** Opens the metrics of this process. Listens to nothing yet. */
export function openMetrics({ address }: MetricsOptions, parts: MetricsParts): Metrics {
  const { operations, clock, timers, worker } = parts;
  const store = createMetricStore();
  const names = createModelNames(parts.known);
  const requests = new RequestMetrics({ store, names, operations, clock });
  const ownProcess = createProcessMetrics(store, timers, worker);

  const collect = (): MetricStore => {
    clearGauges(store);
    readViews(store, parts, requests.callsInProgress);
    ownProcess.read();
    return store;
  };
  const server = address && worker === undefined ? createMetricsServer(address, collect) : undefined;

  return {
    observeRequest: requests.observeRequest,
    observeCall: requests.observeCall,
    store,
    listen: () => server?.listen(),
    copy: () => copyStore(collect()),
    async close() {
      ownProcess.close();
      await server?.close();
    },
  };
}

function readViews(store: MetricStore, views: MetricsViews, activeCalls: number): void {
  const { requestsInFlight, upstreamConnections, upstreamConnectionsOpened, logLinesDropped } = store;
  requestsInFlight.set(requestsInFlight.slot([]), views.requestsInFlight());
  const { idle, opened } = views.connections();
  upstreamConnections.set(upstreamConnections.slot(["active"]), activeCalls);
  upstreamConnections.set(upstreamConnections.slot(["idle"]), idle);
  upstreamConnectionsOpened.set(upstreamConnectionsOpened.slot([]), opened);
  logLinesDropped.set(logLinesDropped.slot([]), views.droppedLogLines());
  for (const [signal, dropped = 0] of Object.entries(views.droppedTelemetry())) {
    store.telemetryDropped.set(store.telemetryDropped.slot([signal]), dropped);
  }
  for (const { name, deployments, queue } of views.models()) {
    for (const { label, state } of deployments) {
      store.deployments.add(store.deployments.slot([name, label, state]), 1);
    }
    if (queue) store.queueLength.add(store.queueLength.slot([name]), queue.waiting);
  }
}
