import type { Settings } from "../config/settings-table.ts";
import type { EndSignal } from "./exit.ts";
import { nextStep } from "./next-step.ts";
import type { Serving } from "./service.ts";
import type { Log } from "../telemetry/log.ts";

const LOOPBACK = /^(127\.|localhost$|::1$)/;

export interface Announcement extends Serving {
  readonly version: string;
  /** How many processes serve, if there are several. */
  readonly workers?: number;
}

/** Logs that the gateway serves, and warnings if it has nobody to ask, or serves strangers. */
export function announce(log: Log, settings: Settings, announcement: Announcement): void {
  log.info(announcement, "listening");
  log.info(`try it: ${nextStep(settings, announcement)}`);
  if (announcement.providers.length === 0) {
    log.warn("no provider is configured: set a key such as OPENAI_API_KEY, or start with --demo");
  }
  if (!settings.AUTH_ENABLED && !settings.SERVER_UNIX_SOCKET && !LOOPBACK.test(settings.SERVER_HOST)) {
    log.warn("everyone who reaches this address can use the providers' keys: set AUTH_ENABLED=true");
    if (settings.SERVER_ALLOWED_HOSTS.length === 0) {
      log.warn(
        "requests under other names than this machine's own are refused: list in SERVER_ALLOWED_HOSTS those that clients use, such as the name of the service",
      );
    }
  }
}

/** Logs that requests are still taken for a while, if the settings ask for that. */
export function announceDrainDelay(log: Log, { SERVER_DRAIN_DELAY: delayMs }: Settings, signal: EndSignal): void {
  if (delayMs > 0) log.info({ signal, delay_ms: delayMs }, "not ready any more; requests are still taken");
}
