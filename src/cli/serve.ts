import type { ConfigSource, ReadSource } from "../config/config-source.ts";
import { BACKGROUND_TIMERS } from "../core/deadlines.ts";
import { announce, announceDrainDelay } from "./announce.ts";
import { endProcess, surviveFaults } from "./exit.ts";
import { reloadOnChange } from "./reload-on-change.ts";
import { onEndSignal, type OnReloadSignal } from "./signals.ts";
import { openSoleService, type Service, type ServiceParts, StartFailure } from "./service.ts";

/** Builds the service, and ends the process with the reason if that cannot be done. */
export async function openServiceOrFail(parts: ServiceParts): Promise<Service> {
  try {
    return await openSoleService(parts);
  } catch (error) {
    if (error instanceof StartFailure) return endProcess(parts.log, error.exitCode, { problem: error.message });
    throw error;
  }
}

export interface ServeParts extends ServiceParts {
  /** Where the configuration comes from. */
  readonly source: ConfigSource;
  /** Reads it anew. */
  readonly readSource: () => Promise<ReadSource>;
  readonly onReloadSignal: OnReloadSignal;
}

/** Serves with this process, from its start to its end. */
export async function serve(parts: ServeParts): Promise<void> {
  const { log, version, config, source } = parts;
  const service = await openServiceOrFail({ ...parts, file: source.file });
  // Before anyone can learn that the gateway listens: a signal right after that must find a handler.
  onEndSignal({
    begin(signal) {
      announceDrainDelay(log, config.settings, signal);
      const until = performance.now() + service.shutdownMs();
      const drained = service.drain(() => log.info({ signal }, "draining"));
      void drained.then((code) => endProcess(log, code, { logMs: until - performance.now() }));
    },
    atOnce: (code) => void endProcess(log, code),
  });
  const watch = { timers: BACKGROUND_TIMERS };
  reloadOnChange(parts.onReloadSignal, {
    source,
    read: parts.readSource,
    apply: (loaded, from) => service.reload(loaded, from?.file),
    watch,
  });
  try {
    announce(log, config.settings, { ...(await service.listen()), version });
    surviveFaults(log);
  } catch (error) {
    if (error instanceof StartFailure) return endProcess(parts.log, error.exitCode, { problem: error.message });
    throw error;
  }
}
