import type { Settings } from "../config/settings-table.ts";

/** Says in one line why the address of the settings could not be listened on. */
export function listeningProblem(error: unknown, settings: Settings): string {
  const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const address = settings.SERVER_UNIX_SOCKET ?? `${settings.SERVER_HOST}:${settings.SERVER_PORT}`;
  return `cannot listen on ${address}: ${inUse ? "it is in use" : String(error)}`;
}
