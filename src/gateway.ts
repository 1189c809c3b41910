import type { Config } from "./config/load-config.ts";
import * as options from "./config/module-options.ts";
import { type ConfigChanges, nextConfig, settingsOfFiles } from "./config/next-config.ts";
import { BACKGROUND_TIMERS, type TimerSource } from "./core/deadlines.ts";
import { openRequests } from "./core/open-requests.ts";
import { type ReadFile, readTextFile } from "./core/read-files.ts";
import { createReplayCache } from "./pipeline/translate/replay-cache.ts";
import type { ConfigFileState, WorkerPlace } from "./server/handlers/health.ts";
import { DIALECTS, type Dialects } from "./formats/dialects.ts";
import { createListener } from "./server/listener.ts";
import { QUIET_ROUTES } from "./server/routes.ts";
import { createServer } from "./server/server.ts";
import { buildSnapshot, type SharedParts, type Snapshot } from "./snapshot.ts";
import { createChangeLog } from "./telemetry/log-changes.ts";
import { logRequest } from "./telemetry/log-request.ts";
import type { Log } from "./telemetry/log.ts";
import { openToolServers } from "./tools/open-tools.ts";
import type { EgressParts } from "./upstream/egress.ts";
import { openConnections } from "./upstream/open-upstream.ts";

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
  /** What is known of the configuration file; undefined if there is none. */
  readonly configFile?: (() => ConfigFileState) | undefined;
}

export interface Gateway {
  /** Starts to serve. Throws if the address cannot be listened on. */
  listen(): Promise<{ readonly url: string }>;
  /**
   * Serves another configuration, and reads again the files that it names. Requests in flight finish on what they began
   * with, new ones see the new state at once. What only a restart changes stays as it is, and is named.
   * Rejects, and changes nothing, with {@link SettingError} if a setting cannot be used, or with another error if the
   * address cannot be listened on with the new certificate, or if the gateway has begun to end.
   */
  apply(config: Config): Promise<ConfigChanges>;
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
 * @throws SettingError if a setting names something that cannot be used.
 */
export async function createGateway(config: Config, dependencies: GatewayDependencies): Promise<Gateway> {
  const shared = openShared(config, dependencies, () => current.routes);
  const { connections, server, listener, memory } = shared;
  let current: Snapshot = await buildSnapshot(config, shared);
  const inUse = new Set([current]);
  let isListening = false;
  let isEnding = false;
  /** The last change that was asked for: each waits for the one before it. */
  let applying: Promise<unknown> = Promise.resolve();

  const retire = async (snapshot: Snapshot): Promise<void> => {
    await snapshot.whenOver();
    inUse.delete(snapshot);
    connections.retain(new Set([...inUse].flatMap(({ endpoints }) => [...endpoints])));
    await snapshot.dispose();
  };

  const apply = async (wanted: Config): Promise<ConfigChanges> => {
    const { config: applied, changed, needRestart } = nextConfig(current.config, wanted);
    const next = await buildSnapshot(applied, shared, current);
    try {
      if (isEnding) throw new Error("the gateway is shutting down");
      if (next.tls && !Bun.deepEquals(next.tls, current.tls)) await listener.replaceTls(next.tls);
    } catch (error) {
      await next.dispose();
      throw error;
    }
    const files = [...next.files].flatMap(([path, hash]) => (current.files.get(path) === hash ? [] : [path]));
    const old = current;
    current = next;
    inUse.add(next);
    if (isListening) next.start();
    void retire(old);
    return { changed: [...new Set([...changed, ...settingsOfFiles(applied.settings, files)])], needRestart };
  };

  return {
    async listen() {
      const listening = await server.listen(current.tls);
      isListening = true;
      current.start();
      return listening;
    },
    apply(wanted) {
      const applied = applying.then(() => apply(wanted));
      applying = applied.catch(() => {});
      return applied;
    },
    bufferedBytes: memory.used,
    async drain(onClosed) {
      isEnding = true;
      const cut = await server.drain(options.drainOptions(current.config.settings), onClosed);
      await applying;
      await Promise.all([...inUse].map((snapshot) => snapshot.dispose()));
      connections.close();
      return cut;
    },
  };
}

/** Builds what outlives every configuration; of the first one's settings it needs those that only a restart changes. */
function openShared({ settings }: Config, dependencies: GatewayDependencies, routes: () => Snapshot["routes"]) {
  const { log, version, worker, configFile, fetch, probe, readFile = readTextFile, dialects = DIALECTS } = dependencies;
  const { now = () => performance.now(), clock = Date.now, newId = () => crypto.randomUUID() } = dependencies;
  const { setTimer, clearTimer } = dependencies.timers ?? BACKGROUND_TIMERS;
  const timers = { now, setTimer, clearTimer };
  const changes = createChangeLog(log, worker?.number);
  const maxBytes = options.bufferedBytes(settings, worker !== undefined);
  const observers = [logRequest(log, QUIET_ROUTES)];
  const inFlight = openRequests({ maxBytes, timers, observers, newId });
  const { requests, memory, deadlines } = inFlight;
  const connections = openConnections({ deadlines, now, fetch, probe });
  const listener = createListener(options.listenerOptions(settings), { sharesPort: worker !== undefined, log });
  const served = { listener, requests, worker, configFile, version, current: routes };
  const server = createServer({ ...served, timers: dependencies.timers });
  const toolServers = openToolServers({ version, timers, memory, onToolFaults: changes.toolsFaulty });
  const replays = createReplayCache({ maxBytes: options.replayBytes(settings), now });
  const known = { changes, version, readFile, dialects, replays, timers, clock };
  return { ...known, ...inFlight, listener, server, connections, toolServers } satisfies SharedParts;
}
