import { isIPv4 } from "../config/addresses.ts";
import type { Settings } from "../config/settings-table.ts";
import { FOREGROUND_TIMERS, type TimerSource } from "../core/deadlines.ts";
import { errorCodeOf } from "../core/error-code.ts";
import { ListenError } from "../core/listen-error.ts";
import { urlHost } from "../core/url-host.ts";

/** What the system's codes mean here. */
const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is in use",
  EADDRNOTAVAIL: "no interface of this machine has that address",
  EACCES: "the system does not let this user; ports below 1024 may need a right of their own",
  EINVAL: "the system does not take it",
};

/** The same where a unix socket is to be. */
const SOCKET_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there, or there is something that is no socket",
  EACCES: "the system does not let this user make a file there",
  ENOENT: "its folder is not there",
  ENOTDIR: "what is before the last / is no folder",
  ENAMETOOLONG: "its path is too long for a socket: some 100 characters are what systems take",
  EROFS: "its file system is read-only",
};

/** How the address of a name is found, and for how long that is waited for. */
export interface NameLookup {
  /** Rejects, or finds none, if there is none. */
  readonly find: (name: string) => Promise<readonly unknown[]>;
  readonly timers: Pick<TimerSource, "setTimer" | "clearTimer">;
}

const SYSTEM_LOOKUP: NameLookup = {
  find: (name) => Bun.dns.lookup(name),
  // The process has something to say before it ends.
  timers: FOREGROUND_TIMERS,
};

const MAX_LOOKUP_SECONDS = 5;

/** Says in one line why the address of the settings could not be listened on. */
export async function listeningProblem(
  error: unknown,
  settings: Settings,
  lookup: NameLookup = SYSTEM_LOOKUP,
): Promise<string> {
  if (error instanceof ListenError) {
    const reason = (await nameProblem(error.hostname, lookup)) ?? reasonOf(error.cause, REASONS);
    return `cannot listen on ${error.address} (${error.settings}): ${reason}`;
  }
  const { SERVER_UNIX_SOCKET: socket, SERVER_HOST: host, SERVER_PORT: port } = settings;
  if (socket !== undefined)
    return `cannot listen on ${socket} (SERVER_UNIX_SOCKET): ${reasonOf(error, SOCKET_REASONS)}`;
  const reason = (await nameProblem(host, lookup)) ?? reasonOf(error, REASONS);
  return `cannot listen on ${urlHost(host)}:${port} (SERVER_HOST, SERVER_PORT): ${reason}`;
}

const reasonOf = (error: unknown, reasons: Readonly<Record<string, string>>): string =>
  reasons[errorCodeOf(error) ?? ""] ?? String(error);

/**
 * What is wrong with the name of a host, if that is why it cannot be listened on. The runtime does not say: its code for a
 * name that has no address is that of whatever failed last.
 */
async function nameProblem(host: string, { find, timers }: NameLookup): Promise<string | undefined> {
  // Only addresses of IPv6 have a colon.
  if (isIPv4(host) || host.includes(":")) return undefined;
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = timers.setTimer(() => resolve("late"), MAX_LOOKUP_SECONDS * 1000);
  const found = await Promise.race([find(host).catch((): readonly unknown[] => []), late]);
  timers.clearTimer(timer);
  if (found === "late") return `no address was found for that name in ${MAX_LOOKUP_SECONDS} seconds`;
  return found.length === 0 ? "no address is known by that name" : undefined;
}
