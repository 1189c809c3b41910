import { prettyFactory } from "pino-pretty";
import { isTerminal } from "./standard-output.ts";

/**
 * Makes a line for people of a JSON line. A module of its own, because most gateways have no use for it.
 * As a function and not as a transport: transports are worker threads loaded from files that a binary does not have.
 */
export function prettyLine(): (line: string) => string {
  return prettyFactory({ colorize: isTerminal(), ignore: "environment" });
}
