import type { Config } from "./config/load-config.ts";
import * as options from "./config/module-options.ts";
import { BACKGROUND_TIMERS, type TimerSource } from "./core/deadlines.ts";
import { openRequests } from "./core/open-requests.ts";
import { type ReadFile, readTextFile } from "./core/read-files.ts";
import { createPassthrough } from "./pipeline/passthrough.ts";
import { createRelay, type RelayParts } from "./pipeline/relay.ts";
import { withStored } from "./pipeline/relay-stored.ts";
import { openRouting } from "./routing/open-routing.ts";
import type { WorkerPlace } from "./server/handlers/health.ts";
import { createListener } from "./server/listener.ts";
import { QUIET_ROUTES } from "./server/routes.ts";
import { createServer } from "./server/server.ts";
import { createChangeLog } from "./telemetry/log-changes.ts";
import { logRequest } from "./telemetry/log-request.ts";
import type { Log } from "./telemetry/log.ts";
import { openTools } from "./tools/open-tools.ts";
import type { EgressParts } from "./upstream/egress.ts";
import { openUpstream } from "./upstream/open-upstream.ts";
import { createRequestHeaders } from "./providers/request-headers.ts";

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
  /** Which worker this is, if several processes serve at one address; undefined if this one serves alone. */
  readonly worker?: WorkerPlace | undefined;
  /** How long a stream may be silent while tools run before its client is sent a comment, in milliseconds. */
  readonly keepAliveMs?: number;
}

export interface Gateway {
  /** Starts to serve. Throws if the address cannot be listened on. */
  listen(): Promise<{ readonly url: string }>;
  /**
   * Reads again what operators change while the gateway runs: the file of static keys, certificate and key.
   * Rejects with {@link SettingError}, and changes nothing, if one of them cannot be used; with another error if only
   * the certificate could not be applied.
   */
  reload(): Promise<void>;
  /** Bytes that requests in flight hold now, out of what `SERVER_MAX_BUFFERED_BYTES` allows. */
  bufferedBytes(): number;
  /**
   * Stops accepting, lets requests in flight finish for as long as the settings allow, and ends the rest with an error.
   * @param onClosed called when nothing is accepted any more
   * @returns how many had to be ended.
   */
  drain(onClosed: () => void): Promise<number>;
}

/**
 * Builds every part of the gateway and wires them; starts nothing.
 * What only some settings need is loaded only with them: most of it is code, which would stay in memory.
 * @throws SettingError if a setting names something that cannot be used.
 */
export async function createGateway(config: Config, dependencies: GatewayDependencies): Promise<Gateway> {
  const { settings, providers, mcpServers } = config;
  const { log, version, worker, fetch, probe, readFile = readTextFile } = dependencies;
  const { now = () => performance.now(), clock = Date.now, newId = () => crypto.randomUUID() } = dependencies;
  const { setTimer, clearTimer } = dependencies.timers ?? BACKGROUND_TIMERS;
  const timers = { now, setTimer, clearTimer };
  const changes = createChangeLog(log, worker?.number);
  const maxBytes = options.bufferedBytes(settings, worker !== undefined);
  const observers = [logRequest(log, QUIET_ROUTES)];
  const { requests, deadlines, memory } = openRequests({ maxBytes, timers, observers, newId });
  const upstream = openUpstream(options.upstreamOptions(settings), { deadlines, now, fetch, probe });
  const { modelLists, policy, ...routing } = openRouting(options.routingOptions(settings), {
    providers,
    openCall: upstream.openCall,
    timers,
    onFailure: changes.modelListFailed,
    onGivenUp: changes.modelListGivenUp,
  });
  const serverOptions = options.serverOptions(settings);
  const listener = createListener(serverOptions.listener, { sharesPort: worker !== undefined, readFile, log });
  const parts: RelayParts = {
    ...options.relayOptions(settings),
    openCall: upstream.openCall,
    requestHeaders: createRequestHeaders(`inference-gateway/${version}`),
    targets: { providers: routing.providers, findBareName: modelLists.findBareName },
    policy,
    connections: { ...listener, uploadBytesPerTimeout: options.uploadBytesPerTimeout(settings) },
    memory,
  };
  const tools = settings.MCP_ENABLED
    ? openTools(options.toolsOptions(settings, mcpServers), {
        relay: parts,
        version,
        fetch: upstream.fetch,
        timers,
        keepAliveMs: dependencies.keepAliveMs,
        onStatus: changes.toolServerChanged,
        onToolFaults: changes.toolsFaulty,
      })
    : undefined;
  const authentication = settings.AUTH_ENABLED
    ? (await import("./auth/open-authentication.ts")).openAuthentication(options.authenticationOptions(settings), {
        fetch: upstream.fetch,
        readFile,
        now,
        clock,
        onIssuerChange: changes.issuerChanged,
        onOtherName: changes.issuerNamedOtherwise,
      })
    : undefined;
  const server = createServer(serverOptions, {
    listener,
    requests,
    authentication,
    relay: withStored(createRelay({ ...parts, ...(tools && { toolLoop: tools.loop }) }), parts),
    passthrough: createPassthrough(parts),
    models: { providers: routing.providers, catalogue: modelLists, policy },
    toolRegistry: tools?.registry,
    worker,
    version,
    readFile,
    timers: dependencies.timers,
  });
  return {
    async listen() {
      const listening = await server.listen();
      tools?.registry.start();
      for (const each of providers)
        if (each.callable) modelLists.ofProvider(each).then(changes.modelListRead, () => {});
      return listening;
    },
    bufferedBytes: memory.used,
    reload: server.reload,
    async drain(onClosed) {
      const cut = await server.drain(settings.SERVER_SHUTDOWN_TIMEOUT, onClosed);
      await tools?.registry.close();
      upstream.close();
      return cut;
    },
  };
}
