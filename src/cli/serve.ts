import type { LoadedConfig } from "../config/load-config.ts";
import { announce, announceDrainDelay } from "./announce.ts";
import { endProcess } from "./exit.ts";
import { onEndSignal } from "./signals.ts";
import { openService, type Service, type ServiceParts, StartFailure } from "./service.ts";

/** Builds the service, and ends the process with the reason if that cannot be done. */
export async function openServiceOrFail(parts: ServiceParts): Promise<Service> {
  try {
    return await openService(parts);
  } catch (error) {
    if (error instanceof StartFailure) return endProcess(parts.log, error.exitCode, error.message);
    throw error;
  }
}

export interface ServeParts extends ServiceParts {
  /** Reads the configuration anew, from where the one that is given comes from. */
  readonly readConfig: () => LoadedConfig;
}

/** Serves with this process, from its start to its end. */
export async function serve(parts: ServeParts): Promise<void> {
  const { log, version, config } = parts;
  const service = await openServiceOrFail(parts);
  // Before anyone can learn that the gateway listens: a signal right after that must find a handler.
  onEndSignal({
    begin(signal) {
      announceDrainDelay(log, config.settings, signal);
      const drained = service.drain(() => log.info({ signal }, "draining"));
      void drained.then((code) => endProcess(log, code));
    },
    atOnce: (code) => void endProcess(log, code),
  });
  process.on("SIGHUP", () => void service.reload(parts.readConfig()));
  try {
    announce(log, config.settings, { ...(await service.listen()), version });
  } catch (error) {
    if (error instanceof StartFailure) return endProcess(parts.log, error.exitCode, error.message);
    throw error;
  }
}
