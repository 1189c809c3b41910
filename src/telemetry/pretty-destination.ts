import pretty from "pino-pretty";
import type { LogDestination } from "./create-log.ts";

/**
 * Lines for people, on standard output. A module of its own, because most gateways have no use for it.
 * As a stream and not as a transport: transports are worker threads loaded from files that a binary does not have.
 */
export function prettyDestination(): LogDestination {
  const stream = pretty({ colorize: process.stdout.isTTY === true, ignore: "environment", sync: true });
  return { stream, isJson: false };
}
