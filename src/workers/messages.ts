import type { FileContents } from "../config/read-files.ts";
import type { Environment } from "../config/environment.ts";
import type { WorkerCount } from "../gateway.ts";
import type { Serving } from "../process/open-service.ts";

/** What the supervising process says to a worker. */
export type ToWorker =
  | {
      readonly kind: "start";
      /** What the settings are read from, so that every worker has those of the supervisor, whenever it starts. */
      readonly environment: Environment;
      readonly demo: boolean;
      /** What the files that settings name hold for the other workers; absent where there is none that has read them. */
      readonly files?: FileContents;
    }
  /** The address may be listened on now. */
  | { readonly kind: "listen" }
  | { readonly kind: "reload" }
  | { readonly kind: "drain" }
  | ({ readonly kind: "count" } & WorkerCount);

/** What a worker says to the supervising process. */
export type FromWorker =
  /** It hears what is said to it. */
  | { readonly kind: "ready" }
  /** It could listen, with what it has read of the files that settings name. */
  | { readonly kind: "built"; readonly files: FileContents }
  /** It has read them again, and they are good. */
  | { readonly kind: "reloaded"; readonly files: FileContents }
  | { readonly kind: "listening"; readonly serving: Serving }
  /** It cannot serve, and waits to be ended; `exitCode` is what a gateway without workers would end with. */
  | { readonly kind: "failed"; readonly problem: string; readonly exitCode: number }
  /** It accepts nothing any more. */
  | { readonly kind: "draining" };
