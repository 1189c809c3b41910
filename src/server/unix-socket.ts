import { errorCodeOf } from "../core/error-code.ts";
import { lstatSync, unlinkSync } from "node:fs";
import type { Log } from "../telemetry/log.ts";
import type { Servers } from "./servers.ts";
import type { TlsMaterial } from "./tls.ts";

/**
 * Removes the unix socket that a process left behind when it was killed, so that its successor can listen there.
 * A file that is not a socket, and a socket on which somebody answers, are left alone: listening then fails, as wanted.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (!file?.isSocket()) return;
  if (await answers(path)) return;
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    Bun.connect({
      unix: path,
      socket: {
        open(socket) {
          resolve(true);
          socket.end();
        },
        data() {},
        connectError: () => resolve(false),
      },
    }).catch(() => resolve(false));
  });
}

/** How long after a failure listening on a unix socket is tried again. */
const RETRY_MS = 1000;

/** Replaces the server at a unix socket, on which two cannot listen at once. */
export interface UnixReplacement {
  /** Serves with another certificate. Throws if it cannot listen with it; the message says what is served instead. */
  replace(tls: TlsMaterial): void;
  /** Gives up trying to listen again. */
  stop(): void;
}

/** @param first what is served now */
export function createUnixReplacement(
  servers: Servers,
  first: TlsMaterial | undefined,
  log: Pick<Log, "info">,
): UnixReplacement {
  let current = first;
  let retry: Timer | undefined;

  const tryAgain = (): void => {
    try {
      servers.start(0, current);
      retry = undefined;
      log.info("listening again");
    } catch {
      retry = setTimeout(tryAgain, RETRY_MS);
    }
  };

  return {
    replace(tls) {
      if (retry) {
        current = tls;
        throw new Error("nothing listens yet; the new certificate is served as soon as the address can be had again");
      }
      // The path is free as soon as the old one stops accepting, which it does before the last of its requests is answered.
      servers.stopAccepting(servers.last);
      try {
        servers.start(0, tls);
        current = tls;
      } catch (error) {
        const reason = `cannot listen with the new certificate (${reasonOf(error)})`;
        try {
          servers.start(0, current);
        } catch {
          retry = setTimeout(tryAgain, RETRY_MS);
          throw new Error(`${reason}, nor with that of before: until that can be had again, nothing listens`);
        }
        throw new Error(`${reason}; that of before is served on`);
      }
    },
    stop: () => clearTimeout(retry),
  };
}

/** Why the runtime could not listen, as its error code if there is one. */
export function reasonOf(error: unknown): string {
  return errorCodeOf(error) ?? (error instanceof Error ? error.message : String(error));
}
