import type { FileContents } from "../../core/read-files.ts";
import type { ConfigSource } from "../../config/config-source.ts";
import type { FromHub, ToHub } from "../../routing/sharing/channel.ts";
import type { FromMetricsWorker, ToMetricsWorker } from "../../telemetry/metrics/metrics-hub.ts";
import type { WorkerCount } from "../../server/handlers/health.ts";
import type { Serving } from "../service.ts";
import { ownCommand, RUNTIME_ENVIRONMENT } from "../own-command.ts";

/** What the supervising process says to a worker. */
export type ToWorker =
  /** With what the settings are read from, so that every worker has those of the supervisor, whenever it starts. */
  | (ConfigSource & {
      readonly kind: "start";
      /** What the other workers have read them from since, if they have: it changes what needs no restart. */
      readonly reloaded?: ConfigSource;
      /** What the other workers have found wrong since with what the configuration file holds. */
      readonly fileProblem?: string;
      readonly demo: boolean;
      /** What the files that settings name hold for the other workers; absent if no worker has read them. */
      readonly files?: FileContents;
    })
  /** The address may be listened on now. */
  | { readonly kind: "listen" }
  /** The settings, and the files that they name, are to be read again. */
  | (ConfigSource & { readonly kind: "reload" })
  | { readonly kind: "drain" }
  /** What concerns the routing of all workers. */
  | { readonly kind: "sharing"; readonly messages: readonly FromHub[] }
  /** What it has counted is asked for. */
  | ToMetricsWorker
  | ({ readonly kind: "count" } & WorkerCount);

/** What a worker says to the supervising process. */
export type FromWorker =
  /** It receives messages. */
  | { readonly kind: "ready" }
  /** It could listen, with what it has read of the files that settings name. */
  | { readonly kind: "built"; readonly files: FileContents }
  /** It runs with these settings now, and with what it has read of the files that they name. */
  | { readonly kind: "reloaded"; readonly source: ConfigSource; readonly files: FileContents }
  /** It was asked to, but they are not good; `problem` is what is wrong with the configuration file, if there is one. */
  | { readonly kind: "not-reloaded"; readonly source: ConfigSource; readonly problem?: string }
  | { readonly kind: "listening"; readonly serving: Serving }
  /** What concerns the routing of all workers. */
  | { readonly kind: "sharing"; readonly messages: readonly ToHub[] }
  /** What it has counted, because it was asked, or ends. */
  | FromMetricsWorker
  /** It cannot serve, and waits to be ended; `exitCode` is what a gateway without workers would end with. */
  | { readonly kind: "failed"; readonly problem: string; readonly exitCode: number }
  /** It accepts nothing any more. */
  | { readonly kind: "draining" };

/** A running worker, as its supervisor holds it. */
export interface WorkerHandle {
  readonly pid: number;
  /** Sends it a message, which is lost if the worker has ended; the supervisor is notified of that anyway. */
  send(message: ToWorker): void;
  /** Ends it at once. */
  kill(): void;
}

/** Called with what becomes of a worker; never before the handle was returned. */
export interface WorkerEvents {
  said(message: FromWorker): void;
  /** Its exit code, or the name of the signal that ended it. */
  ended(reason: number | string): void;
}

/** Starts a worker process: this program again, with its worker number on the command line. */
export function spawnWorker(number: number, events: WorkerEvents): WorkerHandle {
  return spawnWithChannel([...ownCommand(), `${WORKER_OPTION}${number}`], events);
}

/** Starts a process that messages can be exchanged with, as with a worker. */
export function spawnWithChannel(command: readonly string[], events: WorkerEvents): WorkerHandle {
  let isOpen = true;
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...RUNTIME_ENVIRONMENT, ...process.env },
    ipc: (message: FromWorker) => events.said(message),
    // Comes before the exit of a process that was killed is known; sending from then on throws.
    onDisconnect() {
      isOpen = false;
    },
    onExit: ({ signalCode }, code) => events.ended(code ?? signalCode ?? "an unknown reason"),
  });
  return {
    pid: child.pid,
    send(message) {
      if (!isOpen || child.exitCode !== null || child.signalCode !== null) return;
      try {
        child.send(message);
      } catch {
        // It has just ended, and neither its channel nor its exit is told yet: nobody would hear this.
        isOpen = false;
      }
    },
    kill: () => child.kill("SIGKILL"),
  };
}

/** Prefix of the argument that says that a process is a worker, and which. */
const WORKER_OPTION = "--worker=";

/**
 * Which worker this process is.
 * @returns undefined if it is none: only a supervisor can start one, because it needs an IPC channel.
 */
export function workerNumber(args: readonly string[]): number | undefined {
  const [option = ""] = args;
  return option.startsWith(WORKER_OPTION) && process.send ? Number(option.slice(WORKER_OPTION.length)) : undefined;
}
