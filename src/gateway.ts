import type { Config } from "./config/load-config.ts";
import * as options from "./config/module-options.ts";
import { completeBuiltIns } from "./core/complete-built-ins.ts";
import { type ConfigChanges, nextConfig, settingsOfFiles } from "./config/next-config.ts";
import { type GatewayDependencies, openShared, type SharedParts } from "./shared-parts.ts";
import type { StoreCopy } from "./telemetry/metrics/metric-store.ts";
import { buildSnapshot, type Snapshot } from "./snapshot.ts";

export interface Gateway {
  /** Starts to serve. Throws if the address cannot be listened on, and then nothing is left of the gateway. */
  listen(): Promise<{ readonly url: string; readonly metrics?: string }>;
  /**
   * Serves another configuration, and reads again the files that it names. Requests in flight finish on what they began
   * with, new ones see the new state at once. What only a restart changes stays as it is, and is named.
   * Rejects, and changes nothing, with `SettingError` if a setting cannot be used, or with another error if the
   * address cannot be listened on with the new certificate, or if the gateway has begun to end.
   */
  apply(config: Config): Promise<ConfigChanges>;
  /** What was counted, for the process that serves the metrics of all; undefined if nothing is counted. */
  copyMetrics(): StoreCopy | undefined;
  /** Bytes that requests in flight hold now, out of what `SERVER_MAX_BUFFERED_BYTES` allows. */
  bufferedBytes(): number;
  /** How long the settings let it take to end, in milliseconds. */
  shutdownMs(): number;
  /**
   * Stops accepting, lets requests in flight finish for as long as the settings allow, and ends the rest with an error.
   * @param onClosed called when nothing is accepted any more
   * @returns how many had to be ended.
   */
  drain(onClosed: () => void): Promise<number>;
}

/** What is left to be sent to a collector gets what is left of the time to shut down, but at least and at most so long. */
const MIN_EXPORT_MS = 1000;
const MAX_EXPORT_MS = 5000;

/**
 * Builds every part of the gateway and wires them; starts nothing. If it fails, nothing is left of it.
 * @throws SettingError if a setting names something that cannot be used.
 */
export async function createGateway(config: Config, dependencies: GatewayDependencies): Promise<Gateway> {
  completeBuiltIns();
  await using opening = new AsyncDisposableStack();
  let exportMs = (): number => 0;
  const use = { observed: () => current.observed, opening, exportMs: () => exportMs() };
  const shared = await openShared(config, dependencies, use);
  const { connections, server, listener, memory, timers } = shared;
  let current: Snapshot = await buildSnapshot(config, shared);
  const inUse = new Set([current]);
  let isListening = false;
  let isEnding = false;
  /** The last change that was asked for: each waits for the one before it. */
  let applying: Promise<unknown> = Promise.resolve();

  const retainDeployments = (): void => shared.deployments.retain([...inUse].map(({ named }) => named));
  retainDeployments();

  const retire = async (snapshot: Snapshot): Promise<void> => {
    await snapshot.whenOver();
    inUse.delete(snapshot);
    connections.retain(new Set([...inUse].flatMap(({ endpoints }) => [...endpoints])));
    retainDeployments();
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
    server.use(next.routes);
    inUse.add(next);
    retainDeployments();
    if (isListening) next.start();
    void retire(old);
    return { changed: [...new Set([...changed, ...settingsOfFiles(applied.settings, files)])], needRestart };
  };

  const owned = opening.move();
  return {
    async listen() {
      const listening = await listen(shared, current).catch(async (error: unknown) => {
        await current.dispose();
        await owned.disposeAsync();
        throw error;
      });
      isListening = true;
      current.start();
      shared.sharing.start();
      return listening;
    },
    apply(wanted) {
      const applied = applying.then(() => apply(wanted));
      applying = applied.catch(() => {});
      return applied;
    },
    copyMetrics: () => shared.metrics?.copy(),
    bufferedBytes: memory.used,
    shutdownMs: () => options.drainOptions(current.config.settings).wholeMs,
    async drain(onClosed) {
      isEnding = true;
      const how = options.drainOptions(current.config.settings);
      const until = timers.now() + how.wholeMs;
      const cut = await server.drain(how, onClosed);
      await applying;
      await Promise.all([...inUse].map((snapshot) => snapshot.dispose()));
      exportMs = (): number => Math.min(Math.max(until - timers.now(), MIN_EXPORT_MS), MAX_EXPORT_MS);
      await owned.disposeAsync().catch(shared.onFault);
      return cut;
    },
  };
}

async function listen({ metrics, server }: Pick<SharedParts, "metrics" | "server">, { routes, tls }: Snapshot) {
  // First, because who is refused here is not to have served anybody.
  const ofMetrics = metrics?.listen();
  const listening = await server.listen(routes, tls);
  return { ...listening, ...(ofMetrics !== undefined && { metrics: ofMetrics }) };
}
