import type { Config } from "./config/load-config.ts";
import * as options from "./config/module-options.ts";
import { priceOptions } from "./config/price-options.ts";
import type { Authentication, AuthenticationParts } from "./auth/open-authentication.ts";
import { nextTurn } from "./core/event-loop.ts";
import { type ReadFile, rememberFiles } from "./core/read-files.ts";
import { loadStrictChecks } from "./formats/format.ts";
import { createHeartbeat } from "./pipeline/heartbeat.ts";
import { createPassthrough } from "./pipeline/passthrough/passthrough.ts";
import { createRelay, type RelayParts } from "./pipeline/relay.ts";
import type { RelayStages } from "./pipeline/stage.ts";
import { withStored } from "./pipeline/relay-stored.ts";
import { openFetchMedia } from "./pipeline/translate/open-fetch-media.ts";
import { createRequestHeaders } from "./providers/api-request.ts";
import type { ModelLists } from "./routing/model-lists/model-lists.ts";
import type { NamedModels } from "./routing/deployments.ts";
import { type ObservedRouting, observeRouting } from "./routing/observed-routing.ts";
import { openRouting } from "./routing/open-routing.ts";
import type { Routes } from "./server/router-table.ts";
import { FORMATS } from "./server/routes.ts";
import { loadTls, type TlsMaterial } from "./server/tls.ts";
import { createVisionGate } from "./stages/vision-gate.ts";
import type { Tools } from "./tools/open-tools.ts";
import type { SharedParts } from "./shared-parts.ts";
import type { Upstream } from "./upstream/open-upstream.ts";

/** One configuration, with everything built from it that a request needs. Requests keep the one that they began with. */
export interface Snapshot {
  readonly config: Config;
  /** What answers each route. */
  readonly routes: Routes;
  readonly tls: TlsMaterial | undefined;
  /** Hashes of the files that settings name, by their paths. */
  readonly files: ReadonlyMap<string, bigint | number>;
  /** Keys of the endpoints that its requests may call. */
  readonly endpoints: ReadonlySet<string>;
  /** What the next one goes on with if its settings are the same. */
  readonly authentication: Authentication | undefined;
  readonly modelLists: ModelLists;
  /** What its names of models mean. */
  readonly named: NamedModels | undefined;
  readonly observed: ObservedRouting;
  /** It is in use from now on: connects and asks, in the background, for what it will need. */
  start(): void;
  /** Resolves when no request is on it. For one that no request begins on any more. */
  whenOver(): Promise<void>;
  /** Frees what it does not share with another one. Never throws; a second call does nothing. */
  dispose(): Promise<void>;
}

/**
 * Builds a snapshot, which changes nothing for anybody before it is started. What only some settings need is loaded only
 * with them: most of it is code, which would stay in memory.
 * @param previous what is in use now
 * @throws SettingError if a setting names something that cannot be used.
 */
export async function buildSnapshot(config: Config, shared: SharedParts, previous?: Snapshot): Promise<Snapshot> {
  await using building = new AsyncDisposableStack();
  return assemble(config, shared, building, await loadParts(config, shared), previous);
}

type LoadedParts = Awaited<ReturnType<typeof loadParts>>;

/** Loads what only some settings need; the rest stays undefined. In turns, so that requests go on. */
async function loadParts(config: Config, shared: SharedParts) {
  const { AUTH_ENABLED, MCP_ENABLED, VALIDATION } = config.settings;
  await nextTurn();
  const prices = await shared.prices.open(priceOptions(config));
  const named = await shared.deployments.name(options.modelOptions(config), prices?.book);
  await nextTurn();
  return {
    ...{ prices, named },
    auth: AUTH_ENABLED ? await import("./auth/open-authentication.ts") : undefined,
    // What answers requests for names with several deployments: 30 modules.
    routed: named && {
      ...(await import("./pipeline/route/request-route.ts")),
      ...(await import("./pipeline/route/route-stage.ts")),
    },
    openTools: MCP_ENABLED ? await shared.tools.load() : undefined,
    strictChecks: VALIDATION === "strict" ? await loadStrictChecks(FORMATS) : undefined,
  };
}

/**
 * Not `async`: what is made in such a function holds all of its arguments, and each snapshot would hold the one before.
 * @param building disposes of what is made if this throws.
 */
function assemble(
  config: Config,
  shared: SharedParts,
  building: AsyncDisposableStack,
  { auth, named, prices, routed, openTools, strictChecks }: LoadedParts,
  previous: Snapshot | undefined,
): Snapshot {
  const { settings, providers } = config;
  const { listener, deadlines, memory, decompressions, timers, responseKeeping } = shared;
  const common = { deadlines, memory, decompressions, now: timers.now, ...shared.callObservers };
  const { files, readFile } = rememberFiles(shared.readFile);
  const upstream = shared.connections.configure(options.upstreamOptions(settings, providers));
  building.defer(() => upstream.release());
  const tls = loadTls(options.tlsFiles(settings), readFile);
  const authentication = auth?.openAuthentication(
    options.authenticationOptions(settings),
    authenticationParts(shared, upstream, readFile),
    previous?.authentication,
  );
  const { modelLists, policy, routePolicy, ...routing } = openRouting(options.routingOptions(settings), {
    ...routingParts(shared, upstream),
    providers,
    previous: previous?.modelLists,
  });
  const { keepAliveMs, fetchesMedia, ...relayOptions } = options.relayOptions(settings);
  const deployments = shared.deployments.open(named, upstream.openCall);
  building.defer(() => (deployments?.stop(), prices?.stop()));
  const parts: RelayParts = {
    ...relayOptions,
    strictChecks,
    routing: deployments && routed?.openRoutedAdmission({ ...relayOptions, ...deployments, policy, routePolicy }),
    heartbeat: createHeartbeat(keepAliveMs, common),
    openCall: upstream.openCall,
    requestHeaders: createRequestHeaders(`inference-gateway/${shared.version}`),
    targets: { ...modelLists, providers: routing.providers },
    policy,
    dialects: shared.dialects,
    replays: shared.replays,
    fetchMedia: fetchesMedia ? openFetchMedia({ ...shared, fetch: upstream.fetch, now: timers.now }) : undefined,
    clock: shared.clock,
    connections: { ...listener, uploadBytesPerTimeout: options.uploadBytesPerTimeout(settings) },
    ...common,
  };
  const tools = openTools?.(options.toolsOptions(settings, config.mcpServers), { relay: parts, fetch: upstream.fetch });
  building.defer(() => tools?.registry.close());
  const relay = withStored(createRelay(parts, stagesOf(config, parts, shared, tools, routed)), parts);
  const requests = shared.requests.beginGeneration(prices?.calls(providers, named?.table.all ?? []));
  const routes = shared.server.buildRoutes(options.routesOptions(settings), {
    requests,
    authentication,
    relay: responseKeeping?.relay(relay, parts) ?? relay,
    passthrough: createPassthrough(parts),
    models: {
      ...{ ...relayOptions, ...routing, catalogue: modelLists, policy },
      own: deployments?.list(routePolicy),
    },
    ...{ routing: deployments?.view, toolRegistry: tools?.registry },
    ...{ history: shared.history?.handlers, pushMetrics: shared.metrics?.handlePush?.(parts) },
  });

  const owned = building.move();
  return {
    ...{ config, routes, tls, files, authentication, modelLists, named },
    endpoints: options.endpointKeys(providers),
    observed: observeRouting(providers, modelLists, named, deployments),
    start() {
      shared.exported?.goesOutBy(upstream.fetch);
      deployments?.start();
      authentication?.warm();
      tools?.registry.start();
      modelLists.start();
      prices?.start(upstream.fetch);
    },
    whenOver() {
      deployments?.stop();
      return requests.whenOver();
    },
    dispose: () => owned.disposeAsync().catch(shared.onFault),
  };
}

function stagesOf(
  { settings }: Config,
  parts: RelayParts,
  { responseKeeping }: SharedParts,
  tools: Tools | undefined,
  routing: LoadedParts["routed"],
): RelayStages {
  const kept = responseKeeping ? [responseKeeping.stage(parts)] : [];
  const routed =
    parts.routing && routing
      ? [routing.createRouteStage({ ...parts, ...parts.routing, hasTools: tools !== undefined })]
      : [];
  const gates = createVisionGate(options.visionOptions(settings));
  const readers = [...routed, ...(tools ? [tools.loop] : [])];
  return { stages: [...kept, ...gates, ...readers], readsAgain: kept.length + readers.length > 0 };
}

function routingParts({ timers, clock, changes }: SharedParts, { openCall }: Upstream) {
  const { modelListRead: onRead, modelListFailed: onFailure } = changes;
  const { modelListRecovered: onRecovered, modelListGivenUp: onGivenUp } = changes;
  return { openCall, timers, clock, onRead, onFailure, onRecovered, onGivenUp };
}

function authenticationParts(
  { timers, clock, changes, exported }: SharedParts,
  upstream: Upstream,
  readFile: ReadFile,
): AuthenticationParts {
  const fetch = exported?.tracing?.traceFetch(upstream.fetch) ?? upstream.fetch;
  const { issuerChanged: onIssuerChange, issuerNamedOtherwise: onOtherName } = changes;
  return { fetch, readFile, now: timers.now, clock, onIssuerChange, onOtherName };
}
