import type { DestinationStream } from "pino";
import pretty from "pino-pretty";

/**
 * Lines for people, on standard output. A module of its own, because most gateways have no use for it.
 * As a stream and not as a transport: transports are worker threads loaded from files that a binary does not have.
 */
export function prettyDestination(): DestinationStream {
  return pretty({ colorize: process.stdout.isTTY === true, ignore: "environment", sync: true });
}
