import type { Config } from "./config/load-config.ts";
import { requestLogOptions } from "./config/telemetry-options.ts";
import * as options from "./config/module-options.ts";
import { BACKGROUND_TIMERS, type TimerSource } from "./core/deadlines.ts";
import type { OnFault } from "./core/faults.ts";
import { openRequests, type Requests } from "./core/in-flight-requests.ts";
import { type ReadFile, readTextFile } from "./core/read-files.ts";
import { DIALECTS, type Dialects } from "./formats/dialects.ts";
import type { AttemptParts } from "./pipeline/attempt/attempt-parts.ts";
import { createReplayCache, type ReplayCache } from "./pipeline/translate/replay-cache.ts";
import { createCredentials } from "./providers/credentials/credentials.ts";
import type { CircuitChange } from "./routing/health/deployment-states.ts";
import { type LazyDeployments, openDeployments } from "./routing/open-deployments.ts";
import { createPriceSource, type PriceSource } from "./routing/prices/price-source.ts";
import type { SharingChannel } from "./routing/sharing/channel.ts";
import { type OpenSharing, openSharing } from "./routing/sharing/open-sharing.ts";
import type { ObservedRouting } from "./routing/observed-routing.ts";
import type { ConfigFileState, WorkerPlace } from "./server/handlers/health.ts";
import { createListener, type Listener } from "./server/listener.ts";
import { QUIET_ROUTES } from "./server/routes.ts";
import { openExportOf, openHistoryOf, openMetricsOf, type OpenMetrics } from "./shared-observers.ts";
import { createServer, type Server } from "./server/server.ts";
import type { ResponseKeeping } from "./stages/response-store/open-response-keeping.ts";
import { type ChangeLog, createChangeLog } from "./telemetry/log-changes.ts";
import { logRequest } from "./telemetry/log-request.ts";
import type { Log } from "./telemetry/log.ts";
import type { Export } from "./telemetry/open-export.ts";
import { createLazyTools, type LazyTools } from "./tools/load-tools.ts";
import type { EgressParts } from "./upstream/egress.ts";
import { type Connections, openConnections } from "./upstream/open-upstream.ts";

/** What the gateway uses of the outside world; every member defaults to the real thing. */
export interface GatewayDependencies {
  readonly log: Log;
  readonly version: string;
  readonly fetch?: EgressParts["fetch"];
  readonly probe?: EgressParts["probe"];
  /** Reads the files of static keys, certificate and key. */
  readonly readFile?: ReadFile;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Milliseconds since the epoch. */
  readonly clock?: () => number;
  /** What waits are timed with; must agree with `now`. */
  readonly timers?: Pick<TimerSource, "setTimer" | "clearTimer">;
  readonly newId?: () => string;
  /** What translates between API formats. */
  readonly dialects?: Dialects;
  /** Which worker this is, if several processes serve at one address; undefined if this one serves alone. */
  readonly worker?: WorkerPlace | undefined;
  /** The way to the other workers; undefined if this process serves alone. */
  readonly channel?: SharingChannel | undefined;
  /** What chooses among deployments. */
  readonly deployments?: LazyDeployments;
  /** What is known of the configuration file; undefined if there is none. */
  readonly configFile?: (() => ConfigFileState) | undefined;
  /** From 0 to 1, 1 excluded: for what is left to chance in routing. */
  readonly random?: () => number;
}

/** What outlives every configuration. Its state is kept by what it is about: an endpoint, an MCP server, a request. */
export interface SharedParts extends Requests {
  readonly listener: Listener;
  readonly server: Server;
  readonly connections: Connections;
  readonly tools: LazyTools;
  readonly changes: ChangeLog;
  readonly version: string;
  readonly readFile: ReadFile;
  readonly dialects: Dialects;
  readonly replays: ReplayCache | undefined;
  readonly deployments: LazyDeployments;
  readonly prices: PriceSource;
  /** Absent if no responses are kept. */
  readonly responseKeeping: ResponseKeeping | undefined;
  /** Absent if nothing is counted. */
  readonly metrics: OpenMetrics | undefined;
  /** What sees each call of a provider. */
  readonly callObservers: Pick<AttemptParts, "calls" | "keepContent">;
  /** Absent if nothing is sent to a collector. */
  readonly exported: Export | undefined;
  /** Absent if none is kept. */
  readonly history: Awaited<ReturnType<typeof openHistoryOf>>;
  /** With other processes: cooldowns, what was used of limits, slots. */
  readonly sharing: OpenSharing;
  readonly timers: TimerSource;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly onFault: OnFault;
}

/** How the shared parts are used. */
export interface SharedUse {
  /** What metrics tell of the configuration in use. */
  readonly observed: () => ObservedRouting;
  /** Gets what closes connections, files and threads, also if a part after them cannot be opened. */
  readonly opening: AsyncDisposableStack;
  /** How long it may take to send to a collector what is left when all is closed, in milliseconds. */
  readonly exportMs: () => number;
}

function logCircuit(changes: ChangeLog, { kind, label, why, until }: CircuitChange): void {
  if (kind === "cooling") changes.deploymentCooling({ label }, why, until);
  else changes.deploymentRecovered({ label });
}

/**
 * Builds what outlives every configuration; of the first one's settings it needs those that only a restart changes.
 */
export async function openShared(
  { settings }: Config,
  dependencies: GatewayDependencies,
  { observed, opening, exportMs }: SharedUse,
) {
  const { log, version, worker, configFile, fetch, probe, readFile = readTextFile, dialects = DIALECTS } = dependencies;
  const { now = BACKGROUND_TIMERS.now, clock = Date.now, random = Math.random, newId } = dependencies;
  const { setTimer, clearTimer } = dependencies.timers ?? BACKGROUND_TIMERS;
  const timers = { now, setTimer, clearTimer };
  const changes = createChangeLog(log, worker?.number);
  const maxBytes = options.bufferedBytes(settings, worker !== undefined);
  const { onFault } = log;
  let exported: Export | undefined;
  opening.defer(() => exported?.close(exportMs()));
  const metrics = await openMetricsOf(settings, {
    ...{ clock, timers, worker: worker?.number },
    ...{ connections: () => connections.connections(), requestsInFlight: () => requests.size() },
    droppedLogLines() {
      const { info, failures } = log.lostLines();
      return info + failures;
    },
    droppedTelemetry: () => ({ ...exported?.dropped(), ...history?.dropped() }),
    known: observed,
    models: () => observed().view?.models() ?? [],
  });
  opening.defer(() => metrics?.close());
  const history = await openHistoryOf(settings, changes, { clock, timers });
  opening.defer(() => history?.close());
  exported = await openExportOf(settings, {
    ...{ clock, timers, random, log, readFile, version, metrics, worker: worker?.number },
    onChange: changes.collectorChanged,
  });
  const beginTrace = exported?.tracing?.begin;
  const observers = [
    logRequest(log, QUIET_ROUTES, requestLogOptions(settings)),
    ...(metrics ? [metrics.observeRequest] : []),
    ...(exported?.tracing ? [exported.tracing.observer] : []),
    ...(history ? [history.observe] : []),
  ];
  const measuresWaits = metrics !== undefined;
  const inFlight = openRequests({ maxBytes, timers, observers, newId, measuresWaits, beginTrace, onFault });
  const { requests, memory, deadlines } = inFlight;
  const credentials = createCredentials({ clock, timers, onChange: changes.credentialChanged });
  const connections = openConnections({ deadlines, now, fetch, probe, credentials });
  const listener = createListener(options.listenerOptions(settings), { sharesPort: worker !== undefined, log });
  const served = { listener, requests, onFault, worker, configFile, version };
  const server = createServer({ ...served, timers: dependencies.timers });
  const { toolsFaulty: onToolFaults, toolServerChanged: onStatus } = changes;
  const tools = createLazyTools({ version, timers, memory, onToolFaults, onStatus });
  const replays = createReplayCache({ maxBytes: options.replayBytes(settings), now });
  const stored = options.responseStoreOptions(settings);
  const responseKeeping = stored
    ? await (
        await import("./stages/response-store/open-response-keeping.ts")
      ).openResponseKeeping(stored, { clock, timers, onChange: changes.responseStoreChanged })
    : undefined;
  opening.defer(() => responseKeeping?.close());
  const shared = { channel: dependencies.channel, redisUrl: settings.REDIS_URL, clock, timers };
  const sharing = openSharing({ ...shared, onRedisChange: changes.sharingChanged });
  const routed = { sharing, clock, timers, random, checks: worker === undefined || worker.number === 1 };
  const { deployments = openDeployments({ ...routed, onChange: (change) => logCircuit(changes, change) }) } =
    dependencies;
  const prices = createPriceSource({ timers, clock, onChange: changes.pricesChanged });
  opening.defer(() => (connections.close(), deployments.close(), sharing.close()));
  const known = {
    ...{ metrics, exported, history, sharing, deployments, prices, changes, responseKeeping },
    ...{ version, readFile, dialects, replays, timers, clock, onFault },
    callObservers: { calls: metrics?.observeCall, keepContent: history?.keepContent },
  };
  return { ...known, ...inFlight, listener, server, connections, tools } satisfies SharedParts;
}
